import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MetadataSnapshots, type SnapshotConfig } from '../../src/metadata/metadata_snapshots.ts';
import type { MetadataLog } from '../../src/metadata/metadata_log.ts';
import { takeSnapshot, type SnapshotTask, type TakenSnapshot } from '../../src/metadata/snapshot_task.ts';
import { readSnapshot } from '../../src/metadata/snapshot_reader.ts';
import { MetadataWatermark, metadataWatermarkBytes } from '../../src/metadata/watermark.ts';
import { unpack } from '../log/kafka_directories.ts';
import { LogMachine } from '../log/log_machine.ts';
import { simKernels } from '../simulation/sim_kernels.ts';
import { appendTopics, directory, names, open, segments, tryOpen, voter } from './metadata_log_fixture.ts';

const config = { segmentBytes: 700, segmentMs: 1_000_000_000, fileDeleteDelayMs: 0 };
const everything: SnapshotConfig = {
  bytesBetweenSnapshotsMax: 1,
  snapshotIntervalMsMax: 0,
  retentionBytesMax: -1,
  retentionMsMax: -1,
};

function snapshotsIn(machine: LogMachine, at = directory): string[] {
  return machine.names(at).filter((name) => name.includes('.checkpoint') && !name.startsWith('leader'));
}

/** Reads what was appended, as control does after each commit. */
function caughtUp(log: MetadataLog): void {
  assert.equal(log.reader.readTo(log.nextOffset, { record: () => null, control: () => null }), null);
}

/** Snapshots of a log, whose tasks run when the test says so. */
class Harness {
  readonly snapshots: MetadataSnapshots;
  readonly watermark = new MetadataWatermark(new SharedArrayBuffer(metadataWatermarkBytes(1)));
  readonly said: string[] = [];
  readonly #machine: LogMachine;
  isInTransaction = false;
  waiting: { task: SnapshotTask; done: (outcome: TakenSnapshot | null) => void } | null = null;

  constructor(machine: LogMachine, log: MetadataLog, overrides: Partial<SnapshotConfig> = {}) {
    this.#machine = machine;
    const { disk, clock } = machine;
    this.snapshots = new MetadataSnapshots({
      disk,
      kernels: simKernels,
      clock,
      config: { ...everything, ...overrides },
      log,
      watermark: this.watermark,
      partitionsMax: 1000,
      isInTransaction: () => this.isInTransaction,
      run: (task, done) => {
        this.waiting = { task, done };
      },
      warn: (message, why) => this.said.push(`${message}: ${why}`),
      failed: (why) => this.said.push(`failed: ${why}`),
    });
  }

  /** Carries out the task that waits, if one does. */
  work(): boolean {
    if (this.waiting === null) return false;
    const { task, done } = this.waiting;
    this.waiting = null;
    const { disk, clock } = this.#machine;
    done(takeSnapshot(structuredClone(task), { disk, clock, kernels: simKernels }));
    return true;
  }
}

/** A log of `topics` topics over many segments, with a snapshot behind each of `marks`. */
function withSnapshots(
  seed: number,
  topics: number,
  marks: readonly number[],
  overrides: Partial<SnapshotConfig> = {},
) {
  const machine = new LogMachine(seed);
  const { log } = open(machine, { config });
  const harness = new Harness(machine, log, overrides);
  let nowMs = machine.clock.monotonicMs();
  for (let number = 0; number < topics; number++) {
    appendTopics(log, number, number + 1);
    caughtUp(log);
    if (!marks.includes(number + 1)) continue;
    harness.snapshots.tick(nowMs++);
    assert.ok(harness.work());
  }
  assert.deepEqual(harness.said, []);
  return { machine, log, harness };
}

