import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ErrorCode } from '../../src/protocol/errors.ts';
import { makeBatch } from '../log/batches.ts';
import { readAll } from '../log/log_machine.ts';
import { simKernels } from '../simulation/sim_kernels.ts';
import { LeaderMachine, WALL_MS } from './leader_machine.ts';

const { NONE } = ErrorCode;

test('offsets count up through a commit, and the batches lie in the log as patched', () => {
  const shard = new LeaderMachine(1);
  const two = shard.append(-1, { timestamps: [WALL_MS, WALL_MS + 1], fill: 1 });
  const one = shard.append(1, { fill: 2 });
  const none = shard.append(0, { fill: 3 });
  assert.deepEqual(shard.answers, [], 'nothing is answered before it is written');
  shard.leader.commit();
  assert.deepEqual(
    [two, one, none].map(({ ref }) => shard.answerOf(ref)!.baseOffset),
    [0, 2, 3],
  );
  assert.equal(shard.leader.highWatermark, 4);
  shard.machine.publish(shard.log);
  const bytes = readAll(shard.machine, shard.machine.reader(), 0);
  assert.deepEqual(bytes, new Uint8Array([...two.bytes, ...one.bytes, ...none.bytes]));
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  assert.equal(view.getInt32(12), 3, 'the leader epoch is in the batch');
});

test('what is published comes before what is answered', () => {
  const shard = new LeaderMachine(2);
  const { ref } = shard.append(-1);
  shard.leader.commit();
  assert.deepEqual(shard.events, ['published 0 0 0', 'published 0 1 1', `answered ${ref} 0 0`]);
});

const refusals: readonly [string, ErrorCode, (shard: LeaderMachine) => number][] = [
  ['a batch with a wrong checksum', ErrorCode.CORRUPT_MESSAGE, (shard) => appendSpoilt(shard, 70)],
  ['half a batch', ErrorCode.INVALID_RECORD, (shard) => shard.appendBytes(1, oneBatch().slice(0, 40)).ref],
  ['two batches', ErrorCode.INVALID_RECORD, (shard) => shard.appendBytes(1, doubled(oneBatch())).ref],
  [
    'one that is too large for the topic',
    ErrorCode.MESSAGE_TOO_LARGE,
    (shard) => shard.append(1, { valueBytes: 900 }).ref,
  ],
  ['one without keys for a compacted topic', ErrorCode.INVALID_RECORD, (shard) => shard.append(1).ref],
  ['acks=all with too few replicas', ErrorCode.NOT_ENOUGH_REPLICAS, (shard) => shard.append(-1).ref],
];

for (const [what, expected, append] of refusals) {
  test(`refused at once, and no offset is used up: ${what}`, () => {
    const shard = new LeaderMachine(3, {
      maxMessageBytes: 500,
      isCompacted: what.includes('compacted'),
      minInSyncReplicas: what.includes('replicas') ? 2 : 1,
    });
    shard.leader.replicaCount = 2;
    const ref = append(shard);
    assert.equal(shard.answerOf(ref)?.errorCode, expected);
    assert.equal(shard.answerOf(ref)?.baseOffset, -1);
    assert.equal(shard.leader.needsCommit, false);
    if (what.includes('compacted')) return;
    const next = shard.append(1);
    shard.leader.commit();
    assert.equal(shard.answerOf(next.ref)!.baseOffset, 0);
  });
}

test('row 81: a sync that finds no descriptor is put off; who waits for it is answered by the one that makes up for it', () => {
  const shard = new LeaderMachine(3, { acknowledgesDurable: true });
  const { faults } = shard.machine.storage;
  faults.arm({ operations: ['open', 'syncDirectory'], times: Infinity, effect: { kind: 'error', code: 'EMFILE' } });
  const { ref } = shard.append(-1);
  shard.leader.commit();
  shard.settle();
  shard.leader.syncAgain();
  shard.settle();
  assert.deepEqual([shard.answerOf(ref), shard.leader.highWatermark, shard.failures], [undefined, 0, 0]);
  assert.deepEqual(shard.events.filter((event) => event === 'put off').length, 2);
  faults.disarm();
  shard.leader.syncAgain();
  shard.settle();
  assert.deepEqual([shard.answerOf(ref)?.errorCode, shard.leader.highWatermark], [ErrorCode.NONE, 1]);
  const { length } = shard.events;
  shard.leader.syncAgain();
  shard.settle();
  assert.equal(shard.events.length, length, 'there is nothing to sync');
});

