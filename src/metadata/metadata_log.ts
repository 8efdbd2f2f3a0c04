import { assert } from '../base/assert.ts';
import { ByteWriter } from '../base/bytes.ts';
import type { Uuid } from '../base/uuid.ts';
import { uuidOfWords, ZERO_UUID } from '../base/uuid.ts';
import { readOffsetCheckpoint, writeOffsetCheckpoint } from '../log/checkpoint_file.ts';
import { logConfigDefaults } from '../log/log_config.ts';
import { LogFailure } from '../log/log_failure.ts';
import { PartitionLog } from '../log/partition_log.ts';
import { readPartitionMetadata, writePartitionMetadata } from '../log/partition_metadata.ts';
import type { Clock } from '../port/clock.ts';
import type { Disk } from '../port/disk.ts';
import type { Entropy } from '../port/entropy.ts';
import type { Kernels } from '../port/kernels.ts';
import { ControlType } from '../protocol/record_batch_writer.ts';
import { leaderChangeMessage } from '../protocol/schema/control_records.ts';
import { IndexTailWriter, indexTailStride } from '../shared-memory/index_tail.ts';
import { noSink, type MetadataSink } from './batch_file.ts';
import { MetadataReader, type MetadataStart } from './metadata_reader.ts';
import { StartSearch } from './metadata_start.ts';
import { readQuorumState, writeQuorumState } from './quorum_state.ts';
import { KRAFT_VERSION_MAX, QuorumVoters, type QuorumFacts, type QuorumVoter } from './quorum_voters.ts';
import {
  controlRecord,
  MetadataBatchWriter,
  type BatchContext,
  type ControlRecord,
  type MetadataRecord,
} from './records.ts';

export const METADATA_TOPIC = '__cluster_metadata';
export const METADATA_TOPIC_DIRECTORY = `${METADATA_TOPIC}-0`;
export const METADATA_TOPIC_ID: Uuid = uuidOfWords(0, 0, 0, 1);
const RECOVERY_POINT = 'recovery-point-offset-checkpoint';
/** What one append may hold: a batch is the unit that takes place as a whole or not at all. */
export const RECORDS_PER_APPEND_MAX = 10_000;

/** The settings of the metadata log. */
export interface MetadataLogConfig {
  /** `metadata.log.segment.bytes` */
  readonly segmentBytes: number;
  /** `metadata.log.segment.ms` */
  readonly segmentMs: number;
  /** `internal.metadata.delete.delay.millis` */
  readonly fileDeleteDelayMs: number;
}

export interface MetadataLogOptions {
  readonly disk: Disk;
  readonly kernels: Kernels;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly config: MetadataLogConfig;
  /** The data directory that holds `__cluster_metadata-0`, and whether the node stopped cleanly the last time. */
  readonly dataDirectory: string;
  readonly isClean: boolean;
  /** This controller, which is the whole quorum. */
  readonly voter: QuorumVoter;
  /** `kraft.version` that a new log begins with: 0 where the configuration names the voters, 1 where the log does. */
  readonly kraftVersion: number;
}

/**
 * The metadata log of a node that is its own quorum: a log like that of any partition, whose one voter elects itself at
 * each start, in a new epoch, and to whom a record is committed when it is on stable storage. Written by control alone.
 * The quorum takes the place of this class, behind the same few calls.
 *
 *     open: newest whole snapshot ─► log behind it ─► synced ─► sink has all of it
 *       └─► epoch + 1 into quorum-state ─► LeaderChange record ─► append …
 */
export class MetadataLog {
  /** From where other threads, and tasks, read it. */
  readonly start: MetadataStart;
  /** Why newer snapshots than that of `start` could not be used. */
  readonly damagedSnapshots: readonly string[];
  /** The reader that has handed out everything that the opening found. The caller goes on with it. */
  readonly reader: MetadataReader;
  readonly leaderEpoch: number;
  /** When this epoch began, monotonic. */
  readonly epochStartMs: number;
  readonly #options: MetadataLogOptions;
  readonly #log: PartitionLog;
  readonly #batches: MetadataBatchWriter;
  readonly #writer: ByteWriter;
  readonly #quorum: QuorumVoters;
  #notedRecoveryPoint = -1;

