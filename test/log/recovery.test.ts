import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import { createCodecs } from '../../src/platform/codecs.ts';
import { LogFailure, type LogFailureKind } from '../../src/log/log_failure.ts';
import type { LogConfig } from '../../src/log/log_config.ts';
import type { PartitionLog } from '../../src/log/partition_log.ts';
import { ReadPosition, TimestampResult } from '../../src/log/read_position.ts';
import { inArena, makeBatch } from './batches.ts';
import { assertFails, concatenated, directory, LogMachine, readAll, succeeded } from './log_machine.ts';

const codecs = createCodecs(null);

const config: Partial<LogConfig> = { segmentBytes: 700, indexIntervalBytes: 100 };

interface Written {
  readonly machine: LogMachine;
  /** Batches by order. */
  readonly batches: Uint8Array[];
  readonly nextOffsets: number[];
  readonly log: PartitionLog;
}

/** A log of three segments (by default), with batches of one to three records; timestamps go up and down. */
function written(seed = 1, more: Partial<LogConfig> = {}): Written {
  const machine = new LogMachine(seed);
  const log = machine.open({ ...config, ...more });
  const batches: Uint8Array[] = [];
  const nextOffsets: number[] = [];
  for (let index = 0, offset = 0; index < 20; index++) {
    const timestamps = Array.from(
      { length: 1 + (index % 3) },
      (_, at) => 1000 + index * 20 + ((index * 37 + at * 11) % 7) * 10,
    );
    const batch = makeBatch({ baseOffset: offset, timestamps, fill: index, leaderEpoch: index >> 3 });
    const { memory, start, end } = inArena([batch]);
    log.stage(memory, start, end);
    offset += timestamps.length;
    batches.push(batch);
    nextOffsets.push(offset);
  }
  assert.equal(machine.commit(log), null);
  assert.ok(log.segments.length > 1);
  return { machine, batches, nextOffsets, log };
}

function pathOf(baseOffset: number, suffix: string): string {
  return `${directory}/${String(baseOffset).padStart(20, '0')}${suffix}`;
}

/** Where batches of the last segment end, with the log end offset there; the empty segment first. */
function bordersOf({ log, batches, nextOffsets }: Written): [number, number][] {
  const base = log.activeSegmentBaseOffset;
  const borders: [number, number][] = [[0, base]];
  batches.forEach((batch, index) => {
    if (nextOffsets[index]! > base) borders.push([borders.at(-1)![0] + batch.length, nextOffsets[index]!]);
  });
  return borders;
}

function openTorn(machine: LogMachine, active: string, bytes: Uint8Array): PartitionLog {
  machine.restart();
  machine.put(active, bytes);
  return machine.open(config);
}

test('a torn tail is cut at the last whole batch and nowhere else, at every cut (row 13, I19)', () => {
  const source = written();
  const { machine, log } = source;
  const active = pathOf(log.activeSegmentBaseOffset, '.log');
  const whole = machine.contents(active);
  const borders = bordersOf(source);
  assert.equal(borders.at(-1)![0], whole.length);
  log.close(false);
  for (let cut = 0; cut <= whole.length; cut++) {
    const zeros = new Uint8Array(whole.length);
    zeros.set(whole.subarray(0, cut));
    const noise = whole.map((byte, at) => (at < cut ? byte : (byte ^ 0x5a) & 0xff));
    for (const tail of [whole.slice(0, cut), zeros, noise]) {
      // Bytes of the tail that happen to be right are no damage.
      let same = 0;
      while (same < tail.length && tail[same] === whole[same]) same++;
      const [kept, end] = borders.findLast(([position]) => position <= same)!;
      const reopened = openTorn(machine, active, tail);
      assert.equal(reopened.logEndOffset, end, `cut at ${cut}`);
      assert.deepEqual(machine.contents(active), whole.slice(0, kept));
      assert.equal(reopened.report.truncatedBytes, tail.length - kept);
      reopened.close(false);
    }
  }
});