test('acks=all demands no more replicas than the partition has', () => {
  const shard = new LeaderMachine(3, { minInSyncReplicas: 3 });
  const { ref } = shard.append(-1);
  shard.leader.commit();
  assert.equal(shard.answerOf(ref)?.errorCode, ErrorCode.NONE);
});

test('a batch that no segment can hold is refused', () => {
  const shard = new LeaderMachine(4, {}, { segmentBytes: 400 });
  const { ref } = shard.append(1, { valueBytes: 500 });
  assert.equal(shard.answerOf(ref)?.errorCode, ErrorCode.RECORD_LIST_TOO_LARGE);
});

test('min.insync.replicas holds for acks=all alone', () => {
  const shard = new LeaderMachine(5, { minInSyncReplicas: 2 });
  const { ref } = shard.append(1);
  shard.leader.commit();
  assert.equal(shard.answerOf(ref)?.errorCode, NONE);
});

test('with log-append time the batch says when it was appended, and its checksum is right', () => {
  const shard = new LeaderMachine(6, { isLogAppendTime: true });
  const { ref, bytes } = shard.append(1, { timestamps: [5, 6, 7] });
  shard.leader.commit();
  assert.equal(shard.answerOf(ref)?.logAppendTimeMs, WALL_MS + 5);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  assert.equal(view.getInt16(21) & 8, 8);
  assert.equal(Number(view.getBigInt64(35)), WALL_MS + 5);
  assert.equal(view.getUint32(17), simKernels.crc32c(bytes, 21, bytes.length));
});

test('with create time the largest timestamp is what the records say, and no time is answered', () => {
  const shard = new LeaderMachine(7);
  const { ref, bytes } = shard.append(1, { timestamps: [WALL_MS, WALL_MS + 9, WALL_MS + 4] });
  shard.leader.commit();
  assert.equal(shard.answerOf(ref)?.logAppendTimeMs, -1);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  assert.equal(Number(view.getBigInt64(35)), WALL_MS + 9);
});

test('records from too far before or after now are refused, unless the leader sets the time', () => {
  const limits = { timestampBeforeMaxMs: 1000, timestampAfterMaxMs: 500 };
  const times: readonly [number, ErrorCode][] = [
    [5 - 1000, NONE],
    [5 - 1001, ErrorCode.INVALID_TIMESTAMP],
    [5 + 500, NONE],
    [5 + 501, ErrorCode.INVALID_TIMESTAMP],
  ];
  for (const [offsetMs, expected] of times) {
    const shard = new LeaderMachine(13, limits);
    const { ref } = shard.append(1, { timestamps: [WALL_MS, WALL_MS + offsetMs, WALL_MS + 1] });
    shard.leader.commit();
    assert.equal(shard.answerOf(ref)?.errorCode, expected, `${offsetMs}`);
    const own = new LeaderMachine(14, { ...limits, isLogAppendTime: true });
    const set = own.append(1, { timestamps: [WALL_MS + offsetMs] });
    own.leader.commit();
    assert.equal(own.answerOf(set.ref)?.errorCode, NONE);
  }
});

