import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import {
  IndexTailReader,
  indexTailStride,
  IndexTailWriter,
  offsetEntriesMax,
  timeEntriesMax,
} from '../../src/shared-memory/index_tail.ts';

function makeTail() {
  const memory = new SharedArrayBuffer(2 * indexTailStride);
  // Counts that run freely are about to pass 2^32.
  const head = 32;
  new Int32Array(memory).fill(-100, head + 1, head + 3);
  const writer = new IndexTailWriter(memory, 1);
  writer.begin(0, 0, 0);
  return { memory, writer, reader: new IndexTailReader(memory) };
}

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ action: fc.constant('add' as const), count: fc.integer({ min: 1, max: 40 }) }) },
  { weight: 2, arbitrary: fc.record({ action: fc.constant('file' as const), count: fc.nat(600) }) },
  { weight: 1, arbitrary: fc.record({ action: fc.constant('truncate' as const), count: fc.nat(100) }) },
  { weight: 1, arbitrary: fc.record({ action: fc.constant('begin' as const), count: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ action: fc.constant('reopen' as const), count: fc.constant(0) }) },
);

suite('index tail', () => {
  test('lookups find what a list of entries has', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.array(fc.nat(20_000)), (steps, targets) => {
        const made = makeTail();
        const { reader } = made;
        let { writer } = made;
        let offsets: [number, number][] = [];
        let times: [number, number][] = [];
        let filed = [0, 0];
        let base = 0;
        let next = 0;
        for (const { action, count } of steps) {
          if (action === 'add') {
            for (let added = 0; added < count; added++, next += 3) {
              if (writer.addOffset(next, next * 10)) offsets.push([next, next * 10]);
              else assert.equal(offsets.length, offsetEntriesMax);
              if (added % 2 === 1) continue;
              if (writer.addTime(next * 2 + 2 ** 40, next)) times.push([next * 2 + 2 ** 40, next]);
              else assert.equal(times.length, timeEntriesMax);
            }
          } else if (action === 'file') {
            const counts = [Math.min(count, offsets.length), Math.min(count, times.length)] as const;
            for (let index = 0; index < counts[0]; index++) {
              assert.deepEqual([writer.relativeOffsetAt(index), writer.positionAt(index)], offsets[index]);
            }
            for (let index = 0; index < counts[1]; index++) {
              assert.deepEqual([writer.timestampAt(index), writer.timeRelativeOffsetAt(index)], times[index]);
            }
            writer.filed(...counts);
            offsets.splice(0, counts[0]);
            times.splice(0, counts[1]);
            filed = [filed[0]! + counts[0], filed[1]! + counts[1]];
          } else if (action === 'truncate') {
            next = Math.max(0, next - count);
            offsets = offsets.filter(([relativeOffset]) => relativeOffset < next);
            times = times.filter(([, relativeOffset]) => relativeOffset < next);
            writer.truncate(next, filed[0]!, filed[1]!);
          } else if (action === 'begin') {
            base = 2 ** 40 + count;
            filed = [count, count + 1];
            [offsets, times, next] = [[], [], 0];
            writer.begin(base, count, count + 1);
          } else {
            writer = new IndexTailWriter(made.memory, 1);
          }
          assert.deepEqual([writer.offsetEntries, writer.timeEntries], [offsets.length, times.length]);
          for (const target of [...targets, next, next - 1]) {
            const offset = offsets.findLast(([relativeOffset]) => relativeOffset <= target);
            assert.equal(reader.floorOffset(1, target), offset !== undefined);
            if (offset !== undefined) assert.deepEqual([reader.relativeOffset, reader.position], offset);
            const time = times.findLast(([timestamp]) => timestamp <= target + 2 ** 40);
            assert.equal(reader.floorTime(1, target + 2 ** 40), time !== undefined);
            if (time !== undefined) assert.deepEqual([reader.timestamp, reader.relativeOffset], time);
          }
          reader.floorOffset(1, 0);
          assert.deepEqual([reader.baseOffset, reader.offsetEntriesFiled, reader.timeEntriesFiled], [base, ...filed]);
        }
        assert.equal(reader.floorOffset(0, 1e9), false, 'the neighbour’s tail is its own');
      }),
      { numRuns: 100 },
    );
  });
});