test('what is appended after a cut lies where the tail was', () => {
  const source = written();
  const { machine, log, batches } = source;
  const active = pathOf(log.activeSegmentBaseOffset, '.log');
  const whole = machine.contents(active);
  log.close(false);
  const reopened = openTorn(machine, active, whole.slice(0, -5));
  const batch = makeBatch({ baseOffset: reopened.logEndOffset, timestamps: [9999], fill: 99 });
  const { memory, start, end } = inArena([batch]);
  reopened.stage(memory, start, end);
  assert.equal(machine.commit(reopened), null);
  assert.deepEqual(readAll(machine, machine.reader(), 0), concatenated([...batches.slice(0, -1), batch]));
});

test('a flipped bit under the checksum of an unsynced batch cuts before it', () => {
  const source = written();
  const { machine, log } = source;
  const active = pathOf(log.activeSegmentBaseOffset, '.log');
  const whole = machine.contents(active);
  const [from, end] = bordersOf(source).at(-2)!;
  log.close(false);
  for (let at = from + 16; at < whole.length; at++) {
    const flipped = whole.slice();
    flipped[at]! ^= 1 << (at % 8);
    const reopened = openTorn(machine, active, flipped);
    assert.equal(reopened.logEndOffset, end, `byte ${at}`);
    reopened.close(false);
  }
});

test('nothing below the recovery point is cut: the log is refused', () => {
  const source = written();
  const { machine, log } = source;
  const active = pathOf(log.activeSegmentBaseOffset, '.log');
  const whole = machine.contents(active);
  const recoveryPoint = log.logEndOffset;
  log.close(false);
  machine.restart();
  machine.put(active, whole.slice(0, -1));
  for (const cleanShutdown of [true, false]) {
    const failure = machine.tryOpen(config, { recoveryPoint, cleanShutdown });
    assertFails(failure, 'corrupt');
    assert.equal(machine.contents(active).length, whole.length - 1);
  }
});

test('after a clean stop a damaged tail is no crash: the log is refused or served as it is, nothing is cut (I13)', () => {
  const source = written();
  const { machine, log } = source;
  const active = pathOf(log.activeSegmentBaseOffset, '.log');
  const whole = machine.contents(active);
  const recoveryPoint = log.logEndOffset;
  const last = bordersOf(source).at(-2)![0];
  assert.equal(log.close(true), null);
  const indexes = ['.index', '.timeindex'].map((suffix) => pathOf(log.activeSegmentBaseOffset, suffix));
  const kept = indexes.map((path) => machine.contents(path));
  let refused = 0;
  const opens = (damaged: Uint8Array): boolean => {
    machine.restart();
    machine.put(active, damaged);
    indexes.forEach((path, index) => machine.put(path, kept[index]!));
    const opened = machine.tryOpen(config, { recoveryPoint, cleanShutdown: true });
    assert.deepEqual(machine.contents(active), damaged);
    if (opened instanceof LogFailure) refused++;
    else {
      assert.ok(opened.logEndOffset >= recoveryPoint);
      opened.close(false);
    }
    return !(opened instanceof LogFailure);
  };
  for (let at = last; at < whole.length; at++) {
    assert.equal(opens(whole.slice(0, at)), false, `cut at ${at}`);
    // Nothing but heads is read after a clean stop: whoever reads the records finds what is wrong with them.
    const flipped = whole.slice();
    flipped[at]! ^= 1 << (at % 8);
    opens(flipped);
  }
  assert.ok(refused > whole.length - last);
  assert.equal(opens(whole), true);
});

