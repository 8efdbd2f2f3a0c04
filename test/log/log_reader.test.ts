import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCodecs } from '../../src/platform/codecs.ts';
import type { LogReader } from '../../src/log/log_reader.ts';
import type { PartitionLog } from '../../src/log/partition_log.ts';
import { ReadPosition, ReadResult, TimestampResult } from '../../src/log/read_position.ts';
import type { ReadStatus } from '../../src/log/read_position.ts';
import { RecentReads } from '../../src/log/read_policy.ts';
import type { ReadPolicy } from '../../src/log/read_policy.ts';
import { inArena, makeBatch } from './batches.ts';
import { concatenated, directory, LogMachine, readAll, readMemory } from './log_machine.ts';

const codecs = createCodecs(null);

const config = { segmentBytes: 1000, indexIntervalBytes: 200, fileDeleteDelayMs: 10 };
const neverBlock: ReadPolicy = { mayBlock: () => false, mayLookUp: () => false, wasRead() {}, closeSlot() {} };

interface Filled {
  readonly machine: LogMachine;
  readonly log: PartitionLog;
  readonly batches: Uint8Array[];
}

/** 60 batches of two records over several segments. */
function filled(seed = 1): Filled {
  const machine = new LogMachine(seed);
  const log = machine.open(config);
  const batches = Array.from({ length: 60 }, (_, index) =>
    makeBatch({
      baseOffset: index * 2,
      timestamps: [1000 + index * 10, 1005 + index * 10],
      fill: index,
      leaderEpoch: 3,
    }),
  );
  append(machine, log, batches);
  assert.ok(log.segments.length > 4);
  return { machine, log, batches };
}

function append(machine: LogMachine, log: PartitionLog, batches: readonly Uint8Array[]): void {
  const { memory, start, end } = inArena(batches);
  log.stage(memory, start, end);
  assert.equal(machine.commit(log), null);
}

test('every offset is found in its batch, in the tail, in the files, and after a clean stop', () => {
  const { machine, log } = filled();
  const check = (): void => {
    const reader = machine.reader();
    const row = machine.snapshot();
    const position = new ReadPosition();
    const memory = readMemory(500);
    const result = new ReadResult();
    for (let offset = 0; offset < 120; offset++) {
      assert.equal(reader.locate(row, offset, null, position), 'found');
      assert.equal(reader.read(row, position, 120, memory, 7, position.batchBytes, result), 'found');
      assert.equal(memory.view.getInt32(7 + 4), offset - (offset % 2));
      assert.equal(result.next.offset, offset - (offset % 2) + 2);
    }
    assert.equal(reader.locate(row, 120, null, position), 'atEnd');
    assert.equal(reader.locate(row, 121, null, position), 'outOfRange');
    assert.equal(reader.locate(row, -1, null, position), 'outOfRange');
    reader.close();
  };
  check();
  machine.flush(log);
  check();
  assert.equal(log.close(true), null);
  machine.restart();
  machine.open(config, { cleanShutdown: true });
  check();
});

test('a hint leads on without a look at the disk, also into the next segment', () => {
  const { machine, batches } = filled();
  const reader = machine.reader();
  assert.deepEqual(readAll(machine, reader, 0, 400), concatenated(batches));
  const readsBefore = machine.storage.calls.get('read')!;
  const row = machine.snapshot();
  const position = new ReadPosition();
  const result = new ReadResult();
  const memory = readMemory(400);
  let offset = 0;
  let reads = 0;
  assert.equal(reader.locate(row, 0, null, position), 'found');
  const lookups = machine.storage.calls.get('read')! - readsBefore;
  while (reader.locate(row, offset, position, position) === 'found') {
    assert.equal(reader.read(row, position, 120, memory, 0, 400, result), 'found');
    reads++;
    offset = result.next.offset;
    position.copyFrom(result.next);
  }
  assert.equal(offset, 120);
  assert.equal(machine.storage.calls.get('read'), readsBefore + lookups + reads);
});

