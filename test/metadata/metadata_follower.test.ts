import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MetadataFollower } from '../../src/metadata/metadata_follower.ts';
import type { MetadataLog } from '../../src/metadata/metadata_log.ts';
import { metadataWatermarkBytes, MetadataWatermark } from '../../src/metadata/watermark.ts';
import { LogMachine } from '../log/log_machine.ts';
import { simKernels } from '../simulation/sim_kernels.ts';
import { imageWithColumns, NotedChanges } from './metadata_fixture.ts';
import { appendTopics, open, segment, segments } from './metadata_log_fixture.ts';

const config = { segmentBytes: 700, segmentMs: 1_000_000_000, fileDeleteDelayMs: 0 };

function following(machine: LogMachine, log: MetadataLog) {
  const watermark = new MetadataWatermark(new SharedArrayBuffer(metadataWatermarkBytes(1)));
  const { image } = imageWithColumns();
  const follower = new MetadataFollower(machine.disk, simKernels, log.start, watermark, 1, image);
  return { watermark, follower, image };
}

test('a thread that follows applies what is committed, over segments, and no more (I10)', () => {
  const machine = new LogMachine(3);
  const { log } = open(machine, { config });
  const { watermark, follower, image } = following(machine, log);
  watermark.advance(log.nextOffset);
  assert.equal(follower.isBehind, true);
  assert.equal(follower.catchUp(new NotedChanges()), null);
  assert.equal(follower.isBehind, false);
  for (let number = 0; number < 30; number++) {
    appendTopics(log, number, number + 1);
    assert.equal(follower.isBehind, false);
    assert.equal(follower.catchUp(new NotedChanges()), null);
    assert.equal(image.topicCount, number - (number % 3), 'what is not committed is not applied');
    if (number % 3 < 2) continue;
    watermark.advance(log.nextOffset);
    assert.equal(follower.isBehind, true);
    assert.equal(follower.catchUp(new NotedChanges()), null);
    assert.equal(image.topicCount, number + 1);
    assert.equal(watermark.appliedByAll(), log.nextOffset);
  }
  assert.ok(segments(machine).length > 5);
});

test('a thread that follows stops at damage instead of guessing', () => {
  const machine = new LogMachine(3);
  const { log } = open(machine);
  appendTopics(log, 0, 4);
  const bytes = machine.contents(segment(0));
  const tryCatchUp = (contents: Uint8Array, offset: number): string | null => {
    machine.put(segment(0), contents);
    const { watermark, follower } = following(machine, log);
    watermark.advance(offset);
    return follower.catchUp(new NotedChanges());
  };
  assert.equal(tryCatchUp(bytes, log.nextOffset), null);
  assert.match(tryCatchUp(bytes, log.nextOffset + 1)!, /ends before the committed offset/);
  assert.match(tryCatchUp(bytes, log.nextOffset - 1)!, /no batch ends at the committed offset/);
  assert.match(tryCatchUp(bytes.slice(0, -3), log.nextOffset)!, /torn at byte/);
  const damaged = bytes.slice();
  damaged[bytes.length - 3]! ^= 1;
  assert.match(tryCatchUp(damaged, log.nextOffset)!, /corrupt at byte/);
});

test('a thread that follows knows when the log names its voters', () => {
  const machine = new LogMachine(3);
  const { log } = open(machine, { kraftVersion: 0 });
  const { watermark, follower } = following(machine, log);
  const levels: number[] = [];
  for (const change of [() => {}, () => log.nameVoters(1_000), () => appendTopics(log, 0, 1)]) {
    change();
    watermark.advance(log.nextOffset);
    assert.equal(follower.catchUp(new NotedChanges()), null);
    levels.push(follower.kraftVersion);
  }
  assert.deepEqual(levels, [0, 1, 1]);
});

test('the watermark holds offsets above 2^32, and tells that it moved', () => {
  const memory = new SharedArrayBuffer(metadataWatermarkBytes(2));
  const [writer, reader] = [new MetadataWatermark(memory), new MetadataWatermark(memory)];
  let version = reader.version;
  for (const offset of [0, 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 40 + 12345]) {
    writer.advance(offset);
    assert.equal(reader.committed(), offset);
    assert.notEqual(reader.version, version);
    version = reader.version;
    writer.applied(1, offset + 1);
    writer.applied(2, offset);
    assert.equal(reader.appliedByAll(), offset);
  }
  // As it is while control is storing.
  const words = new Int32Array(memory);
  words[0]! += 1;
  assert.equal(reader.committed(), -1);
  assert.equal(reader.version, version);
});