test('a last batch whose offset was flipped is refused, after a clean stop and after the crash that follows it', () => {
  const source = written();
  const { machine, log } = source;
  const active = pathOf(log.activeSegmentBaseOffset, '.log');
  const whole = machine.contents(active);
  const closedEnd = log.logEndOffset;
  const last = bordersOf(source).at(-2)![0];
  assert.equal(log.close(true), null);
  const kept = machine
    .names()
    .map((name) => [`${directory}/${name}`, machine.contents(`${directory}/${name}`)] as const);
  const open = (damaged: Uint8Array, cleanShutdown: boolean): PartitionLog | LogFailure => {
    machine.restart();
    for (const [path, bytes] of kept) machine.put(path, bytes);
    machine.put(active, damaged);
    const known = cleanShutdown ? { closedEnd } : {};
    return machine.tryOpen(config, { recoveryPoint: closedEnd, cleanShutdown, ...known });
  };
  // The offset of the batch, which no checksum covers, and that of its last record in it.
  for (const at of [0, 1, 2, 3, 4, 5, 6, 7, 23, 24, 25, 26]) {
    for (let bit = 0; bit < 8; bit++) {
      const flipped = whole.slice();
      flipped[last + at]! ^= 1 << bit;
      for (const isClean of [true, false]) {
        assert.ok(open(flipped, isClean) instanceof LogFailure, `bit ${bit} of byte ${at}, clean: ${isClean}`);
        assert.deepEqual(machine.contents(active), flipped);
      }
    }
  }
  for (const isClean of [true, false]) assert.equal(succeeded(open(whole, isClean)).logEndOffset, closedEnd);
});

test('a recovery point inside of a batch, as Apache Kafka has after records were deleted up to there, cuts nothing', () => {
  const source = written();
  const { machine, log } = source;
  const end = log.logEndOffset;
  assert.equal(log.close(false), null);
  for (let recoveryPoint = log.activeSegmentBaseOffset; recoveryPoint <= end; recoveryPoint++) {
    for (const logStartOffset of [0, recoveryPoint]) {
      machine.restart();
      const reopened = machine.open(config, { recoveryPoint, logStartOffset });
      assert.equal(reopened.logEndOffset, end, `recovery point ${recoveryPoint}, start ${logStartOffset}`);
      assert.equal(reopened.report.truncatedBytes, 0);
      reopened.close(false);
    }
  }
});

test('a segment that is missing or cut in the middle is a failure, not a shorter log (row 16)', () => {
  const source = written();
  const middle = source.log.segments[1]!.baseOffset;
  const recoveryPoint = source.log.activeSegmentBaseOffset;
  source.log.close(true);
  const { machine } = source;
  const path = pathOf(middle, '.log');
  const whole = machine.contents(path);
  const size = source.batches[source.nextOffsets.findIndex((next) => next > middle)]!.length;
  const attempts: { damage: () => void; kind: LogFailureKind }[] = [
    { damage: () => machine.put(path, new Uint8Array(0)), kind: 'missing' },
    { damage: () => machine.put(path, whole.slice(0, size)), kind: 'missing' },
    { damage: () => machine.put(path, whole.slice(0, size + 10)), kind: 'corrupt' },
    { damage: () => machine.disk.unlink(path), kind: 'missing' },
    {
      damage: () => ['.log', '.index', '.timeindex'].forEach((suffix) => machine.disk.unlink(pathOf(middle, suffix))),
      kind: 'missing',
    },
  ];
  for (const { damage, kind } of attempts) {
    machine.put(path, whole);
    damage();
    for (const options of [
      { cleanShutdown: true, recoveryPoint: 0 },
      { recoveryPoint },
      { damageAboveRecoveryPoint: 'refuse' as const },
    ]) {
      machine.restart();
      const failure = machine.tryOpen(config, options);
      assertFails(failure, kind, JSON.stringify(options));
    }
  }
});

test('a closed segment that lost its unsynced tail ends the log, when that is allowed', () => {
  const source = written();
  const { machine, batches, nextOffsets, log } = source;
  const middle = log.segments[1]!.baseOffset;
  log.close(false);
  machine.restart();
  const path = pathOf(middle, '.log');
  machine.put(path, machine.contents(path).slice(0, -1));
  const reopened = machine.open(config, { recoveryPoint: middle });
  const kept = batches.filter((_, index) => nextOffsets[index]! <= reopened.logEndOffset);
  assert.equal(reopened.report.droppedSegments, 1);
  assert.deepEqual(readAll(machine, machine.reader(), 0), concatenated(kept));
});

