import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { createCodecs } from '../../src/platform/codecs.ts';
import { batchLeaderEpoch } from '../../src/log/batch_header.ts';
import { producerIdAt } from '../../src/log/producer_id.ts';
import { readTransactionIndex } from '../../src/log/transaction_index.ts';
import type { Disk } from '../../src/port/disk.ts';
import { readLogDirectory } from '../../src/log/log_directory.ts';
import type { PartitionDirectory } from '../../src/log/log_directory.ts';
import { recoverLog } from '../../src/log/log_recovery.ts';
import { PartitionLog } from '../../src/log/partition_log.ts';
import { TimestampResult } from '../../src/log/read_position.ts';
import { logConfigDefaults } from '../../src/log/log_config.ts';
import type { LogConfig } from '../../src/log/log_config.ts';
import {
  baseOffsetOf,
  baseTimestampOf,
  codecOf,
  isControl,
  isLogAppendTime,
  isTransactional,
  maxTimestampOf,
  PRODUCER_ID_AT,
  recordCountOf,
  RECORDS_AT,
  sizeOf,
} from '../../src/protocol/record_batch.ts';
import { RecordWalker } from '../../src/protocol/records.ts';
import { simKernels } from '../simulation/sim_kernels.ts';
import { expectedOf, unpack } from './kafka_directories.ts';
import type { ExpectedPartition, Fixture } from './kafka_directories.ts';
import { LogMachine, readAll, succeeded } from './log_machine.ts';

const codecs = createCodecs(null);

function partitionsOf(machine: LogMachine, path: string): { clean: boolean; partitions: PartitionDirectory[] } {
  const read = succeeded(readLogDirectory(machine.disk, simKernels, path));
  assert.deepEqual(read.damagedCheckpoints, []);
  return { clean: read.isClean, partitions: read.partitions.filter(({ name }) => name.state === 'current') };
}

function configOf(expected: ExpectedPartition | undefined): LogConfig {
  const configs = expected?.configs ?? {};
  return {
    ...logConfigDefaults,
    segmentBytes: Number(
      configs['internal.segment.bytes'] ?? configs['segment.bytes'] ?? logConfigDefaults.segmentBytes,
    ),
    indexIntervalBytes: Number(configs['index.interval.bytes'] ?? logConfigDefaults.indexIntervalBytes),
    segmentIndexBytes: 65536,
    gapsAllowed: configs['cleanup.policy']?.includes('compact') ?? false,
  };
}

function opened(machine: LogMachine, directory: PartitionDirectory, clean: boolean, config: LogConfig): PartitionLog {
  machine.restart();
  const opening = PartitionLog.open(
    machine.options({
      directory: directory.path,
      config,
      logStartOffset: directory.logStartOffset,
      recoveryPoint: directory.recoveryPoint,
      cleanShutdown: clean,
      closedEnd: clean ? directory.recoveryPoint : 0,
    }),
  );
  const log = succeeded(opening);
  machine.publish(log);
  return log;
}

interface FoundRecord {
  readonly offset: number;
  readonly timestamp: number;
  readonly digest: string;
  /** -1 outside of a transaction. */
  readonly transactionOf: number;
}

const sha256 = (content: Uint8Array | string): string => createHash('sha256').update(content).digest('hex');

/** All records but those of control batches. */
function recordsOf(bytes: Uint8Array): FoundRecord[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records: FoundRecord[] = [];
  const walker = new RecordWalker();
  for (let at = 0; at < bytes.length; at += sizeOf(view, at)) {
    if (isControl(view, at)) continue;
    const start = at + RECORDS_AT;
    const end = at + sizeOf(view, at);
    const codec = codecOf(view, at);
    const plain = codec === 0 ? bytes.slice(start, end) : codecs.decompress(codec, bytes, start, end, 1 << 21);
    assert.ok(plain instanceof Uint8Array);
    const appendTime = isLogAppendTime(view, at) ? maxTimestampOf(view, at) : -1;
    const count = recordCountOf(view, at);
    const epoch = batchLeaderEpoch(view, at);
    const transactionOf = isTransactional(view, at) ? Number(producerIdAt(view, at + PRODUCER_ID_AT)) : -1;
    walker.reset(plain, 0, plain.length, count, baseOffsetOf(view, at), baseTimestampOf(view, at), appendTime);
    while (walker.next()) {
      const { offset, timestamp } = walker;
      records.push({ offset, timestamp, digest: digestOf(walker, plain, epoch), transactionOf });
    }
    assert.equal(walker.failed, false);
  }
  return records;
}

