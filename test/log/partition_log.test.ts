import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PartitionLog } from '../../src/log/partition_log.ts';
import { inArena, makeBatch } from './batches.ts';
import type { BatchShape } from './batches.ts';
import { concatenated, directory, LogMachine, readAll } from './log_machine.ts';

function stage(log: PartitionLog, shapes: readonly BatchShape[]): Uint8Array {
  const batches = shapes.map(makeBatch);
  const { memory, start, end } = inArena(batches);
  log.stage(memory, start, end);
  return concatenated(batches);
}

const one = (baseOffset: number, more: Partial<BatchShape> = {}): BatchShape => ({
  baseOffset,
  timestamps: [1000 + baseOffset],
  ...more,
});

test('what is staged becomes visible with one commit, in one write', () => {
  const machine = new LogMachine(1);
  const log = machine.open();
  const first = stage(log, [one(0)]);
  assert.equal(machine.commit(log), null);
  const bytes = concatenated([first, stage(log, [one(1), one(2)]), stage(log, [one(3)])]);
  assert.equal(log.logEndOffset, 1);
  assert.equal(log.stagedEndOffset, 4);
  const writesBefore = machine.storage.calls.get('write') ?? 0;
  assert.equal(machine.commit(log), null);
  assert.equal(machine.storage.calls.get('write'), writesBefore + 1);
  assert.equal(log.logEndOffset, 4);
  assert.equal(log.activeSegmentBytes, bytes.length);
  assert.deepEqual(readAll(machine, machine.reader(), 0), bytes);
});

test('a commit of much is written 64 KiB at a time, and what was written when one fails stays', () => {
  const machine = new LogMachine(2);
  const log = machine.open();
  const large = (offset: number): BatchShape => one(offset, { valueBytes: 20_000 });
  const parts = [stage(log, [large(0)])];
  assert.equal(machine.commit(log), null);
  for (let offset = 1; offset < 10; offset++) parts.push(stage(log, [large(offset)]));
  const writesBefore = machine.storage.calls.get('write') ?? 0;
  assert.equal(machine.commit(log), null);
  assert.equal(machine.storage.calls.get('write'), writesBefore + 3);
  for (let offset = 10; offset < 16; offset++) stage(log, [large(offset)]);
  machine.storage.options = { ...machine.storage.options, capacityBytes: machine.storage.usedBytes + 100_000 };
  assert.equal(machine.commit(log)?.isNoSpace, true);
  assert.equal(log.logEndOffset, 14, 'four were in the first write');
  for (let offset = 10; offset < 14; offset++) parts.push(makeBatch(large(offset)));
  assert.deepEqual(machine.contents(`${directory}/00000000000000000000.log`), concatenated(parts));
});

test('short writes go on where they stopped', () => {
  const machine = new LogMachine(3, { shortWriteChance: 0.9 });
  const log = machine.open();
  const parts: Uint8Array[] = [];
  for (let offset = 0; offset < 20; offset++) parts.push(stage(log, [one(offset)]));
  assert.equal(machine.commit(log), null);
  assert.ok(machine.storage.faults.struck.short > 0);
  assert.deepEqual(machine.contents(`${directory}/00000000000000000000.log`), concatenated(parts));
});

for (const mode of ['synchronous', 'asynchronous'] as const) {
  test(`a full disk fails what was staged, and leaves nothing of it in the file (${mode}, row 19)`, () => {
    const machine = new LogMachine(4);
    const log = machine.open();
    log.setWriteMode(mode);
    const kept = stage(log, [one(0)]);
    assert.equal(machine.commit(log), null);
    machine.storage.options = { ...machine.storage.options, capacityBytes: machine.storage.usedBytes + 30 };
    stage(log, [one(1), one(2)]);
    stage(log, [one(3)]);
    const failure = machine.commit(log);
    assert.equal(failure?.isNoSpace, true);
    assert.equal(log.failure, null);
    assert.equal(log.logEndOffset, 1);
    assert.equal(log.stagedEndOffset, 1);
    assert.deepEqual(machine.contents(`${directory}/00000000000000000000.log`), kept);
    machine.storage.options = { ...machine.storage.options, capacityBytes: Infinity };
    const later = stage(log, [one(1, { fill: 9 })]);
    assert.equal(machine.commit(log), null);
    assert.deepEqual(readAll(machine, machine.reader(), 0), concatenated([kept, later]));
  });
}

