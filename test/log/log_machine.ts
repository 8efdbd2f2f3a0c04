import assert from 'node:assert/strict';
import { LogFailure } from '../../src/log/log_failure.ts';
import type { LogFailureKind } from '../../src/log/log_failure.ts';
import { logConfigDefaults } from '../../src/log/log_config.ts';
import type { LogConfig } from '../../src/log/log_config.ts';
import { LogReader } from '../../src/log/log_reader.ts';
import type { ReadMemory } from '../../src/log/log_reader.ts';
import { PartitionLog } from '../../src/log/partition_log.ts';
import type { PartitionLogOptions } from '../../src/log/partition_log.ts';
import { ReadPosition, ReadResult } from '../../src/log/read_position.ts';
import { alwaysBlock } from '../../src/log/read_policy.ts';
import type { ReadPolicy } from '../../src/log/read_policy.ts';
import { RowPublication } from '../../src/log/row_publication.ts';
import { DiskError } from '../../src/port/disk.ts';
import type { Disk } from '../../src/port/disk.ts';
import { IndexTailReader, IndexTailWriter } from '../../src/shared-memory/index_tail.ts';
import { indexTailStride } from '../../src/shared-memory/index_tail.ts';
import { PartitionTable, rowStride, RowSnapshot } from '../../src/shared-memory/partition_table.ts';
import type { RowWriter } from '../../src/shared-memory/row_writer.ts';
import { SegmentHeap, SegmentListReader, SegmentListWriter } from '../../src/shared-memory/segment_lists.ts';
import { SimClock, WallTime } from '../simulation/sim_clock.ts';
import { SimDisk } from '../simulation/sim_disk.ts';
import { SimEntropy } from '../simulation/sim_entropy.ts';
import { simKernels } from '../simulation/sim_kernels.ts';
import { SimThread } from '../simulation/sim_thread.ts';
import { World } from '../simulation/world.ts';

export const slot = 1;
export const directory = '/data/topic-0';

/** One machine with one data directory and one row, over which processes come and go. */
export class LogMachine {
  readonly world: World;
  readonly storage: SimDisk;
  thread: SimThread;
  disk: Disk;
  clock: SimClock;
  readonly wall: WallTime;
  table!: PartitionTable;
  row!: RowWriter;
  #tails!: SharedArrayBuffer;
  #heap!: SharedArrayBuffer;

  constructor(seed: number, options: Partial<SimDisk['options']> = {}) {
    this.world = new World(seed);
    this.storage = new SimDisk(this.world, options);
    this.wall = new WallTime(this.world);
    this.thread = new SimThread(this.world, 'shard', 1);
    this.disk = this.storage.portFor(this.thread);
    this.clock = new SimClock(this.thread, this.wall);
    this.#newMemory();
    this.disk.makeDirectory('/data');
    this.disk.syncDirectory('/');
    this.disk.syncDirectory('/data');
  }

  /** The process is gone, with its memory; `power`: and so is what was not synced. */
  crash(power: boolean): void {
    this.thread.end();
    if (power) this.storage.cutPower();
    else this.storage.killProcess();
    this.thread = new SimThread(this.world, 'shard', 1);
    this.disk = this.storage.portFor(this.thread);
    this.clock = new SimClock(this.thread, this.wall);
    this.#newMemory();
  }

  /** An orderly restart. */
  restart(): void {
    this.crash(false);
  }