  /**
   * Opens the log, made if it is not there, hands everything in it to `sink`, and begins a new epoch. What a crash left
   * unfinished behind the last whole batch was never committed and is cut off; any other damage is refused. Returns why
   * it cannot. Blocks.
   */
  static open(options: MetadataLogOptions, sink: MetadataSink): MetadataLog | string {
    const { disk, kernels, dataDirectory, isClean } = options;
    const directory = `${dataDirectory}/${METADATA_TOPIC_DIRECTORY}`;
    const made = makeDirectory(options, directory);
    if (made !== null) return made;
    const state = readQuorumState(disk, kernels, directory);
    if (typeof state === 'string') return state;
    const synced = readRecoveryPoint(options, directory);
    if (synced instanceof LogFailure) return synced.toString();
    const found = StartSearch.begin(disk, kernels, directory, synced, isClean);
    if (typeof found === 'string') return found;
    const log = openLog(options, directory, found.recoveryPoint);
    if (log instanceof LogFailure) return log.toString();
    const start = found.locate(log);
    if (typeof start === 'string') return start;
    // A process that was killed may have left records that only the page cache has: they count from here on.
    const failure = log.flushNow();
    if (failure !== null) return failure.toString();
    const quorum = new QuorumVoters();
    const reader = new MetadataReader(disk, kernels, start);
    const problem = reader.readTo(log.logEndOffset, {
      record: (type, version, fields) => sink.record(type, version, fields),
      control: (type, fields) => quorum.apply(type, fields) ?? sink.control(type, fields),
    });
    if (problem !== null) return problem;
    const refusal = refuseOthers(quorum, options.voter);
    if (refusal !== null) return refusal;
    const lastEpoch = Math.max(state?.leaderEpoch ?? 0, reader.leaderEpoch, log.leaderEpochs.latestEpoch, 0);
    const opened = new MetadataLog(options, log, start, found.damaged, reader, quorum, lastEpoch + 1);
    return opened.#lead() ?? opened;
  }

  private constructor(
    options: MetadataLogOptions,
    log: PartitionLog,
    start: MetadataStart,
    damagedSnapshots: readonly string[],
    reader: MetadataReader,
    quorum: QuorumVoters,
    leaderEpoch: number,
  ) {
    this.damagedSnapshots = damagedSnapshots;
    const { kernels, clock } = options;
    this.start = start;
    this.reader = reader;
    this.leaderEpoch = leaderEpoch;
    this.epochStartMs = clock.monotonicMs();
    this.#options = options;
    this.#log = log;
    this.#batches = new MetadataBatchWriter(kernels);
    this.#writer = new ByteWriter((text) => kernels.encodeText(text), 4096);
    this.#quorum = quorum;
  }

  /** Offset of the next record. Everything below is committed. */
  get nextOffset(): number {
    return this.#log.logEndOffset;
  }

  get logStartOffset(): number {
    return this.#log.logStartOffset;
  }

  /** Committed bytes of all segments. */
  get sizeBytes(): number {
    return this.#log.sizeBytes;
  }

  get quorum(): QuorumFacts {
    return this.#quorum;
  }

  /** Why nothing is written any more before a restart; null while the log works. */
  get failure(): string | null {
    return this.#log.failure?.toString() ?? null;
  }

  /** The epoch that the record at `offset` was written in. */
  epochOf(offset: number): number {
    return this.#log.leaderEpochs.epochOf(offset);
  }

