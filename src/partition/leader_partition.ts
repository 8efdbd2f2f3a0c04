import { assert } from '../base/assert.ts';
import type { BatchMemory, PartitionLog } from '../log/partition_log.ts';
import type { LogFailure } from '../log/log_failure.ts';
import { ErrorCode } from '../protocol/errors.ts';
import { CODEC_NONE, patchBaseOffset, patchLeaderEpoch, patchTimestamp, RECORDS_AT } from '../protocol/record_batch.ts';
import { AppendQueue, type AppendSink } from './append_queue.ts';
import type { BatchRules } from './batch_validation.ts';
import type { LeaderTools } from './leader_tools.ts';
import { recompressed, type TargetCompression } from './recompression.ts';

/** What a leader must know of its topic. Replaced as a whole when the topic's settings change. */
export interface LeaderConfig extends BatchRules {
  /** `cleanup.policy` is compact alone: records are not deleted because somebody says so. */
  readonly keepsLastOfEachKey: boolean;
  /** `min.insync.replicas`: what acks=all demands. */
  readonly minInSyncReplicas: number;
  /** `millrace.flush.policy = acknowledged`: nothing is visible or answered before it is on stable storage. */
  readonly acknowledgesDurable: boolean;
}

/** Who runs the leader: the shard. */
export interface LeaderHost {
  /** A write or sync ended: answers may have been given, and what was staged behind a write can go. */
  committed(leader: LeaderPartition): void;
  /** Appends were refused because they could not be written; the log goes on. */
  refused(leader: LeaderPartition, failure: LogFailure): void;
  /** A sync could not begin, for want of a descriptor; the next one makes up for it. */
  putOff(leader: LeaderPartition, failure: LogFailure): void;
  /** The leader took its last append: its log failed for good. */
  failed(leader: LeaderPartition, failure: LogFailure): void;
}

/** What the rest of the node learns when a partition's offsets moved. */
export interface LeaderPublication {
  /** In this order for readers: log bytes are in the file, then these, the watermark last. */
  publish(
    logStartOffset: number,
    logEndOffset: number,
    highWatermark: number,
    lastStableOffset: number,
    activeSegmentBytes: number,
  ): void;
}

/**
 * The leader of one partition: validates, assigns offsets, commits, moves the watermark, answers.
 *
 *     append ─► staged ─commit─► written ─┬─ acks 0, 1 ───────────► answered
 *                                         └─ acks all ─ watermark ─► answered
 *
 * With `acknowledgesDurable` the watermark follows what was synced, and acks=1 waits for that too: a record that a
 * consumer saw, or a producer heard of, survives a loss of power.
 *
 * The memory of an append is its sender's again when the append was answered.
 */
export class LeaderPartition {
  readonly slot: number;
  readonly log: PartitionLog;
  leaderEpoch: number;
  /** Replicas that the partition has, in sync or not: `min.insync.replicas` asks for no more of them. */
  replicaCount = 1;
  highWatermark: number;
  readonly #publication: LeaderPublication;
  readonly #tools: LeaderTools;
  #config: LeaderConfig;
  /** Offset of the next record that is staged. */
  #nextOffset: number;
  /** Everything below was written; with `acknowledgesDurable`, synced. */
  #settledOffset: number;
  /** Appends that wait for their bytes to be settled. */
  readonly #unsettled = new AppendQueue();
  /** Appends that wait for the watermark. */
  readonly #purgatory = new AppendQueue();
  #isFlushing = false;
  readonly #host: LeaderHost;
  failure: LogFailure | null = null;
  /** What everybody hears who comes, or still waits: the leader steps down, or has done so. */
  #resignation: ErrorCode = ErrorCode.NONE;
  #resigned: (() => void) | null = null;
  /** Stands in the shard's list of leaders to commit in this turn. */
  isTouched = false;

  constructor(
    slot: number,
    log: PartitionLog,
    leaderEpoch: number,
    config: LeaderConfig,
    publication: LeaderPublication,
    tools: LeaderTools,
    host: LeaderHost,
  ) {
    this.#host = host;
    this.slot = slot;
    this.log = log;
    this.leaderEpoch = leaderEpoch;
    this.#config = config;
    this.#publication = publication;
    this.#tools = tools;
    this.#nextOffset = log.logEndOffset;
    this.#settledOffset = log.logEndOffset;
    this.highWatermark = log.logEndOffset;
    log.producers.highWatermarkMoved(this.highWatermark);
    this.#publish();
  }