  options(overrides: Partial<PartitionLogOptions> = {}): PartitionLogOptions {
    return {
      disk: this.disk,
      kernels: simKernels,
      clock: this.clock,
      entropy: new SimEntropy(this.world.random),
      directory,
      config: logConfigDefaults,
      indexTail: new IndexTailWriter(this.#tails, slot),
      publication: new RowPublication(this.row, new SegmentListWriter(new SegmentHeap(this.#heap), this.row)),
      logStartOffset: 0,
      recoveryPoint: 0,
      cleanShutdown: false,
      damageAboveRecoveryPoint: 'cut',
      ...overrides,
    };
  }

  open(config: Partial<LogConfig> = {}, overrides: Partial<PartitionLogOptions> = {}): PartitionLog {
    return succeeded(this.tryOpen(config, overrides));
  }

  tryOpen(config: Partial<LogConfig> = {}, overrides: Partial<PartitionLogOptions> = {}): PartitionLog | LogFailure {
    const log = PartitionLog.open(this.options({ config: { ...logConfigDefaults, ...config }, ...overrides }));
    if (!(log instanceof LogFailure)) this.publish(log);
    return log;
  }

  /** What a partition does after a commit. */
  publish(log: PartitionLog): void {
    this.row.logStartOffset = log.logStartOffset;
    this.row.localLogStartOffset = log.logStartOffset;
    this.row.logEndOffset = log.logEndOffset;
    this.row.activeSegmentBytes = log.activeSegmentBytes;
    this.row.highWatermark = log.logEndOffset;
    this.row.publish();
  }

  snapshot(): RowSnapshot {
    const snapshot = new RowSnapshot();
    assert.ok(this.table.snapshot(slot, snapshot));
    return snapshot;
  }

  reader(policy: ReadPolicy = alwaysBlock, segmentsMax = 4, at = directory): LogReader {
    return new LogReader({
      disk: this.disk,
      clock: this.clock,
      table: this.table,
      indexTails: new IndexTailReader(this.#tails),
      segmentLists: new SegmentListReader([this.#heap]),
      policy,
      directoryOf: () => at,
      segmentsMax,
    });
  }

  /** Commits what is staged and waits for it. */
  commit(log: PartitionLog): LogFailure | null {
    let outcome: LogFailure | null | undefined;
    log.commit((failure) => {
      outcome = failure;
    });
    this.world.runUntil(() => outcome !== undefined, 60_000);
    assert.notEqual(outcome, undefined, 'a commit ends');
    this.publish(log);
    return outcome as LogFailure | null;
  }

  flush(log: PartitionLog): LogFailure | null {
    let outcome: LogFailure | null | undefined;
    log.flush((failure) => {
      outcome = failure;
    });
    this.world.runUntil(() => outcome !== undefined, 60_000);
    assert.notEqual(outcome, undefined, 'a flush ends');
    return outcome as LogFailure | null;
  }

  /** Bytes of a file as they are now. */
  contents(path: string): Uint8Array {
    const file = this.storage.file(path);
    assert.ok(file !== null, `${path} is there`);
    return file.contents();
  }

  names(at = directory): string[] {
    return succeeded(this.disk.list(at)).map((entry) => entry.name);
  }

  put(path: string, bytes: Uint8Array): void {
    const file = succeeded(this.disk.open(path, 'write'));
    assert.equal(file.truncate(0), null);
    for (let at = 0; at < bytes.length;) {
      const written = file.write([bytes.subarray(at)], at);
      assert.ok(typeof written === 'number');
      at += written;
    }
    file.sync();
    file.close();
  }

  #newMemory(): void {
    const rows = new SharedArrayBuffer(rowStride * 2);
    this.#tails = new SharedArrayBuffer(indexTailStride * 2);
    this.#heap = new SharedArrayBuffer(64 * 1024);
    this.table = new PartitionTable(rows);
    this.row = this.table.row(slot);
    this.row.state = 3;
    this.row.owner = 1;
    this.row.publish();
  }
}

/** The outcome of what must not fail. */
export function succeeded<T>(outcome: T | LogFailure | DiskError): T {
  if (outcome instanceof LogFailure || outcome instanceof DiskError) assert.fail(outcome.toString());
  return outcome;
}

/** The failure of what must fail in this way. */
export function assertFails(outcome: unknown, kind: LogFailureKind, message = ''): void {
  assert.ok(outcome instanceof LogFailure, `${message}: it did not fail`);
  assert.equal(outcome.kind, kind, `${message}: ${outcome.toString()}`);
}

export function readMemory(bytes: number): ReadMemory {
  const memory = new Uint8Array(bytes);
  return { bytes: memory, view: new DataView(memory.buffer) };
}

/** Everything of the log from an offset on, read as a consumer would. */
export function readAll(
  machine: LogMachine,
  reader: LogReader,
  offset: number,
  room = 4096,
  endOffset = Infinity,
): Uint8Array {
  const row = machine.snapshot();
  const position = new ReadPosition();
  const result = new ReadResult();
  const parts: Uint8Array[] = [];
  let at = Math.max(offset, row.logStartOffset);
  for (;;) {
    const status = reader.locate(row, at, position, position);
    if (status === 'atEnd') break;
    assert.equal(status, 'found', `locate ${at}: ${status} ${String(reader.failure)}`);
    const memory = readMemory(Math.max(room, position.batchBytes));
    let read = reader.read(row, position, endOffset, memory, 0, memory.bytes.length, result);
    if (result.isPartial) {
      const larger = readMemory(result.next.batchBytes);
      read = reader.read(row, position, endOffset, larger, 0, larger.bytes.length, result);
      parts.push(larger.bytes.slice(0, result.bytes));
    } else parts.push(memory.bytes.slice(0, result.bytes));
    if (read === 'atEnd') break;
    assert.equal(read, 'found', `read ${at}: ${read} ${String(reader.failure)}`);
    assert.equal(result.isPartial, false);
    assert.ok(result.next.offset > at);
    at = result.next.offset;
    position.copyFrom(result.next);
  }
  return concatenated(parts);
}

export function concatenated(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