test('a start reads the newest snapshot and the log behind it, and finds the same', () => {
  const { machine, log } = withSnapshots(1, 20, [7, 8, 15]);
  assert.equal(snapshotsIn(machine).length, 3);
  const { nextOffset } = log;
  machine.crash(true);
  const again = open(machine, { config });
  assert.deepEqual(again.names, names(20));
  assert.equal(again.log.start.snapshot?.endOffset, 3 + 15 * 3);
  assert.equal(again.log.nextOffset, nextOffset + 1);
  assert.ok(again.log.reader.bytesRead < log.sizeBytes / 2);
});

test('a damaged newest snapshot gives way to the one before, whichever byte it is in (row 39)', () => {
  const { machine } = withSnapshots(1, 12, [5, 10]);
  const path = `${directory}/${snapshotsIn(machine).at(-1)!}`;
  const bytes = machine.contents(path);
  for (let at = 0; at < bytes.length; at += 3) {
    machine.crash(false);
    const damaged = bytes.slice();
    damaged[at]! ^= 4;
    machine.put(path, at % 2 === 0 ? damaged : bytes.slice(0, at));
    const { names: found, log } = open(machine, { config });
    assert.deepEqual(found, names(12));
    const used = log.start.snapshot?.endOffset;
    // The epoch in the head of a batch is what no checksum covers.
    if (used !== 3 + 5 * 3) assert.equal(log.damagedSnapshots.length, 0, `byte ${at}`);
    else assert.match(log.damagedSnapshots[0]!, /is damaged|outside of|does not belong/);
  }
});

test('without a whole snapshot a log that has lost its front is refused; with one the front may go', () => {
  const { machine, log, harness } = withSnapshots(1, 30, [10, 20], { retentionBytesMax: 0 });
  harness.snapshots.clean();
  assert.equal(snapshotsIn(machine).length, 2, 'a thread still reads the front');
  harness.watermark.applied(1, log.nextOffset);
  harness.snapshots.clean();
  assert.deepEqual(harness.said, []);
  const [kept, ...more] = snapshotsIn(machine);
  assert.deepEqual(more, []);
  assert.ok(log.logStartOffset > 10 * 3 && log.logStartOffset <= 3 + 20 * 3);
  assert.equal(segments(machine)[0], log.logStartOffset);
  machine.crash(true);
  assert.deepEqual(open(machine, { config }).names, names(30));
  machine.crash(false);
  const path = `${directory}/${kept!}`;
  machine.put(path, machine.contents(path).slice(0, 100));
  assert.match(tryOpen(machine, { config }) as string, /is damaged.*reaches from offset .*restore a snapshot/);
});

test('what an interrupted snapshot left is removed, and a log that ends before its snapshot is refused', () => {
  const { machine, log } = withSnapshots(1, 3, [3]);
  log.close(false);
  machine.put(`${directory}/00000000000000000099-0000000001.checkpoint.part`, new Uint8Array(10));
  machine.crash(false);
  assert.deepEqual(open(machine, { config }).names, names(3));
  assert.equal(snapshotsIn(machine).length, 1);
  machine.crash(false);
  for (const base of segments(machine)) machine.disk.unlink(`${directory}/${String(base).padStart(20, '0')}.log`);
  assert.match(tryOpen(machine, { config }) as string, /recovery point/);
});

test('snapshots are due by bytes, or by time where anything was written; not in a transaction', () => {
  const machine = new LogMachine(1);
  const { log } = open(machine);
  const nowMs = machine.clock.monotonicMs();
  const bySize = new Harness(machine, log, { bytesBetweenSnapshotsMax: 1000 });
  const byTime = new Harness(machine, log, { bytesBetweenSnapshotsMax: 1e9, snapshotIntervalMsMax: 5000 });
  bySize.snapshots.tick(nowMs + 1e6);
  assert.equal(bySize.waiting, null);
  byTime.snapshots.tick(nowMs + 4999);
  assert.equal(byTime.waiting, null);
  appendTopics(log, 0, 8);
  caughtUp(log);
  byTime.isInTransaction = true;
  byTime.snapshots.tick(nowMs + 5000);
  assert.equal(byTime.waiting, null);
  byTime.isInTransaction = false;
  byTime.snapshots.tick(nowMs + 5000);
  bySize.snapshots.tick(nowMs + 5000);
  assert.notEqual(bySize.waiting, null);
  assert.ok(byTime.work());
  byTime.snapshots.tick(nowMs + 5_000_000);
  assert.equal(byTime.waiting, null, 'nothing new was written');
});