test('when even the truncation fails the log has failed for good', () => {
  const machine = new LogMachine(5);
  const log = machine.open();
  machine.storage.faults.arm({ operations: ['write'], path: '.log', effect: { kind: 'error', code: 'EIO' } });
  machine.storage.faults.arm({ operations: ['truncate'], path: '.log', effect: { kind: 'error', code: 'EIO' } });
  stage(log, [one(0)]);
  assert.equal(machine.commit(log)?.kind, 'disk');
  assert.equal(log.failure?.error?.operation, 'truncate');
  stage(log, [one(0)]);
  assert.equal(machine.commit(log)?.kind, 'failed');
  assert.equal(log.logEndOffset, 0);
});

test('a failed sync fails the log for good, and the recovery point stays (row 18)', () => {
  const machine = new LogMachine(6);
  const log = machine.open();
  stage(log, [one(0)]);
  machine.commit(log);
  machine.storage.faults.arm({ operations: ['sync'], path: '.log', effect: { kind: 'error', code: 'EIO' } });
  assert.equal(machine.flush(log)?.kind, 'disk');
  assert.equal(log.recoveryPoint, 0);
  assert.equal(machine.flush(log)?.kind, 'failed');
});

test('a flush moves the recovery point, and what is synced survives a loss of power', () => {
  const machine = new LogMachine(7);
  const log = machine.open();
  const bytes = stage(log, [one(0), one(1)]);
  machine.commit(log);
  assert.equal(machine.flush(log), null);
  assert.equal(log.recoveryPoint, 2);
  assert.equal(log.isDirty, false);
  machine.crash(true);
  const again = machine.open({}, { recoveryPoint: 2 });
  assert.deepEqual(readAll(machine, machine.reader(), 0), bytes);
  assert.equal(again.logEndOffset, 2);
});

test('segments roll by bytes, and the closed ones are synced behind the back of appends', () => {
  const machine = new LogMachine(8);
  const log = machine.open({ segmentBytes: 300 });
  const parts: Uint8Array[] = [];
  for (let offset = 0; offset < 30; offset++) parts.push(stage(log, [one(offset)]));
  assert.equal(machine.commit(log), null);
  const size = parts[0]!.length;
  const inEach = Math.floor(300 / size);
  assert.deepEqual(
    log.segments.map((segment) => segment.baseOffset),
    Array.from({ length: Math.ceil(30 / inEach) }, (_, index) => index * inEach),
  );
  machine.world.runUntil(() => log.recoveryPoint === log.activeSegmentBaseOffset, 10_000);
  assert.equal(log.recoveryPoint, log.activeSegmentBaseOffset);
  assert.deepEqual(readAll(machine, machine.reader(), 0, 100), concatenated(parts));
});

test('segments roll by age of their first batch, relative offset, and full index', () => {
  const machine = new LogMachine(9);
  const log = machine.open({ segmentMs: 100, indexIntervalBytes: 0, segmentIndexBytes: 60 });
  stage(log, [one(0, { timestamps: [5000] })]);
  stage(log, [one(1, { timestamps: [5100] })]);
  stage(log, [one(2, { timestamps: [5101] })]);
  machine.commit(log);
  assert.deepEqual(
    log.segments.map((segment) => segment.baseOffset),
    [0, 2],
  );
  stage(log, [one(2 ** 31 + 5, { timestamps: [5101] })]);
  machine.commit(log);
  assert.deepEqual(
    log.segments.map((segment) => segment.baseOffset),
    [0, 2, 2 ** 31 + 5],
  );
  // Four entries of the time index fit beside the last one: 60 / 12 - 1.
  for (let offset = 0; offset < 8; offset++) stage(log, [one(2 ** 31 + 6 + offset, { timestamps: [5101 + offset] })]);
  machine.commit(log);
  assert.equal(log.segments.length, 4);
});