test('bytes up to an end are those of the batches between, in the active segment; before it they have no end', () => {
  const { machine, log, batches } = filled();
  const reader = machine.reader();
  const row = machine.snapshot();
  const active = log.activeSegmentBaseOffset;
  assert.ok(active > 0 && active <= 110, 'there is something to count in the active segment');
  const from = new ReadPosition();
  for (let offset = 0; offset < 120; offset += 2) {
    assert.equal(reader.locate(row, offset, null, from), 'found');
    for (let end = offset; end <= 120; end += 2) {
      const between = batches.slice(offset / 2, end / 2).reduce((sum, { length }) => sum + length, 0);
      // What a read of a closed segment finds is never too little.
      const expected = offset < active ? Infinity : between;
      assert.equal(reader.bytesUpTo(row, from, end), expected, `from ${offset} to ${end}`);
    }
  }
  // An end before the position is nothing ahead.
  assert.equal(reader.bytesUpTo(row, from, active), 0);
  reader.close();
});

test('bytes up to an end that only the disk knows have no end, and a row that has moved on has none', () => {
  const { machine, log } = filled();
  const row = machine.snapshot();
  const active = log.activeSegmentBaseOffset;
  const from = new ReadPosition();
  const reader = machine.reader();
  assert.equal(reader.locate(row, active, null, from), 'found');
  const shy = machine.reader(neverBlock);
  const calls = machine.storage.calls.get('read');
  assert.equal(shy.bytesUpTo(row, from, active + 2), Infinity);
  assert.equal(shy.bytesUpTo(row, from, row.logEndOffset), log.activeSegmentBytes, 'the row itself says where that is');
  assert.equal(machine.storage.calls.get('read'), calls, 'the disk was not asked');
  assert.equal(log.truncateTo(active), null);
  machine.publish(log);
  for (const either of [reader, shy]) assert.equal(either.bytesUpTo(row, from, row.logEndOffset), 0);
});

test('nothing at or above the given end is read, and the first batch comes whole when there is room', () => {
  const { machine, batches } = filled();
  const reader = machine.reader();
  const row = machine.snapshot();
  const position = new ReadPosition();
  const result = new ReadResult();
  const memory = readMemory(1000);
  reader.locate(row, 0, null, position);
  assert.equal(reader.read(row, position, 4, memory, 0, 1000, result), 'found');
  assert.deepEqual(memory.bytes.slice(0, result.bytes), concatenated(batches.slice(0, 2)));
  assert.equal(reader.read(row, position, 0, memory, 0, 1000, result), 'atEnd');
  const size = batches[0]!.length;
  assert.equal(reader.read(row, position, 120, memory, 0, size - 1, result), 'found');
  assert.deepEqual([result.isPartial, result.bytes, result.next.batchBytes], [true, size - 1, size]);
  assert.equal(reader.read(row, position, 120, memory, 0, size * 2 + 30, result), 'found');
  assert.deepEqual([result.isPartial, result.bytes, result.next.offset], [false, size * 2, 4]);
});

test('where a read may not block it says so, and its later form does the same', () => {
  const { machine, batches } = filled();
  const reader = machine.reader(neverBlock);
  const row = machine.snapshot();
  const position = new ReadPosition();
  const result = new ReadResult();
  const memory = readMemory(300);
  assert.equal(reader.locate(row, 30, null, position), 'later');
  const located = later<ReadStatus>(machine, (done) => reader.locateLater(row, 30, position, done));
  assert.equal(located, 'found');
  assert.equal(reader.read(row, position, 120, memory, 0, 300, result), 'later');
  later<void>(machine, (done) => reader.readLater(row, position, 120, memory, 0, 300, result, done));
  assert.equal(result.status, 'found');
  const count = Math.floor(300 / batches[0]!.length);
  assert.deepEqual(memory.bytes.slice(0, result.bytes), concatenated(batches.slice(15, 15 + count)));
  const found = new TimestampResult();
  assert.equal(reader.offsetForTimestamp(row, 1300, 120, codecs, found), 'later');
  later<void>(machine, (done) => reader.offsetForTimestampLater(row, 1303, 120, codecs, found, done));
  assert.deepEqual([found.status, found.offset, found.timestamp, found.leaderEpoch], ['found', 61, 1305, 3]);
  assert.equal(
    later<ReadStatus>(machine, (done) => reader.locateLater(row, 120, position, done)),
    'atEnd',
  );
});

function later<T>(machine: LogMachine, begin: (done: (outcome: T) => void) => void): T {
  let outcome: { value: T } | null = null;
  begin((value) => {
    outcome = { value };
  });
  assert.equal(outcome, null, 'the answer comes in a later event');
  assert.ok(machine.world.runUntil(() => outcome !== null, 10_000));
  return outcome!.value;
}