for (const mode of ['synchronous', 'asynchronous'] as const) {
  test(`a commit that fails gives its offsets back (${mode})`, () => {
    const shard = new LeaderMachine(8, {}, {}, mode);
    const kept = shard.append(-1);
    shard.leader.commit();
    shard.settle();
    const { storage } = shard.machine;
    storage.options = { ...storage.options, capacityBytes: storage.usedBytes + 30 };
    const lost = [shard.append(-1), shard.append(1), shard.append(0)];
    shard.leader.commit();
    // Staged while the failing write is in flight: it fails with it.
    if (mode === 'asynchronous') lost.push(shard.append(-1));
    shard.settle();
    for (const { ref } of lost) assert.equal(shard.answerOf(ref)?.errorCode, ErrorCode.KAFKA_STORAGE_ERROR);
    assert.equal(shard.leader.failure, null);
    storage.options = { ...storage.options, capacityBytes: Infinity };
    const next = shard.append(-1);
    shard.leader.commit();
    shard.settle();
    assert.deepEqual([shard.answerOf(kept.ref)!.baseOffset, shard.answerOf(next.ref)!.baseOffset], [0, 1]);
    assert.equal(shard.leader.highWatermark, 2);
    assert.equal(shard.leader.waiting, 0);
  });
}

test('acknowledged means synced: before, nothing is visible or answered, whatever the acks', () => {
  const shard = new LeaderMachine(9, { acknowledgesDurable: true });
  const appends = [shard.append(1), shard.append(-1), shard.append(0)];
  shard.leader.commit();
  assert.equal(shard.log.logEndOffset, 3);
  assert.equal(shard.leader.highWatermark, 0);
  assert.deepEqual(shard.answers, []);
  const more = shard.append(-1);
  shard.leader.commit();
  shard.settle();
  assert.deepEqual(
    [...appends, more].map(({ ref }) => shard.answerOf(ref)?.errorCode),
    [0, 0, 0, 0],
  );
  assert.equal(shard.leader.highWatermark, 4);
  assert.equal(shard.log.recoveryPoint, 4);
  const before = shard.commits;
  assert.ok(before >= 3, 'the host is told of syncs too: their answers wait to leave');
});

test('a sync that fails ends the leader: nobody who waits hears of success, nothing more is taken', () => {
  const shard = new LeaderMachine(10, { acknowledgesDurable: true });
  shard.machine.storage.faults.arm({ operations: ['sync'], path: '.log', effect: { kind: 'error', code: 'EIO' } });
  const appends = [shard.append(1), shard.append(-1)];
  shard.leader.commit();
  shard.settle();
  for (const { ref } of appends) assert.equal(shard.answerOf(ref)?.errorCode, ErrorCode.KAFKA_STORAGE_ERROR);
  assert.equal(shard.failures, 1);
  assert.equal(shard.leader.highWatermark, 0);
  assert.equal(shard.answerOf(shard.append(1).ref)?.errorCode, ErrorCode.KAFKA_STORAGE_ERROR);
});

test('memory of a write in flight is not given back when a sync fails meanwhile', () => {
  const shard = new LeaderMachine(11, {}, {}, 'asynchronous');
  const { machine, leader } = shard;
  shard.append(1);
  leader.commit();
  shard.settle();
  machine.storage.faults.arm({ operations: ['sync'], path: '.log', effect: { kind: 'error', code: 'EIO' } });
  machine.storage.faults.arm({ operations: ['write'], path: '.log', effect: { kind: 'stall', milliseconds: 2000 } });
  let hasFailed = false;
  const written = shard.append(1);
  leader.commit();
  const staged = shard.append(1);
  leader.flush((failure) => {
    hasFailed = failure !== null;
  });
  machine.world.runUntil(() => hasFailed, 60_000);
  assert.ok(hasFailed && shard.failures === 1);
  assert.ok(shard.log.isCommitting);
  assert.equal(shard.answerOf(written.ref), undefined, 'the disk still reads its bytes');
  shard.settle();
  leader.commit();
  assert.equal(shard.answerOf(written.ref)?.errorCode, ErrorCode.KAFKA_STORAGE_ERROR);
  assert.equal(shard.answerOf(staged.ref)?.errorCode, ErrorCode.KAFKA_STORAGE_ERROR);
  const failedAt = shard.events.findIndex((event) => event.startsWith('failed'));
  assert.ok(
    shard.events.slice(failedAt).every((event) => !event.startsWith('published')),
    'a leader that failed publishes nothing any more',
  );
  assert.equal(leader.waiting, 0);
});