/** As the fixtures have it: of leader epoch, key, value and headers. */
function digestOf(walker: RecordWalker, bytes: Uint8Array, leaderEpoch: number): string {
  const part = (start: number, end: number): Uint8Array | null => (start < 0 ? null : bytes.subarray(start, end));
  const text = (start: number, end: number): string | null => {
    const found = part(start, end);
    return found === null ? null : Buffer.from(found).toString();
  };
  const value = part(walker.valueStart, walker.valueEnd);
  const key = text(walker.keyStart, walker.keyEnd);
  const headers: (string | null)[][] = [];
  while (walker.nextHeader()) {
    const name = text(walker.headerKeyStart, walker.headerKeyEnd);
    headers.push([name, text(walker.headerValueStart, walker.headerValueEnd)]);
  }
  const valueDigest = value === null ? null : sha256(value).slice(0, 32);
  return sha256(JSON.stringify([leaderEpoch, key, valueDigest, headers])).slice(0, 8);
}

/** What a consumer with read_committed gets, as runs of offsets. */
function committedOf(log: PartitionLog, disk: Disk, records: readonly FoundRecord[], end: number): number[][] {
  const aborted = log.segments.flatMap(({ baseOffset }, index) => {
    const next = log.segments[index + 1]?.baseOffset ?? log.logEndOffset;
    return succeeded(readTransactionIndex(disk, log.directory, baseOffset, next)) ?? assert.fail('a damaged index');
  });
  assert.equal(log.producers.abortedTransactions, aborted.length);
  const runs: number[][] = [];
  for (const { offset, transactionOf } of records) {
    if (offset >= end) continue;
    const isAborted = aborted.some(
      ({ producerId, firstOffset, lastOffset }) =>
        Number(producerId) === transactionOf && offset >= firstOffset && offset <= lastOffset,
    );
    if (isAborted) continue;
    const run = runs.at(-1);
    if (run !== undefined && run[1] === offset - 1) run[1] = offset;
    else runs.push([offset, offset]);
  }
  return runs;
}

/** In the background first, as a node does it: the log then opens as after a clean stop. */
function recovered(machine: LogMachine, directory: PartitionDirectory, config: LogConfig): void {
  const { path, logStartOffset, recoveryPoint } = directory;
  const { disk, clock } = machine;
  const recovery = { directory: path, config, logStartOffset, recoveryPoint };
  assert.equal(recoverLog(recovery, { disk, kernels: simKernels, clock }).failure, null);
}

const ways: readonly (readonly [Fixture, 'opened' | 'recovered'])[] = [
  ['clean', 'opened'],
  ['killed', 'opened'],
  ['killed', 'recovered'],
  ['torn', 'opened'],
  ['torn', 'recovered'],
];

for (const [fixture, way] of ways) {
  test(`a directory of Apache Kafka is read as it would be there: ${fixture}, ${way}`, () => {
    const machine = new LogMachine(1);
    unpack(fixture, machine);
    const expected = expectedOf(fixture);
    let compared = 0;
    for (const path of ['/d1', '/d2']) {
      const { clean, partitions } = partitionsOf(machine, path);
      assert.equal(clean, fixture === 'clean');
      for (const directory of partitions) {
        const name = directory.path.slice(4);
        const wanted = expected.get(name);
        if (wanted === undefined) continue;
        assert.equal(directory.topicId, wanted.topicId);
        if (way === 'recovered') recovered(machine, directory, configOf(wanted));
        const isWhole = clean || way === 'recovered';
        const log = opened(machine, directory, isWhole, configOf(wanted));
        assert.deepEqual([name, log.logStartOffset, log.logEndOffset], [name, wanted.start, wanted.end]);
        log.producers.highWatermarkMoved(log.logEndOffset);
        const lastStableOffset = Math.min(log.producers.firstUnstableOffset, log.logEndOffset);
        assert.deepEqual([name, lastStableOffset], [name, wanted.lastStableOffset]);
        if (isWhole) assert.equal(log.report.scannedBatches + log.report.rebuiltIndexes, 0, name);

        const reader = machine.reader(undefined, 4, directory.path);
        const records = recordsOf(readAll(machine, reader, log.logStartOffset, 1000));
        const inLog = records.filter(({ offset }) => offset >= log.logStartOffset);
        if (wanted.records !== undefined) {
          assert.deepEqual(
            inLog.map(({ offset, timestamp, digest }) => [offset, timestamp, digest]),
            wanted.records,
            name,
          );
          compared += inLog.length;
          assert.deepEqual(committedOf(log, machine.disk, inLog, lastStableOffset), wanted.committed, name);
        }
        const largest = new TimestampResult();
        reader.offsetForTimestamp(machine.snapshot(), -3, log.logEndOffset, codecs, largest);
        const found = [name, largest.offset, largest.timestamp];
        assert.deepEqual(found, [name, wanted.maxTimestampOffset, wanted.maxTimestamp]);
        reader.close();
        log.close(false);
      }
    }
    assert.ok(compared > 400, `${compared} records were compared`);
  });
}

