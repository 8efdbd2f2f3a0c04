import type { BatchMemory } from '../log/staged_appends.ts';
import type { Codecs } from '../port/codecs.ts';
import type { Kernels } from '../port/kernels.ts';
import {
  ATTRIBUTES_AT,
  type BatchFacts,
  CODEC_MASK,
  CODEC_NONE,
  LENGTH_AT,
  LOG_OVERHEAD,
  patchCrc,
  RECORDS_AT,
} from '../protocol/record_batch.ts';

/** `compression.type` of a topic, other than `producer`. */
export interface TargetCompression {
  /** As in a batch's attributes; 0 for none. */
  readonly codec: number;
  readonly level: number;
}

/**
 * The batch with its records in another compression, in memory of its own: shared memory, as that of all batches is.
 * The header stays but for what follows from it.
 *
 * @param plain the records as they came out of the batch, null when it is not compressed
 */
export function recompressed(
  memory: BatchMemory,
  facts: BatchFacts,
  plain: Uint8Array | null,
  target: TargetCompression,
  codecs: Codecs,
  kernels: Kernels,
): BatchMemory {
  const records = plain ?? memory.bytes.subarray(facts.start + RECORDS_AT, facts.end);
  const packed =
    target.codec === CODEC_NONE ? records : codecs.compress(target.codec, records, 0, records.length, target.level);
  const size = RECORDS_AT + packed.length;
  const shared = new SharedArrayBuffer(size);
  const bytes = new Uint8Array(shared);
  const view = new DataView(shared);
  bytes.set(memory.bytes.subarray(facts.start, facts.start + RECORDS_AT));
  bytes.set(packed, RECORDS_AT);
  view.setInt32(LENGTH_AT, size - LOG_OVERHEAD);
  view.setInt16(ATTRIBUTES_AT, (facts.attributes & ~CODEC_MASK) | target.codec);
  patchCrc(view, bytes, 0, kernels);
  return { bytes, view };
}