  configure(config: LeaderConfig): void {
    this.#config = config;
  }

  /** Appends that were not answered yet. */
  get waiting(): number {
    return this.#unsettled.size + this.#purgatory.size;
  }

  /** Where read_committed ends: below it all transactions are decided. */
  get lastStableOffset(): number {
    const { producers, logStartOffset } = this.log;
    return Math.min(this.highWatermark, Math.max(producers.firstUnstableOffset, logStartOffset));
  }

  /** Something is staged and no write is in flight. */
  get needsCommit(): boolean {
    return this.log.hasStaged && !this.log.isCommitting;
  }

  /**
   * Takes one partition's records of a Produce request, `memory.bytes[start, end)`. The answer comes through `sink`:
   * at once for a refusal, else after `commit` or later. The bytes are patched in place and must stay until then.
   */
  append(
    memory: BatchMemory,
    start: number,
    end: number,
    acks: number,
    wallMs: number,
    sink: AppendSink,
    ref: number,
    at: number,
  ): void {
    const refusal = this.#refusal(memory, start, end, acks, wallMs);
    if (refusal !== ErrorCode.NONE) {
      sink.appended(ref, at, refusal, -1, -1, this.log.logStartOffset, this.#leaveRecordErrors(memory, start));
    } else this.#accept(memory, start, acks, wallMs, sink, ref, at);
    this.#tools.validation.forget();
  }

  /** Takes a batch that was found right, in the compression of the topic. */
  #accept(
    memory: BatchMemory,
    start: number,
    acks: number,
    wallMs: number,
    sink: AppendSink,
    ref: number,
    at: number,
  ): void {
    const { facts } = this.#tools.validation;
    const verdict = this.log.producers.check(memory.view, start, false);
    if (verdict === ErrorCode.DUPLICATE_SEQUENCE_NUMBER) return this.#answerAsOriginal(acks, sink, ref, at);
    if (verdict !== ErrorCode.NONE) {
      return sink.appended(ref, at, verdict, -1, -1, this.log.logStartOffset, -1);
    }
    const { compression } = this.#config;
    if (compression === null || compression.codec === facts.codec) {
      return this.#stage(memory, start, facts.end, acks, wallMs, sink, ref, at);
    }
    const packed = this.#recompress(memory, compression);
    const size = packed.bytes.length;
    const refusal = this.#refusalOfSize(size);
    if (refusal === ErrorCode.NONE) this.#stage(packed, 0, size, acks, wallMs, sink, ref, at);
    else sink.appended(ref, at, refusal, -1, -1, this.log.logStartOffset, -1);
  }

  /** A repetition is answered with what became of its original, and waits with it. */
  #answerAsOriginal(acks: number, sink: AppendSink, ref: number, at: number): void {
    const { baseOffset, lastOffset, timestampMs } = this.log.producers.original;
    const nextOffset = lastOffset + 1;
    const isDone = nextOffset <= (acks === -1 ? this.highWatermark : this.#settledOffset);
    if (isDone) return sink.appended(ref, at, ErrorCode.NONE, baseOffset, timestampMs, this.log.logStartOffset, -1);
    const queue = acks === -1 ? this.#purgatory : this.#unsettled;
    queue.push(sink, ref, at, baseOffset, nextOffset, timestampMs);
  }