test('a snapshot that does not fit leaves nothing and is tried again; a failing disk is told of', () => {
  const machine = new LogMachine(1);
  const { log } = open(machine);
  appendTopics(log, 0, 8);
  caughtUp(log);
  const harness = new Harness(machine, log);
  const nowMs = machine.clock.monotonicMs();
  const { storage } = machine;
  storage.options = { ...storage.options, capacityBytes: storage.usedBytes + 300 };
  harness.snapshots.tick(nowMs);
  harness.work();
  assert.match(harness.said.pop()!, /no snapshot of the metadata was made: .*ENOSPC/);
  assert.deepEqual(snapshotsIn(machine), []);
  storage.options = { ...storage.options, capacityBytes: Infinity };
  harness.snapshots.tick(nowMs + 59_000);
  assert.equal(harness.waiting, null);
  harness.snapshots.tick(nowMs + 100_000);
  storage.faults.arm({ operations: ['sync'], path: '.part', effect: { kind: 'error', code: 'EIO' } });
  harness.work();
  assert.match(harness.said.pop()!, /^failed: .*EIO/);
});

test('what is older than the retention goes, but never the last snapshot', () => {
  const { machine, log, harness } = withSnapshots(1, 30, [10, 20, 30], { retentionMsMax: 1000 });
  harness.watermark.applied(1, log.nextOffset);
  machine.wall.jump(-machine.clock.wallMs() + 1_500);
  harness.snapshots.clean();
  assert.equal(snapshotsIn(machine).length, 3, 'records are stamped 1000 and more');
  machine.wall.jump(100_000);
  harness.snapshots.clean();
  assert.equal(snapshotsIn(machine).length, 1);
  assert.deepEqual(harness.said, []);
});

/** The records of a snapshot as text, sorted: topics stand in the order in which an image came to know them. */
function recordsOf(machine: LogMachine, at: string, endOffset: number): string[] {
  const lines: string[] = [];
  const facts = readSnapshot(
    machine.disk,
    simKernels,
    at,
    { endOffset, epoch: 3 },
    {
      record(type, version, fields) {
        lines.push(`${type} ${version} ${Buffer.from(fields.copy(fields.remaining)).toString('hex')}`);
        return null;
      },
      control: () => null,
    },
  );
  assert.notEqual(typeof facts, 'string', JSON.stringify(facts));
  return lines.toSorted();
}

test('the metadata of Apache Kafka is read by its snapshot and by its whole log, with the same image', () => {
  const taken = [true, false].map((hasSnapshots) => {
    const machine = new LogMachine(1);
    unpack('clean', machine);
    const at = '/d1/__cluster_metadata-0';
    assert.deepEqual(snapshotsIn(machine, at).length, 3);
    if (!hasSnapshots) for (const name of snapshotsIn(machine, at)) machine.disk.unlink(`${at}/${name}`);
    const text = Buffer.from(machine.contents('/d1/meta.properties')).toString();
    const directoryId = /^directory\.id=(.*)$/m.exec(text)![1]!;
    const own = { dataDirectory: '/d1', isClean: true, voter: { ...voter, directoryId } };
    const { log } = open(machine, own);
    assert.equal(log.leaderEpoch, 3);
    const { start, nextOffset: endOffset } = log;
    const { disk, clock } = machine;
    const outcome = takeSnapshot({ start, endOffset, partitionsMax: 1000 }, { disk, clock, kernels: simKernels });
    assert.equal(outcome.why, null);
    return recordsOf(machine, at, endOffset);
  });
  assert.ok(taken[0]!.length > 100);
  assert.deepEqual(taken[0], taken[1]);
});
