import type { BatchMemory } from '../log/partition_log.ts';
import type { Decompressor } from '../log/records_by_time.ts';
import type { Kernels } from '../port/kernels.ts';
import { ErrorCode } from '../protocol/errors.ts';
import { BatchFacts, checkBatch, CODEC_NONE, NO_TIMESTAMP, RECORDS_AT } from '../protocol/record_batch.ts';
import { checkRecords } from '../protocol/records.ts';

/** What a topic asks of the batches that its producers send. */
export interface BatchRules {
  readonly maxMessageBytes: number;
  readonly isLogAppendTime: boolean;
  /** `message.timestamp.before.max.ms` and `message.timestamp.after.max.ms`: how far from now a record's time may lie. */
  readonly timestampBeforeMaxMs: number;
  readonly timestampAfterMaxMs: number;
  /** Keys are demanded: `cleanup.policy` has compact. */
  readonly isCompacted: boolean;
}

/** Whether a leader may store a producer's batch, and the facts of the batch that it looked at last. */
export class BatchValidation {
  readonly facts = new BatchFacts();
  readonly #kernels: Kernels;
  readonly #decompressor: Decompressor;

  constructor(kernels: Kernels, decompressor: Decompressor) {
    this.#kernels = kernels;
    this.#decompressor = decompressor;
  }

  /** `memory.bytes[start, end)` is one batch. `segmentBytes` is the room of a whole segment. */
  check(
    memory: BatchMemory,
    start: number,
    end: number,
    rules: BatchRules,
    segmentBytes: number,
    wallMs: number,
  ): ErrorCode {
    const facts = this.facts;
    const verdict = checkBatch(memory.view, memory.bytes, start, end, this.#kernels, facts);
    if (verdict !== ErrorCode.NONE) return verdict;
    if (facts.end - start > rules.maxMessageBytes) return ErrorCode.MESSAGE_TOO_LARGE;
    if (facts.end - start > segmentBytes) return ErrorCode.RECORD_LIST_TOO_LARGE;
    if (facts.codec !== CODEC_NONE && !this.#checkCompressed(memory)) return ErrorCode.INVALID_RECORD;
    if (rules.isCompacted && facts.records.nullKeys) return ErrorCode.INVALID_RECORD;
    return this.#isTimely(rules, wallMs) ? ErrorCode.NONE : ErrorCode.INVALID_TIMESTAMP;
  }

  /** What a consumer could not unpack is refused, not stored. */
  #checkCompressed(memory: BatchMemory): boolean {
    const facts = this.facts;
    const records = this.#decompressor.decompress(facts.codec, memory.bytes, facts.start + RECORDS_AT, facts.end);
    if (records === null) return false;
    const { recordCount, baseTimestamp } = facts;
    const verdict = checkRecords(records, 0, records.length, recordCount, baseTimestamp, facts.records);
    return verdict === ErrorCode.NONE && facts.records.offsetsConsecutive;
  }

  /** A time that the leader sets itself is right; so is none. */
  #isTimely(rules: BatchRules, wallMs: number): boolean {
    const { isLogAppendTime, timestampBeforeMaxMs, timestampAfterMaxMs } = rules;
    const { timestampMin, timestampMax } = this.facts.records;
    if (isLogAppendTime || timestampMax === NO_TIMESTAMP) return true;
    const isOld = timestampMin !== NO_TIMESTAMP && wallMs - timestampMin > timestampBeforeMaxMs;
    return !isOld && timestampMax - wallMs <= timestampAfterMaxMs;
  }
}