  /**
   * Writes one batch and syncs it: atomic, and committed when this returns null. Else nothing of it took place. Blocks.
   */
  append(records: readonly MetadataRecord[], timestampMs: number): LogFailure | null {
    assert(records.length > 0 && records.length <= RECORDS_PER_APPEND_MAX, 'an append has records, not too many');
    this.#batches.records(this.#writer.clear(), this.#next(timestampMs), records);
    return this.#write();
  }

  /**
   * The log begins at `offset` from now on, which a snapshot covers and every thread has passed. Segments go one after the
   * other, each name for good before the next one goes: what a crash leaves is a log without gaps. Blocks.
   */
  removeBelow(offset: number): string | null {
    for (;;) {
      const next = this.#log.segments[1];
      if (next === undefined || next.baseOffset > offset) return null;
      const failure = this.#log.deleteOldestSegments(1);
      if (failure !== null) return failure.toString();
      const error = this.#options.disk.syncDirectory(this.#log.directory);
      if (error !== null) return error.toString();
    }
  }

  /**
   * Notes up to where the log is on stable storage, if that has moved: what is damaged below it is no work of a crash. A
   * note that is not written is not missed, the next is due in time. Blocks.
   */
  writeRecoveryPoint(): LogFailure | null {
    const { recoveryPoint, directory } = this.#log;
    if (recoveryPoint === this.#notedRecoveryPoint) return null;
    const { disk, kernels } = this.#options;
    const offsets = new Map([[METADATA_TOPIC_DIRECTORY, recoveryPoint]]);
    const failure = writeOffsetCheckpoint(disk, kernels, directory, RECOVERY_POINT, offsets);
    if (failure === null) this.#notedRecoveryPoint = recoveryPoint;
    return failure;
  }

  /** Level of the feature `kraft.version`, which stands in control records. */
  get kraftVersion(): number {
    return this.#quorum.kraftVersion;
  }

  /** From here on the log names the voters, not the configuration (KIP-853); there is no way back. Blocks, as `append`. */
  nameVoters(timestampMs: number): LogFailure | null {
    assert(this.#quorum.kraftVersion === 0, 'voters are named once');
    const { kernels, voter } = this.#options;
    const named = new QuorumVoters({ kraftVersion: KRAFT_VERSION_MAX, voters: [voter] });
    this.#batches.control(this.#writer.clear(), this.#next(timestampMs), named.records(kernels));
    const failure = this.#write();
    if (failure !== null) return failure;
    this.#quorum.kraftVersion = named.kraftVersion;
    this.#quorum.voters = named.voters;
    return null;
  }

  /** Gives the files back; `clean`: with everything on stable storage. Null, or why it is not. */
  close(clean: boolean): string | null {
    this.reader.close();
    const failure = this.#log.close(clean);
    if (failure !== null || !clean) return failure?.toString() ?? null;
    return this.writeRecoveryPoint()?.toString() ?? null;
  }

  /** Begins the epoch: first so that it cannot be forgotten, then in the log. Null, or why it cannot. */
  #lead(): string | null {
    const { disk, kernels, clock, voter } = this.#options;
    const { directory } = this.#log;
    const news = this.#votersIfNews();
    const { leaderEpoch } = this;
    const state = { leaderId: voter.id, leaderEpoch, votedId: -1, votedDirectoryId: ZERO_UUID };
    const error = writeQuorumState(disk, kernels, directory, state, this.#quorum.kraftVersion, [voter.id]);
    if (error !== null) return error.toString();
    const voters = [{ voterId: voter.id, voterDirectoryId: ZERO_UUID }];
    const leaderChange = controlRecord(kernels, ControlType.LEADER_CHANGE, leaderChangeMessage, {
      version: 0,
      leaderId: voter.id,
      voters,
      grantingVoters: voters,
    });
    this.#log.beginLeaderEpoch(this.leaderEpoch);
    const records = [leaderChange, ...news];
    this.#batches.control(this.#writer.clear(), this.#next(clock.wallMs()), records);
    return this.#write()?.toString() ?? this.reader.readTo(this.#log.logEndOffset, noSink);
  }

  /** The voters, where the log does not have them yet, or has them at another address. */
  #votersIfNews(): ControlRecord[] {
    const { kernels, voter, kraftVersion } = this.#options;
    const quorum = this.#quorum;
    const isNew = this.#log.logEndOffset === 0;
    if (isNew && quorum.voters.length === 0) quorum.kraftVersion = kraftVersion;
    if (quorum.kraftVersion === 0) return [];
    const known = JSON.stringify(quorum.voters);
    quorum.voters = [voter];
    return isNew || known !== JSON.stringify(quorum.voters) ? quorum.records(kernels) : [];
  }

  #next(timestampMs: number): BatchContext {
    return { baseOffset: this.#log.logEndOffset, leaderEpoch: this.leaderEpoch, timestampMs };
  }

  /** Writes the batch that was made, and syncs it. A refused one leaves nothing behind that could come back. */
  #write(): LogFailure | null {
    const { bytes, view, position } = this.#writer;
    this.#log.stage({ bytes, view }, 0, position);
    let failure: LogFailure | null = null;
    this.#log.commit((outcome) => {
      failure = outcome;
    });
    const flushed = this.#log.flushNow();
    return flushed ?? (failure as LogFailure | null);
  }
}