test('a log that ends before its recovery point is refused, and so is an empty directory', () => {
  const { machine, log } = written();
  const recoveryPoint = log.logEndOffset;
  const active = log.activeSegmentBaseOffset;
  log.close(true);
  machine.restart();
  for (const suffix of ['.log', '.index', '.timeindex']) machine.disk.unlink(pathOf(active, suffix));
  const shorter = machine.tryOpen(config, { recoveryPoint });
  assertFails(shorter, 'missing');
  for (const name of machine.names()) machine.disk.unlink(`${directory}/${name}`);
  const empty = machine.tryOpen(config, { recoveryPoint });
  assertFails(empty, 'missing');
});

test('a damaged index never makes a read wrong: every bit of every index flipped (row 15)', () => {
  const { machine, batches, nextOffsets, log } = written(1, { segmentBytes: 1400 });
  log.close(true);
  machine.restart();
  const opened = machine.open({ ...config, segmentBytes: 1400 }, { cleanShutdown: true });
  const end = opened.logEndOffset;
  const expected = Array.from({ length: end }, (_, offset) => {
    const index = nextOffsets.findIndex((next) => next > offset);
    return {
      segment: opened.segments.findLast((segment) => segment.baseOffset <= offset)!.baseOffset,
      bytes: batches[index]!.length,
    };
  });
  const timestamps = Array.from({ length: 60 }, (_, index) => 990 + index * 10);
  const answers = timestamps.map((timestamp) => timestampAnswer(machine, timestamp, end));
  const largest = timestampAnswer(machine, -3, end);
  for (const suffix of ['.index', '.timeindex']) {
    const path = pathOf(0, suffix);
    const whole = machine.contents(path);
    assert.ok(whole.length > 30);
    for (let bit = 0; bit < whole.length * 8; bit++) {
      const flipped = whole.slice();
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      machine.put(path, flipped);
      const reader = machine.reader();
      const position = new ReadPosition();
      const row = machine.snapshot();
      for (let offset = 0; offset < end; offset += 5) {
        assert.equal(reader.locate(row, offset, null, position), 'found');
        const found = { segment: position.segmentBaseOffset, bytes: position.batchBytes };
        assert.deepEqual(found, expected[offset], `bit ${bit} of ${suffix}, offset ${offset}`);
      }
      if (suffix === '.timeindex') {
        for (let index = bit % 7; index < timestamps.length; index += 7) {
          const found = timestampAnswer(machine, timestamps[index]!, end);
          assert.deepEqual(found, answers[index], `bit ${bit}, timestamp ${timestamps[index]}`);
        }
        assert.deepEqual(timestampAnswer(machine, -3, end), largest);
      }
      reader.close();
    }
    machine.put(path, whole);
  }
});

function timestampAnswer(machine: LogMachine, timestamp: number, end: number): [string, number, number] {
  const reader = machine.reader();
  const out = new TimestampResult();
  const status = reader.offsetForTimestamp(machine.snapshot(), timestamp, end, codecs, out);
  reader.close();
  return [status, out.offset, out.timestamp];
}

for (const damage of ['removed', 'filled with ff', 'cut to odd bytes', 'followed by zeros'] as const) {
  test(`index files ${damage} are made anew from the log`, () => {
    const { machine, batches, log } = written();
    log.close(true);
    const names = machine.names().filter((name) => name.endsWith('index'));
    const before = names.map((name) => machine.contents(`${directory}/${name}`));
    names.forEach((name, index) => {
      const path = `${directory}/${name}`;
      const bytes = before[index]!;
      if (damage === 'removed') machine.disk.unlink(path);
      else if (damage === 'filled with ff') machine.put(path, new Uint8Array(4096).fill(255));
      else if (damage === 'cut to odd bytes') machine.put(path, bytes.slice(0, -3));
      else machine.put(path, concatenated([bytes, new Uint8Array(24 * 100)]));
    });
    machine.restart();
    const reopened = machine.open(config, { cleanShutdown: true, recoveryPoint: log.logEndOffset });
    assert.deepEqual(readAll(machine, machine.reader(), 0), concatenated(batches));
    assert.equal(reopened.close(true), null);
    assert.deepEqual(
      names.map((name) => machine.contents(`${directory}/${name}`)),
      before,
    );
  });
}