test('a clean stop and start scans nothing and keeps everything', () => {
  const machine = new LogMachine(10);
  let log = machine.open({ segmentBytes: 500, indexIntervalBytes: 100 });
  const parts: Uint8Array[] = [];
  for (let offset = 0; offset < 40; offset++) {
    parts.push(stage(log, [one(offset, { leaderEpoch: Math.floor(offset / 15) })]));
    if (offset % 7 === 0) machine.commit(log);
  }
  machine.commit(log);
  const segments = log.segments.map(({ baseOffset, bytes, largestTimestamp }) => [baseOffset, bytes, largestTimestamp]);
  assert.equal(log.close(true), null);
  const names = machine.names();
  machine.restart();
  log = machine.open({ segmentBytes: 500, indexIntervalBytes: 100 }, { cleanShutdown: true, recoveryPoint: 40 });
  assert.deepEqual(log.report, {
    scannedBatches: 0,
    scannedBytes: 0,
    truncatedBytes: 0,
    droppedSegments: 0,
    rebuiltIndexes: 0,
    replayedBatches: 0,
  });
  assert.deepEqual(machine.names(), names);
  assert.deepEqual(
    log.segments.map(({ baseOffset, bytes, largestTimestamp }) => [baseOffset, bytes, largestTimestamp]),
    segments,
  );
  assert.equal(log.logEndOffset, 40);
  assert.deepEqual(
    [0, 1, 2].map((index) => log.leaderEpochs.startOffsetAt(index)),
    [0, 15, 30],
  );
  assert.deepEqual(readAll(machine, machine.reader(), 0), concatenated(parts));
});

test('truncation cuts inside a segment, drops those behind it, and goes on', () => {
  const machine = new LogMachine(11);
  const log = machine.open({ segmentBytes: 500, indexIntervalBytes: 100 });
  const parts: Uint8Array[] = [];
  for (let offset = 0; offset < 40; offset++)
    parts.push(stage(log, [one(offset, { leaderEpoch: Math.floor(offset / 4) })]));
  machine.commit(log);
  const epochBefore = machine.snapshot().readEpoch;
  assert.equal(log.truncateTo(17), null);
  machine.publish(log);
  assert.ok(machine.snapshot().readEpoch > epochBefore);
  assert.equal(log.logEndOffset, 17);
  assert.equal(log.leaderEpochs.latestEpoch, 4);
  const later = stage(log, [one(17, { fill: 1, leaderEpoch: 11 })]);
  machine.commit(log);
  assert.deepEqual(readAll(machine, machine.reader(), 0), concatenated([...parts.slice(0, 17), later]));
  assert.equal(log.truncateTo(0), null);
  assert.equal(log.logEndOffset, 0);
  assert.equal(log.leaderEpochs.size, 0);
});

test('a batch that straddles the offset of a truncation goes as a whole', () => {
  const machine = new LogMachine(12);
  const log = machine.open();
  stage(log, [
    { baseOffset: 0, timestamps: [1, 2, 3] },
    { baseOffset: 3, timestamps: [4, 5, 6] },
  ]);
  machine.commit(log);
  log.truncateTo(4);
  assert.equal(log.logEndOffset, 3);
});