test('special timestamps', () => {
  const { machine, log } = filled();
  log.advanceLogStartOffset(31);
  machine.publish(log);
  const reader = machine.reader();
  const out = new TimestampResult();
  const ask = (timestamp: number, endOffset = 100): [number, number] => {
    assert.equal(reader.offsetForTimestamp(machine.snapshot(), timestamp, endOffset, codecs, out), 'found');
    return [out.offset, out.timestamp];
  };
  assert.deepEqual(ask(-1), [100, -1]);
  assert.deepEqual(ask(-2), [31, -1]);
  assert.deepEqual(ask(-4), [31, -1]);
  assert.deepEqual(ask(-3, 120), [119, 1595]);
  assert.deepEqual(ask(-3), [-1, -1], 'it lies above the end that this consumer may see');
  assert.deepEqual(ask(0), [31, 1155]);
  assert.deepEqual(ask(1596), [-1, -1]);
});

test('descriptors are few, are given back, and outlive a removal of their file', () => {
  const { machine, log, batches } = filled();
  const reader = machine.reader(undefined, 2);
  readAll(machine, reader, 0);
  assert.equal(reader.openSegments, 2);
  const row = machine.snapshot();
  const position = new ReadPosition();
  reader.locate(row, 0, null, position);
  log.advanceLogStartOffset(log.segments[1]!.baseOffset);
  machine.publish(log);
  machine.world.runFor(100);
  assert.ok(!machine.names().some((name) => name.startsWith('00000000000000000000')));
  const result = new ReadResult();
  assert.equal(reader.read(row, position, 120, readMemory(100), 0, 100, result), 'changed');
  assert.equal(reader.locate(row, 0, null, position), 'changed');
  assert.equal(reader.locate(machine.snapshot(), 0, null, position), 'outOfRange');
  assert.deepEqual(readAll(machine, reader, 0), concatenated(batches.slice(log.segments[0]!.baseOffset / 2)));
  reader.closeSlot(1);
  assert.equal(reader.openSegments, 0);
});

test('positions of before a truncation are not believed, and new bytes are read (I2)', () => {
  const { machine, log, batches } = filled();
  const reader = machine.reader();
  const row = machine.snapshot();
  const position = new ReadPosition();
  assert.equal(reader.locate(row, 118, null, position), 'found');
  readAll(machine, reader, 0);
  assert.equal(log.truncateTo(60), null);
  const other = Array.from({ length: 30 }, (_, index) =>
    makeBatch({ baseOffset: 60 + index * 2, timestamps: [1, 2], fill: 90, valueBytes: 5 }),
  );
  append(machine, log, other);
  assert.ok(machine.snapshot().readEpoch !== row.readEpoch);
  assert.deepEqual(readAll(machine, reader, 0), concatenated([...batches.slice(0, 30), ...other]));
});

test('a flipped bit in the head of a batch is reported as corruption, other segments are read (row 14)', () => {
  const { machine, log } = filled();
  const path = `${directory}/${String(log.segments[1]!.baseOffset).padStart(20, '0')}.log`;
  machine.storage.file(path)!.flipBit(16, 5);
  const reader = machine.reader();
  const position = new ReadPosition();
  assert.equal(reader.locate(machine.snapshot(), log.segments[1]!.baseOffset, null, position), 'failed');
  assert.equal(reader.failure?.kind, 'corrupt');
  assert.equal(reader.locate(machine.snapshot(), 0, null, position), 'found');
  assert.equal(reader.locate(machine.snapshot(), log.segments[2]!.baseOffset, null, position), 'found');
});

test('a disk error is reported and passes', () => {
  const { machine } = filled();
  const reader = machine.reader();
  machine.storage.faults.arm({ operations: ['read'], effect: { kind: 'error', code: 'EIO' } });
  const position = new ReadPosition();
  assert.equal(reader.locate(machine.snapshot(), 5, null, position), 'failed');
  assert.equal(reader.failure?.error?.code, 'EIO');
  assert.equal(reader.locate(machine.snapshot(), 5, null, position), 'found');
});