test('a leader that steps down answers what is being synced first, and refuses what comes', () => {
  const shard = new LeaderMachine(12, { acknowledgesDurable: true });
  const { ref } = shard.append(-1);
  shard.leader.commit();
  let hasEnded = false;
  shard.leader.resign(ErrorCode.NOT_LEADER_OR_FOLLOWER, () => {
    hasEnded = true;
  });
  assert.deepEqual([hasEnded, shard.answerOf(ref)], [false, undefined]);
  assert.equal(shard.answerOf(shard.append(1).ref)?.errorCode, ErrorCode.NOT_LEADER_OR_FOLLOWER);
  shard.settle();
  assert.equal(hasEnded, true);
  assert.equal(shard.answerOf(ref)?.errorCode, ErrorCode.NONE);
});

test('a leader that steps down during a write waits for its end', () => {
  const shard = new LeaderMachine(13, {}, {}, 'asynchronous');
  const written = shard.append(1);
  shard.leader.commit();
  const staged = shard.append(-1);
  let hasEnded = false;
  shard.leader.resign(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, () => {
    hasEnded = true;
  });
  assert.equal(hasEnded, false);
  assert.equal(shard.answerOf(staged.ref), undefined, 'its bytes may still be read');
  for (let round = 0; round < 3 && !hasEnded; round++) {
    shard.settle();
    shard.leader.commit();
  }
  assert.equal(hasEnded, true);
  assert.equal(shard.answerOf(written.ref)?.errorCode, ErrorCode.NONE);
  assert.notEqual(shard.answerOf(staged.ref), undefined);
});

test('whatever fails, each append is answered once, success only for what is in the log', () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('append' as const), value: fc.constantFrom(-1, 0, 1) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('commit' as const), value: fc.nat(3) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('full' as const), value: fc.nat(200) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('free' as const), value: fc.nat(1) }) },
  );
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 60 }),
      fc.constantFrom('synchronous' as const, 'asynchronous' as const),
      fc.boolean(),
      fc.nat(1000),
      (steps, mode, acknowledgesDurable, seed) => {
        const shard = new LeaderMachine(seed, { acknowledgesDurable }, { segmentBytes: 600 }, mode);
        const { machine, leader } = shard;
        const fills = new Map<number, number>();
        const { storage } = machine;
        for (const [index, { kind, value }] of steps.entries()) {
          if (kind === 'append') fills.set(shard.append(value, { fill: index % 250, valueBytes: 60 }).ref, index % 250);
          else if (kind === 'full') storage.options = { ...storage.options, capacityBytes: storage.usedBytes + value };
          else if (kind === 'free') storage.options = { ...storage.options, capacityBytes: Infinity };
          else {
            leader.commit();
            machine.world.runFor(value);
          }
        }
        storage.options = { ...storage.options, capacityBytes: Infinity };
        for (let turn = 0; turn < 3; turn++) {
          leader.commit();
          shard.settle();
        }
        assert.equal(leader.waiting, 0);
        assert.equal(shard.answers.length, fills.size);
        const taken = shard.answers.filter(({ errorCode }) => errorCode === NONE);
        machine.publish(shard.log);
        const log = valuesByOffset(readAll(machine, machine.reader(), 0));
        assert.equal(log.size, taken.length);
        for (const { ref, baseOffset } of taken) assert.equal(log.get(baseOffset), fills.get(ref));
      },
    ),
    { numRuns: 60 },
  );
});

const oneBatch = (): Uint8Array => makeBatch({ baseOffset: 0, timestamps: [WALL_MS] });
const doubled = (bytes: Uint8Array): Uint8Array => new Uint8Array([...bytes, ...bytes]);

function appendSpoilt(shard: LeaderMachine, at: number): number {
  const bytes = oneBatch();
  bytes[at]! ^= 0x10;
  return shard.appendBytes(1, bytes).ref;
}

/** The first byte of the value of each batch of one record, by its offset. */
function valuesByOffset(bytes: Uint8Array): Map<number, number> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const values = new Map<number, number>();
  for (let at = 0; at < bytes.length; at += 12 + view.getInt32(at + 8)) {
    values.set(Number(view.getBigInt64(at)), bytes[at + 12 + view.getInt32(at + 8) - 2]!);
  }
  return values;
}