  #stage(
    memory: BatchMemory,
    start: number,
    end: number,
    acks: number,
    wallMs: number,
    sink: AppendSink,
    ref: number,
    at: number,
  ): void {
    const { facts } = this.#tools.validation;
    const baseOffset = this.#nextOffset;
    const nextOffset = baseOffset + facts.lastOffsetDelta + 1;
    patchBaseOffset(memory.view, start, baseOffset);
    patchLeaderEpoch(memory.view, start, this.leaderEpoch);
    const logAppendTimeMs = this.#config.isLogAppendTime ? wallMs : -1;
    this.#patchTimestamp(memory, start, logAppendTimeMs);
    this.log.stage(memory, start, end);
    this.#nextOffset = nextOffset;
    const queue = acks === -1 ? this.#purgatory : this.#unsettled;
    queue.push(sink, ref, at, baseOffset, nextOffset, logAppendTimeMs);
  }

  /**
   * DeleteRecords: the log begins at `offset` now, or at the watermark for -1. Nothing changes when it begins there or
   * later already.
   */
  deleteRecords(offset: number): ErrorCode {
    if (this.failure !== null) return ErrorCode.KAFKA_STORAGE_ERROR;
    if (this.#config.keepsLastOfEachKey) return ErrorCode.POLICY_VIOLATION;
    const start = offset === UP_TO_WATERMARK ? this.highWatermark : offset;
    if (start < 0 || start > this.highWatermark) return ErrorCode.OFFSET_OUT_OF_RANGE;
    const failure = this.log.advanceLogStartOffset(start);
    if (this.log.failure !== null) this.#fail(this.log.failure);
    if (failure !== null) return ErrorCode.KAFKA_STORAGE_ERROR;
    this.#publish();
    return ErrorCode.NONE;
  }

  /** Writes what is staged. Once a turn, for all that came in it. */
  commit(): void {
    if (!this.needsCommit) return;
    this.log.commit((failure) => this.#committed(failure));
  }

  /** Syncs what was written, whatever the policy: for `flush.ms`, `flush.messages` and the stop. */
  flush(done: (failure: LogFailure | null) => void): void {
    this.log.flush((failure) => {
      this.#hearOfSync(failure);
      done(failure);
    });
  }

  /**
   * The leader steps down, or the node stops: it takes nothing more, and when nothing is being written or synced any more
   * (what is lies in memory that its sender would take back, and its answer is near), whoever still waits hears
   * `errorCode`. `done`, at once or later: the leader publishes nothing any more, and the log is the caller's.
   */
  resign(errorCode: ErrorCode, done: () => void): void {
    this.#resignation = errorCode;
    this.#resigned = done;
    this.commit();
    this.#endWhenIdle();
  }

  /** Its log directory has failed, by whatever in it. */
  failWith(failure: LogFailure): void {
    this.log.failWith(failure);
    this.#fail(failure);
  }

  #endWhenIdle(): void {
    const done = this.#resigned;
    if (done === null || this.log.hasStaged || this.log.isCommitting || this.#isFlushing) return;
    this.#resigned = null;
    this.#unsettled.failFrom(0, this.#resignation);
    this.#purgatory.failFrom(0, this.#resignation);
    done();
  }

  #refusal(memory: BatchMemory, start: number, end: number, acks: number, wallMs: number): ErrorCode {
    if (this.failure !== null) return ErrorCode.KAFKA_STORAGE_ERROR;
    if (this.#resignation !== ErrorCode.NONE) return this.#resignation;
    const demanded = acks === -1 ? Math.min(this.#config.minInSyncReplicas, this.replicaCount) : 1;
    if (demanded > IN_SYNC_REPLICAS) return ErrorCode.NOT_ENOUGH_REPLICAS;
    return this.#tools.validation.check(memory, start, end, this.#config, this.log.config.segmentBytes, wallMs);
  }

  /** Names the records for which the batch at `start` was refused, in its place; -1 when it was refused as a whole. */
  #leaveRecordErrors(memory: BatchMemory, start: number): number {
    const { recordErrors, facts } = this.#tools.validation;
    if (recordErrors.count === 0) return -1;
    recordErrors.leave(memory.view, start, facts.end);
    return start;
  }

  /** The batch that was checked last, in the compression of the topic. */
  #recompress(memory: BatchMemory, compression: TargetCompression): BatchMemory {
    const codecs = this.#tools.codecs;
    const { facts, plainRecords, plainBytes } = this.#tools.validation;
    if (plainRecords !== null || facts.codec === CODEC_NONE) {
      return recompressed(memory, facts, plainRecords, compression, codecs, this.#tools.kernels);
    }
    const { codec, start, end } = facts;
    const plain = codecs.decompress(codec, memory.bytes, start + RECORDS_AT, end, plainBytes);
    assert(plain instanceof Uint8Array, 'a batch unpacks as it did before');
    const made = recompressed(memory, facts, plain, compression, codecs, this.#tools.kernels);
    codecs.release();
    return made;
  }

  /** A batch may have grown by another compression. */
  #refusalOfSize(bytes: number): ErrorCode {
    if (bytes > this.#config.maxMessageBytes) return ErrorCode.MESSAGE_TOO_LARGE;
    return bytes > this.log.config.segmentBytes ? ErrorCode.RECORD_LIST_TOO_LARGE : ErrorCode.NONE;
  }

  /** The header's largest timestamp is the producer's claim; the index is built on what the records say. */
  #patchTimestamp(memory: BatchMemory, start: number, logAppendTimeMs: number): void {
    const facts = this.#tools.validation.facts;
    if (logAppendTimeMs >= 0) {
      patchTimestamp(memory.view, memory.bytes, start, true, logAppendTimeMs, this.#tools.kernels);
      return;
    }
    patchTimestamp(memory.view, memory.bytes, start, false, facts.records.timestampMax, this.#tools.kernels);
  }

  #committed(failure: LogFailure | null): void {
    // A sync may have failed while the write was in flight.
    if (this.failure !== null) this.#refuseFrom(0);
    else {
      this.#settleWritten();
      if (failure !== null) {
        this.#nextOffset = this.log.stagedEndOffset;
        this.#refuseFrom(this.log.logEndOffset);
        if (this.log.failure !== null) this.#fail(this.log.failure);
        else this.#host.refused(this, failure);
      }
    }
    this.#endWhenIdle();
    this.#host.committed(this);
  }

  #settleWritten(): void {
    if (this.#config.acknowledgesDurable) {
      this.#publish();
      this.#syncOn();
    } else this.#settle(this.log.logEndOffset);
  }

  /** A sync may have been put off: what waits for it is synced now. */
  syncAgain(): void {
    if (this.#config.acknowledgesDurable && this.failure === null && !this.log.isCommitting) this.#syncOn();
  }

  /** One sync after the other, each for all that was written before it. */
  #syncOn(): void {
    if (this.#isFlushing || this.#settledOffset === this.log.logEndOffset) return;
    this.#isFlushing = true;
    this.log.flush((failure) => {
      this.#isFlushing = false;
      this.#hearOfSync(failure);
      if (failure === null && this.failure === null) {
        this.#settle(this.log.recoveryPoint);
        this.#syncOn();
      }
      this.#endWhenIdle();
      this.#host.committed(this);
    });
  }

  /** What a sync that has ended means for the leader, unless it went well: the log's end, or another attempt. */
  #hearOfSync(failure: LogFailure | null): void {
    if (this.log.failure !== null) this.#fail(this.log.failure);
    else if (failure !== null) this.#host.putOff(this, failure);
  }

  #settle(offset: number): void {
    assert(offset >= this.#settledOffset, 'what is settled stays settled');
    this.#settledOffset = offset;
    // The only replica in sync is this one; with others the watermark is the least of their ends.
    this.highWatermark = offset;
    this.log.producers.highWatermarkMoved(offset);
    this.#publish();
    const logStartOffset = this.log.logStartOffset;
    this.#unsettled.completeTo(offset, logStartOffset);
    this.#purgatory.completeTo(this.highWatermark, logStartOffset);
  }

  /** What was not synced may be gone: nothing more is taken, and nobody who waits hears of success. */
  #fail(failure: LogFailure): void {
    if (this.failure === null) {
      this.failure = failure;
      this.#host.failed(this, failure);
    }
    // What is being written still lies in the memory of its sender, who would take it back.
    if (!this.log.isCommitting) this.#refuseFrom(0);
  }

  #refuseFrom(offset: number): void {
    this.#unsettled.failFrom(offset, ErrorCode.KAFKA_STORAGE_ERROR);
    this.#purgatory.failFrom(offset, ErrorCode.KAFKA_STORAGE_ERROR);
  }

  #publish(): void {
    const log = this.log;
    this.#publication.publish(
      log.logStartOffset,
      log.logEndOffset,
      this.highWatermark,
      this.lastStableOffset,
      log.activeSegmentBytes,
    );
  }
}

/** In place of an offset of DeleteRecords. */
const UP_TO_WATERMARK = -1;
/** This one: there is no other node yet. */
const IN_SYNC_REPLICAS = 1;