test('a policy lets reads block at the end of the active segment and close behind the last read', () => {
  const policy = new RecentReads(1000);
  assert.equal(policy.mayBlock(1, 0, 4500, 500, 5000, true), true);
  assert.equal(policy.mayBlock(1, 0, 3000, 500, 5000, true), false);
  assert.equal(policy.mayBlock(1, 0, 4500, 500, 5000, false), false);
  policy.wasRead(1, 0, 0, 1000);
  assert.equal(policy.mayBlock(1, 0, 1000, 1000, 1e9, false), true);
  assert.equal(policy.mayBlock(1, 0, 500_000, 1000, 1e9, false), false);
  assert.equal(policy.mayBlock(2, 0, 1000, 1000, 1e9, false), false);
  policy.closeSlot(1);
  assert.equal(policy.mayBlock(1, 0, 1000, 1000, 1e9, false), false);
});

/** The closed segments of a log merged into one, as a cleaner leaves it; every second batch is gone. */
function clean(machine: LogMachine, old: readonly number[], batches: readonly Uint8Array[]): void {
  const side = new LogMachine(77);
  const sideLog = side.open({ indexIntervalBytes: 200, gapsAllowed: true });
  append(side, sideLog, batches);
  sideLog.roll();
  for (const suffix of ['.log', '.index', '.timeindex']) {
    machine.put(
      `${directory}/${String(old[0]).padStart(20, '0')}${suffix}.cleaned`,
      side.contents(`${directory}/${'0'.repeat(20)}${suffix}`),
    );
  }
}

test('segments are replaced by one operation, whose crash at any call is completed or undone (row 26, I19)', () => {
  const prepare = (): {
    machine: LogMachine;
    log: PartitionLog;
    old: number[];
    before: Uint8Array;
    after: Uint8Array;
  } => {
    const machine = new LogMachine(5);
    const log = machine.open({ ...config, gapsAllowed: true });
    const batches = Array.from({ length: 80 }, (_, index) =>
      makeBatch({ baseOffset: index, timestamps: [index + 1], fill: index }),
    );
    append(machine, log, batches);
    assert.equal(machine.flush(log), null);
    const old = log.segments.slice(0, 3).map((segment) => segment.baseOffset);
    const end = log.segments[3]!.baseOffset;
    const kept = batches.filter((_, index) => index < end && index % 2 === 0);
    clean(machine, old, kept);
    return { machine, log, old, before: concatenated(batches), after: concatenated([...kept, ...batches.slice(end)]) };
  };

  const whole = prepare();
  const epoch = whole.machine.snapshot().readEpoch;
  const reader: LogReader = whole.machine.reader();
  assert.deepEqual(readAll(whole.machine, reader, 0), whole.before);
  assert.equal(whole.log.replaceSegments(whole.old, [0]), null);
  whole.machine.publish(whole.log);
  assert.ok(whole.machine.snapshot().readEpoch > epoch);
  assert.deepEqual(readAll(whole.machine, reader, 0), whole.after);
  assert.equal(whole.log.replaceSegments(whole.old, [0])?.kind, 'refused');

  let outcomes = 0;
  for (let call = 0; ; call++) {
    const { machine, log, old, before, after } = prepare();
    machine.storage.faults.arm({
      operations: ['rename', 'syncDirectory'],
      after: call,
      effect: { kind: 'kill', bytes: 0 },
    });
    let killed = false;
    try {
      log.replaceSegments(old, [0]);
    } catch {
      killed = true;
    }
    if (!killed) break;
    machine.storage.faults.disarm();
    machine.crash(call % 2 === 0);
    machine.open({ ...config, gapsAllowed: true }, { recoveryPoint: log.recoveryPoint });
    const found = Buffer.from(readAll(machine, machine.reader(), 0));
    const isAfter = found.equals(after);
    assert.ok(isAfter || found.equals(before), `killed at call ${call}`);
    assert.ok(!machine.names().some((name) => /\.(swap|cleaned|deleted)$/.test(name)));
    outcomes |= isAfter ? 1 : 2;
  }
  assert.equal(outcomes, 3, 'both completed and undone replacements were seen');
});

test('a look-up by time of a segment that cannot be opened fails, and says why', () => {
  const { machine } = filled();
  for (const timestamp of [1300, -3]) {
    const reader = machine.reader();
    const out = new TimestampResult();
    machine.storage.faults.arm({ operations: ['open'], effect: { kind: 'error', code: 'EIO' } });
    assert.equal(reader.offsetForTimestamp(machine.snapshot(), timestamp, 120, codecs, out), 'failed');
    assert.equal(out.failure?.error?.code, 'EIO');
    assert.equal(reader.failure?.error?.code, 'EIO');
    reader.close();
  }
});