test('leader epochs come from the batches when their checkpoint is damaged or behind', () => {
  const { machine, log, nextOffsets } = written();
  log.close(true);
  const path = `${directory}/leader-epoch-checkpoint`;
  const whole = machine.contents(path);
  const starts = [0, nextOffsets[7]!, nextOffsets[15]!];
  for (const bytes of [whole.slice(0, 5), new Uint8Array(0), whole, new TextEncoder().encode('0\n1\n0 0\n')]) {
    machine.restart();
    machine.put(path, bytes);
    const reopened = machine.open(config);
    const { leaderEpochs } = reopened;
    assert.deepEqual(
      [0, 1, 2].map((index) => leaderEpochs.startOffsetAt(index)),
      starts,
    );
    assert.deepEqual(machine.contents(path), whole);
    reopened.close(false);
  }
});

test('what a removal or a replacement leaves behind is tidied away', () => {
  const { machine, batches, log } = written();
  log.close(true);
  const names = machine.names();
  for (const name of [
    '00000000000000000003.log.deleted',
    '00000000000000000000.log.cleaned',
    '00000000000000000900.index',
    'leader-epoch-checkpoint.tmp',
  ]) {
    machine.put(`${directory}/${name}`, new Uint8Array(10));
  }
  machine.restart();
  machine.open(config, { cleanShutdown: true });
  assert.deepEqual(machine.names(), names);
  assert.deepEqual(readAll(machine, machine.reader(), 0), concatenated(batches));
});

/** A message of magic 0 or 1, as old logs have them. */
function legacyMessage(magic: 0 | 1, offset: number, timestamp: number): Uint8Array {
  const bytes = new Uint8Array(magic === 0 ? 30 : 38);
  const view = new DataView(bytes.buffer);
  view.setBigInt64(0, BigInt(offset));
  view.setInt32(8, bytes.length - 12);
  view.setInt8(16, magic);
  if (magic === 1) view.setBigInt64(18, BigInt(timestamp));
  view.setInt32(bytes.length - 12, -1);
  view.setInt32(bytes.length - 8, 4);
  bytes.fill(offset, bytes.length - 4);
  view.setUint32(12, crc32(bytes.subarray(16)));
  return bytes;
}

test('batches of magic 0 and 1 are walked in recovery, reads and lookups', () => {
  const machine = new LogMachine(20);
  machine.disk.makeDirectory(directory);
  const messages = Array.from({ length: 30 }, (_, offset) => legacyMessage(offset < 10 ? 0 : 1, offset, 500 + offset));
  const modern = makeBatch({ baseOffset: 30, timestamps: [600, 601] });
  const whole = concatenated([...messages, modern]);
  machine.put(pathOf(0, '.log'), whole);
  const log = machine.open(config);
  assert.equal(log.logEndOffset, 32);
  assert.deepEqual(readAll(machine, machine.reader(), 0, 200), whole);
  assert.deepEqual(timestampAnswer(machine, 515, 32), ['found', 15, 515]);
  assert.deepEqual(timestampAnswer(machine, 0, 32), ['found', 10, 510]);
  log.close(false);
  machine.restart();
  machine.put(
    pathOf(0, '.log'),
    whole.slice(0, messages.slice(0, 20).reduce((sum, message) => sum + message.length, 0) + 20),
  );
  assert.equal(machine.open(config).logEndOffset, 20);
});
