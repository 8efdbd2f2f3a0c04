import { viewOf } from '../base/bytes.ts';
import { type Decompressor, UNPACKED_BYTES_MAX, WHOLE_BYTES_MAX } from '../log/decompressor.ts';
import type { BatchMemory } from '../log/staged_appends.ts';
import { CodecFailure } from '../port/codecs.ts';
import type { Kernels } from '../port/kernels.ts';
import { ErrorCode } from '../protocol/errors.ts';
import { BatchFacts, checkBatch, CODEC_NONE, NO_TIMESTAMP, RECORDS_AT } from '../protocol/record_batch.ts';
import { RecordStream, type RecordVisitor } from '../protocol/record_stream.ts';
import { checkRecords, RecordWalker } from '../protocol/records.ts';
import type { TargetCompression } from './recompression.ts';
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
  /** `compression.type`; null for that of the producer. */
  readonly compression: TargetCompression | null;
}

/**
 * Whether a leader may store a producer's batch, and the facts of the batch that it looked at last. One walk over the
 * records decides; only where that finds a record to refuse a second one says which (KIP-467).
 */
export class BatchValidation {
  readonly facts = new BatchFacts();
  /**
   * The records of a compressed batch as they came out of it; null for one that is not compressed, and for one that is
   * large: of that, only `plainBytes` is known.
   */
  plainRecords: Uint8Array | null = null;
  plainBytes = 0;
  /** The records for which the batch was refused, when it was not refused as a whole. */
  readonly recordErrors = new RecordErrors();
  readonly #kernels: Kernels;
  readonly #decompressor: Decompressor;
  /** Comes after the check, which has held lengths where they count. */
  readonly #walker = new RecordWalker(false);
  readonly #stream = new RecordStream();

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
    const verdict = checkBatch(memory.view, memory.bytes, start, end, this.#kernels, facts, rules.maxMessageBytes);
    if (verdict !== ErrorCode.NONE) return verdict;
    if (facts.codec !== CODEC_NONE && !this.#checkCompressed(memory, rules)) return ErrorCode.INVALID_RECORD;
    if (!this.#isFlawless(rules, wallMs)) {
      const refusal = this.#nameRecords(memory, rules, wallMs);
      if (refusal !== ErrorCode.NONE) return refusal;
    }
    return facts.end - start > segmentBytes ? ErrorCode.RECORD_LIST_TOO_LARGE : ErrorCode.NONE;
  }

  /** The batch is dealt with: nothing of it is kept, least of all what it unpacked to. */
  forget(): void {
    this.plainRecords = null;
    this.plainBytes = 0;
    this.recordErrors.clear();
  }

  /** What does not unpack is refused, not stored. */
  #checkCompressed(memory: BatchMemory, { compression }: BatchRules): boolean {
    const facts = this.facts;
    const { codec, start, end, recordCount, baseTimestamp } = facts;
    const records = this.#decompressor.decompress(codec, memory.bytes, start + RECORDS_AT, end, WHOLE_BYTES_MAX);
    const isStoredAsItIs = compression === null || compression.codec === codec;
    let verdict: ErrorCode;
    if (!(records instanceof CodecFailure)) {
      const { length } = records;
      this.plainRecords = records;
      this.plainBytes = length;
      verdict = checkRecords(
        viewOf(records),
        records,
        0,
        length,
        recordCount,
        baseTimestamp,
        facts.records,
        !isStoredAsItIs,
      );
    } else {
      if (records.reason === 'malformed' || !this.#walkInPieces(memory, !isStoredAsItIs, null)) return false;
      this.plainBytes = this.#stream.length;
      verdict = this.#stream.verdict(facts.records);
    }
    facts.applyClaimedAppendTime();
    return verdict === ErrorCode.NONE && facts.records.offsetsConsecutive;
  }

  /** Over records that are too large to be held. False if they do not unpack. */
  #walkInPieces(memory: BatchMemory, areLengthsHeld: boolean, visitor: RecordVisitor | null): boolean {
    const { codec, start, end, recordCount, baseTimestamp } = this.facts;
    const stream = this.#stream.reset(recordCount, baseTimestamp, areLengthsHeld, visitor);
    const take = (piece: Uint8Array): boolean => stream.take(piece);
    const at = start + RECORDS_AT;
    return this.#decompressor.decompressInPieces(codec, memory.bytes, at, end, UNPACKED_BYTES_MAX, take) === null;
  }

  /** Whether keys and times are right without a look at the single records. False: a closer look is needed. */
  #isFlawless(rules: BatchRules, wallMs: number): boolean {
    const { nullKeys, timestampMin, timestampMax } = this.facts.records;
    if (rules.isCompacted && nullKeys) return false;
    if (rules.isLogAppendTime) return !this.facts.claimsAppendTime;
    // A record without a time hides what lies on its other side.
    if (timestampMin === NO_TIMESTAMP || timestampMax === NO_TIMESTAMP) {
      return timestampMin === timestampMax && !this.facts.claimsAppendTime;
    }
    return isWithin(rules, timestampMin, wallMs) && isWithin(rules, timestampMax, wallMs);
  }

  /** Notes every record that is at fault. Walks over it only to say which: the batch is refused as a whole. */
  #nameRecords(memory: BatchMemory, rules: BatchRules, wallMs: number): ErrorCode {
    const { start, end, codec, recordCount, baseTimestamp, maxTimestamp, claimsAppendTime } = this.facts;
    let refusal: ErrorCode = ErrorCode.NONE;
    const look: RecordVisitor = (index, _, recordTimestamp, hasKey) => {
      const timestamp = claimsAppendTime ? maxTimestamp : recordTimestamp;
      if (rules.isCompacted && !hasKey) {
        this.recordErrors.add(index, 'no key');
        if (refusal === ErrorCode.NONE) refusal = ErrorCode.INVALID_RECORD;
      } else if (!isTimely(rules, timestamp, claimsAppendTime, wallMs)) {
        this.recordErrors.add(index, 'time');
        refusal = ErrorCode.INVALID_TIMESTAMP;
      }
      return true;
    };
    const plain = this.plainRecords;
    if (plain === null && codec !== CODEC_NONE) {
      this.#walkInPieces(memory, false, look);
      return refusal;
    }
    const walker = this.#walker;
    if (plain !== null) walker.reset(plain, 0, plain.length, recordCount, 0, baseTimestamp);
    else walker.reset(memory.bytes, start + RECORDS_AT, end, recordCount, 0, baseTimestamp);
    for (let index = 0; walker.next(); index++) look(index, walker.offset, walker.timestamp, walker.keyStart >= 0);
    return refusal;
  }
}

/** A time that the leader sets itself is right, and so is none; but it is not for a client to say that the leader set it. */
function isTimely(rules: BatchRules, timestamp: number, claimsAppendTime: boolean, wallMs: number): boolean {
  if (rules.isLogAppendTime || timestamp === NO_TIMESTAMP) return !claimsAppendTime;
  return isWithin(rules, timestamp, wallMs);
}

function isWithin(
  { timestampBeforeMaxMs, timestampAfterMaxMs }: BatchRules,
  timestamp: number,
  wallMs: number,
): boolean {
  return wallMs - timestamp <= timestampBeforeMaxMs && timestamp - wallMs <= timestampAfterMaxMs;
}