test('moving the start removes closed segments, first their names, later their files', () => {
  const machine = new LogMachine(13);
  const log = machine.open({ segmentBytes: 300, fileDeleteDelayMs: 1000 });
  for (let offset = 0; offset < 12; offset++) stage(log, [one(offset)]);
  machine.commit(log);
  const second = log.segments[1]!.baseOffset;
  assert.equal(log.advanceLogStartOffset(second + 1), null);
  machine.publish(log);
  assert.equal(log.logStartOffset, second + 1);
  assert.equal(log.segments[0]!.baseOffset, second);
  assert.ok(machine.names().includes('00000000000000000000.log.deleted'));
  machine.world.runFor(2000);
  assert.ok(!machine.names().some((name) => name.startsWith('00000000000000000000')));
  assert.equal(log.advanceLogStartOffset(13)?.kind, 'refused');
});

test('a log begins anew at any offset', () => {
  const machine = new LogMachine(14);
  const log = machine.open();
  stage(log, [one(0), one(1)]);
  machine.commit(log);
  assert.equal(log.truncateFullyAndStartAt(1000), null);
  machine.publish(log);
  assert.deepEqual([log.logStartOffset, log.logEndOffset], [1000, 1000]);
  const bytes = stage(log, [one(1000)]);
  machine.commit(log);
  assert.deepEqual(readAll(machine, machine.reader(), 1000), bytes);
  machine.restart();
  assert.equal(machine.open().logEndOffset, 1001);
});

test('a truncation under a running flush does not let the recovery point pass it', () => {
  const machine = new LogMachine(15, { syncMs: [5, 5] });
  const log = machine.open();
  stage(log, [one(0), one(1), one(2), one(3)]);
  machine.commit(log);
  let done = false;
  log.flush(() => {
    done = true;
  });
  assert.equal(log.truncateTo(2), null);
  stage(log, [one(2, { fill: 1 }), one(3, { fill: 1 })]);
  machine.commit(log);
  machine.world.runUntil(() => done, 1000);
  assert.ok(done);
  assert.equal(log.recoveryPoint, 4);
  machine.crash(true);
  assert.equal(machine.open({}, { recoveryPoint: 4 }).logEndOffset, 4);
});

test('what is staged behind a commit in flight waits for the next, and fails with it', () => {
  const machine = new LogMachine(16);
  const log = machine.open();
  log.setWriteMode('asynchronous');
  const outcomes: string[] = [];
  const first = stage(log, [one(0)]);
  log.commit((failure) => outcomes.push(failure === null ? 'written' : failure.kind));
  assert.equal(log.isCommitting, true);
  const second = stage(log, [one(1)]);
  assert.equal(log.stagedEndOffset, 2);
  assert.equal(log.logEndOffset, 0);
  assert.throws(() => log.commit(() => {}), /one commit at a time/);
  assert.ok(machine.world.runUntil(() => outcomes.length === 1, 1000));
  assert.equal(log.hasStaged, true);
  assert.equal(machine.commit(log), null);
  assert.deepEqual(readAll(machine, machine.reader(), 0), concatenated([first, second]));

  machine.storage.faults.arm({ operations: ['write'], path: '.log', effect: { kind: 'error', code: 'EIO' } });
  stage(log, [one(2)]);
  log.commit((failure) => outcomes.push(failure === null ? 'written' : failure.kind));
  stage(log, [one(3)]);
  assert.ok(machine.world.runUntil(() => outcomes.length === 2, 1000));
  assert.deepEqual(outcomes, ['written', 'disk']);
  assert.deepEqual([log.hasStaged, log.stagedEndOffset, log.logEndOffset], [false, 2, 2]);
});

test('a roll that finds no room fails the commit behind what it has written', () => {
  const machine = new LogMachine(17);
  const log = machine.open({ segmentBytes: 200 });
  const first = stage(log, [one(0), one(1)]);
  stage(log, [one(2), one(3)]);
  machine.storage.faults.arm({ operations: ['open'], path: '2.log', effect: { kind: 'error', code: 'ENOSPC' } });
  assert.equal(machine.commit(log)?.isNoSpace, true);
  assert.equal(log.logEndOffset, 2);
  const later = stage(log, [one(2, { fill: 1 })]);
  assert.equal(machine.commit(log), null);
  assert.deepEqual(readAll(machine, machine.reader(), 0), concatenated([first, later]));
  assert.equal(log.segments.length, 2);
});