test('indexes made anew are those that Apache Kafka wrote', () => {
  const machine = new LogMachine(2);
  unpack('clean', machine);
  const expected = expectedOf('clean');
  let compared = 0;
  for (const path of ['/d1', '/d2']) {
    for (const directory of partitionsOf(machine, path).partitions) {
      const wanted = expected.get(directory.path.slice(4));
      // The cleaner indexes what it copies at other places.
      if (wanted === undefined || wanted.configs['cleanup.policy']?.includes('compact')) continue;
      const names = machine
        .names(directory.path)
        .filter((name) => name.endsWith('index') && !name.endsWith('.txnindex'));
      const before = new Map(names.map((name) => [name, machine.contents(`${directory.path}/${name}`)]));
      for (const name of names) machine.disk.unlink(`${directory.path}/${name}`);
      const log = opened(machine, { ...directory, recoveryPoint: 0 }, false, configOf(wanted));
      assert.equal(log.report.rebuiltIndexes, log.segments.length);
      for (const [name, bytes] of before) {
        // Kafka forgets at a restart how many bytes lie behind the last entry.
        if (wasActiveAtRestart(log, Number.parseInt(name))) continue;
        assert.deepEqual(machine.contents(`${directory.path}/${name}`), bytes, `${directory.path}/${name}`);
        compared += bytes.length;
      }
      log.close(false);
    }
  }
  assert.ok(compared > 1000);
});

function wasActiveAtRestart(log: PartitionLog, baseOffset: number): boolean {
  const index = log.segments.findIndex((segment) => segment.baseOffset === baseOffset);
  const end = log.segments[index + 1]?.baseOffset ?? log.logEndOffset;
  for (let epoch = 0; epoch < log.leaderEpochs.size; epoch++) {
    const start = log.leaderEpochs.startOffsetAt(epoch);
    if (start > baseOffset && start < end) return true;
  }
  return false;
}

test('the metadata log of a torn directory ends where Apache Kafka cuts it', () => {
  const machine = new LogMachine(3);
  unpack('torn', machine);
  const directory = partitionsOf(machine, '/d1').partitions.find(({ name }) => name.topic === '__cluster_metadata')!;
  const log = opened(machine, directory, false, configOf(undefined));
  assert.equal(log.logEndOffset, 338);
  assert.equal(log.report.truncatedBytes, 36);
  assert.ok(machine.names(directory.path).includes('quorum-state'));
});

test('a missing epoch checkpoint is made anew from the batches', () => {
  const machine = new LogMachine(4);
  unpack('clean', machine);
  for (const directory of partitionsOf(machine, '/d2').partitions) {
    if (directory.name.topic !== 'segmented') continue;
    const path = `${directory.path}/leader-epoch-checkpoint`;
    const before = machine.contents(path);
    machine.disk.unlink(path);
    opened(machine, directory, true, configOf(undefined)).close(false);
    assert.deepEqual(machine.contents(path), before);
  }
});

test('segments, snapshots and transaction indexes of Apache Kafka stay as they are through a clean stop', () => {
  const machine = new LogMachine(5);
  unpack('clean', machine);
  const directory = partitionsOf(machine, '/d1').partitions.find(({ path }) => path === '/d1/txn-0')!;
  const before = machine.names(directory.path).map((name) => [name, machine.contents(`${directory.path}/${name}`)]);
  const log = opened(machine, directory, true, configOf(expectedOf('clean').get('txn-0')));
  assert.equal(log.close(true), null);
  const after = machine.names(directory.path).map((name) => [name, machine.contents(`${directory.path}/${name}`)]);
  assert.deepEqual(after, before);
});
