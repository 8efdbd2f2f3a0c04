import type { Decompressor } from '../log/records_by_time.ts';
import type { BatchMemory } from '../log/staged_appends.ts';
import type { Kernels } from '../port/kernels.ts';
import { ErrorCode } from '../protocol/errors.ts';
import { BatchFacts, checkBatch, CODEC_NONE, NO_TIMESTAMP, RECORDS_AT } from '../protocol/record_batch.ts';
import { checkRecords, RecordWalker } from '../protocol/records.ts';
import { RecordErrors } from './record_errors.ts';

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

/**
 * Whether a leader may store a producer's batch, and the facts of the batch that it looked at last. One walk over the
 * records decides; only where that finds a record to refuse a second one says which (KIP-467).
 */
export class BatchValidation {
  readonly facts = new BatchFacts();
  /** The records of a compressed batch as they came out of it; null for one that is not compressed. */
  plainRecords: Uint8Array | null = null;
  /** The records for which the batch was refused, when it was not refused as a whole. */
  readonly recordErrors = new RecordErrors();
  readonly #kernels: Kernels;
  readonly #decompressor: Decompressor;
  readonly #walker = new RecordWalker();

  constructor(kernels: Kernels, decompressor: Decompressor) {
    this.#kernels = kernels;
    this.#decompressor = decompressor;
  }

  /**
   * `memory.bytes[start, end)` is one batch. `segmentBytes` is the room of a whole segment. What it found is to be
   * forgotten before the next.
   */
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
    const lacksKeys = rules.isCompacted && facts.records.nullKeys;
    const isTimely = this.#isTimely(rules, facts.records.timestampMin, facts.records.timestampMax, wallMs);
    if (!lacksKeys && isTimely) return ErrorCode.NONE;
    this.#nameRecords(memory, rules, wallMs);
    return isTimely ? ErrorCode.INVALID_RECORD : ErrorCode.INVALID_TIMESTAMP;
  }

  /** The batch is dealt with: nothing of it is kept, least of all what it unpacked to. */
  forget(): void {
    this.plainRecords = null;
    this.recordErrors.clear();
  }

  /** What a consumer could not unpack is refused, not stored. */
  #checkCompressed(memory: BatchMemory): boolean {
    const facts = this.facts;
    const records = this.#decompressor.decompress(facts.codec, memory.bytes, facts.start + RECORDS_AT, facts.end);
    if (records === null) return false;
    this.plainRecords = records;
    const { recordCount, baseTimestamp } = facts;
    const verdict = checkRecords(records, 0, records.length, recordCount, baseTimestamp, facts.records);
    return verdict === ErrorCode.NONE && facts.records.offsetsConsecutive;
  }

  /** A time that the leader sets itself is right; so is none. */
  #isTimely(rules: BatchRules, timestampMin: number, timestampMax: number, wallMs: number): boolean {
    const { isLogAppendTime, timestampBeforeMaxMs, timestampAfterMaxMs } = rules;
    if (isLogAppendTime || timestampMax === NO_TIMESTAMP) return true;
    const isOld = timestampMin !== NO_TIMESTAMP && wallMs - timestampMin > timestampBeforeMaxMs;
    return !isOld && timestampMax - wallMs <= timestampAfterMaxMs;
  }

  #nameRecords(memory: BatchMemory, rules: BatchRules, wallMs: number): void {
    const { start, end, recordCount, baseTimestamp } = this.facts;
    const plain = this.plainRecords;
    const walker = this.#walker;
    if (plain !== null) walker.reset(plain, 0, plain.length, recordCount, 0, baseTimestamp);
    else walker.reset(memory.bytes, start + RECORDS_AT, end, recordCount, 0, baseTimestamp);
    for (let index = 0; walker.next(); index++) {
      const { timestamp } = walker;
      if (rules.isCompacted && walker.keyStart < 0) this.recordErrors.add(index, 'no key');
      else if (!this.#isTimely(rules, timestamp, timestamp, wallMs)) this.recordErrors.add(index, 'time');
    }
  }
}