test('a batch larger than a segment gets one of its own', () => {
  const machine = new LogMachine(18);
  const log = machine.open({ segmentBytes: 200 });
  const bytes = stage(log, [one(0), one(1, { valueBytes: 500 }), one(2)]);
  assert.equal(machine.commit(log), null);
  assert.deepEqual(
    log.segments.map((segment) => segment.baseOffset),
    [0, 1, 2],
  );
  assert.deepEqual(readAll(machine, machine.reader(), 0, 100), bytes);
});

test('a flush is due by messages or by time, when there is something to flush', () => {
  const machine = new LogMachine(19);
  const log = machine.open({ flushMessages: 3, flushMs: 1000 });
  const now = machine.clock.monotonicMs();
  assert.equal(log.isFlushDue(now + 5000), false);
  stage(log, [one(0)]);
  machine.commit(log);
  assert.equal(log.isFlushDue(now + 10), false);
  assert.equal(log.isFlushDue(now + 2000), true);
  stage(log, [one(1), one(2)]);
  machine.commit(log);
  assert.equal(log.isFlushDue(now + 10), true);
  machine.flush(log);
  assert.equal(log.isFlushDue(machine.clock.monotonicMs() + 5000), false);
});

test('a new leader epoch begins at the end, and is kept before it has a record', () => {
  const machine = new LogMachine(21);
  const log = machine.open();
  stage(log, [one(0, { leaderEpoch: 2 })]);
  machine.commit(log);
  log.beginLeaderEpoch(5);
  const end = { epoch: 0, endOffset: 0 };
  assert.ok(log.leaderEpochs.endOffsetFor(2, log.logEndOffset, end));
  assert.deepEqual(end, { epoch: 2, endOffset: 1 });
  assert.equal(log.close(true), null);
  machine.restart();
  assert.equal(machine.open({}, { cleanShutdown: true }).leaderEpochs.latestEpoch, 5);
});

test('row 19: a refused batch is not there after a loss of power, and nothing is written before that is sure', () => {
  const machine = new LogMachine(23);
  const log = machine.open({}, { undoesLater: true });
  const first = stage(log, [one(0)]);
  machine.commit(log);
  assert.equal(machine.flush(log), null);
  machine.storage.options = { ...machine.storage.options, capacityBytes: machine.storage.usedBytes + 50 };
  const outcomes: string[] = [];
  stage(log, [one(1)]);
  log.commit((failure) => outcomes.push(failure?.error?.code ?? 'written'));
  assert.deepEqual([outcomes, log.isCommitting, log.logEndOffset], [[], true, 1]);
  assert.ok(machine.world.runUntil(() => outcomes.length === 1, 1000));
  assert.deepEqual([outcomes, log.isCommitting], [['ENOSPC'], false]);
  machine.storage.cutPower({ keepChance: 0, tearChance: 0, ordered: false });
  machine.crash(false);
  machine.storage.options = { ...machine.storage.options, capacityBytes: Infinity };
  machine.open({}, { recoveryPoint: 1 });
  assert.deepEqual(readAll(machine, machine.reader(), 0), first);
});

test('row 18: the undoing of a write that cannot be synced fails the log for good', () => {
  const machine = new LogMachine(24);
  const log = machine.open({}, { undoesLater: true });
  machine.storage.faults.arm({ operations: ['write'], path: '.log', effect: { kind: 'error', code: 'ENOSPC' } });
  machine.storage.faults.arm({ operations: ['sync'], path: '.log', effect: { kind: 'error', code: 'EIO' } });
  stage(log, [one(0)]);
  assert.equal(machine.commit(log)?.isNoSpace, true);
  assert.equal(log.failure?.error?.operation, 'sync');
});