function makeDirectory({ disk, kernels }: MetadataLogOptions, directory: string): string | null {
  const topicId = disk.exists(directory) ? readPartitionMetadata(disk, kernels, directory) : null;
  if (topicId instanceof LogFailure) return topicId.toString();
  if (topicId === METADATA_TOPIC_ID) return null;
  if (topicId !== null) return `${directory} is of the topic ${topicId}, not of ${METADATA_TOPIC}`;
  return writePartitionMetadata(disk, kernels, directory, METADATA_TOPIC_ID)?.toString() ?? null;
}

/** Nobody but the metadata log itself has a checkpoint in its own directory. One that is not whole says nothing. */
function readRecoveryPoint({ disk, kernels }: MetadataLogOptions, directory: string): number | LogFailure {
  const offsets = readOffsetCheckpoint(disk, kernels, directory, RECOVERY_POINT);
  if (offsets instanceof LogFailure) return offsets.kind === 'disk' ? offsets : 0;
  return offsets.get(METADATA_TOPIC_DIRECTORY) ?? 0;
}

function openLog(options: MetadataLogOptions, directory: string, recoveryPoint: number): PartitionLog | LogFailure {
  const { disk, kernels, clock, entropy, config, isClean } = options;
  return PartitionLog.open({
    disk,
    kernels,
    clock,
    entropy,
    directory,
    config: { ...logConfigDefaults, ...config },
    // Nobody looks up its batches by the partition table: who follows it reads from front to back.
    indexTail: new IndexTailWriter(new SharedArrayBuffer(indexTailStride), 0),
    publication: { raiseReadEpoch() {}, setAbortedTransactions() {}, publishSegments: () => true },
    logStartOffset: 0,
    recoveryPoint,
    cleanShutdown: isClean,
    damageAboveRecoveryPoint: 'refuse',
  });
}

/** A log whose quorum has other voters than this node alone is not this node's to write. */
function refuseOthers({ kraftVersion, voters }: QuorumFacts, voter: QuorumVoter): string | null {
  if (kraftVersion === 0 || voters.length === 0) return null;
  const [only] = voters;
  if (voters.length === 1 && only!.id === voter.id && only!.directoryId === voter.directoryId) return null;
  const names = voters.map(({ id, directoryId }) => `${id} (directory ${directoryId})`).join(', ');
  const self = `${voter.id} (directory ${voter.directoryId})`;
  return `the metadata log belongs to a quorum of ${names}; this node, ${self}, can only be a quorum by itself`;
}
