import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AppendQueue, type AppendSink } from '../../src/partition/append_queue.ts';

interface Waiting {
  readonly ref: number;
  readonly base: number;
  readonly next: number;
}

test('what ends at or below an offset is answered in order, what begins at or above one is refused, once each', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('push' as const), by: fc.integer({ min: 1, max: 5 }) }),
    fc.record({ kind: fc.constant('push' as const), by: fc.integer({ min: 1, max: 5 }) }),
    fc.record({ kind: fc.constant('complete' as const), by: fc.integer({ min: 0, max: 12 }) }),
    fc.record({ kind: fc.constant('fail' as const), by: fc.integer({ min: 0, max: 12 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const queue = new AppendQueue();
      const answers: string[] = [];
      const sink: AppendSink = {
        appended: (ref, at, errorCode, baseOffset, logAppendTimeMs, logStartOffset) => {
          answers.push([ref, at, errorCode, baseOffset, logAppendTimeMs, logStartOffset].join(' '));
        },
      };
      let model: Waiting[] = [];
      let next = 2 ** 33;
      let settled = next;
      for (const [ref, { kind, by }] of steps.entries()) {
        const expected: string[] = [];
        answers.length = 0;
        if (kind === 'push') {
          queue.push(sink, ref, ref * 2, next, next + by, ref * 1e12);
          model.push({ ref, base: next, next: next + by });
          next += by;
        } else if (kind === 'complete') {
          settled = Math.min(next, settled + by);
          const done = model.filter((one) => one.next <= settled);
          for (const { ref: of, base } of done) expected.push([of, of * 2, 0, base, of * 1e12, 7].join(' '));
          model = model.filter((one) => one.next > settled);
          queue.completeTo(settled, 7);
        } else {
          const from = Math.max(settled, next - by);
          const failed = model.filter((one) => one.base >= from);
          for (const { ref: of } of failed) expected.push([of, of * 2, 56, -1, -1, -1].join(' '));
          model = model.filter((one) => one.base < from);
          next = model.at(-1)?.next ?? Math.max(settled, Math.min(next, from));
          queue.failFrom(from, 56);
        }
        assert.deepEqual(answers, expected);
        assert.equal(queue.size, model.length);
      }
    }),
  );
});

test('a sink that appends again when it is refused is not refused a second time', () => {
  const queue = new AppendQueue();
  const refused: number[] = [];
  const sink: AppendSink = {
    appended: (ref) => {
      refused.push(ref);
      if (ref < 10) queue.push(sink, ref + 10, 0, ref, ref + 1, -1);
    },
  };
  for (let ref = 0; ref < 3; ref++) queue.push(sink, ref, 0, ref, ref + 1, -1);
  queue.failFrom(0, 56);
  assert.deepEqual(refused, [0, 1, 2]);
  assert.equal(queue.size, 3);
});
