import { baseOffsetOf, LOG_OVERHEAD, sizeOf } from '../protocol/record_batch.ts';
import { batchLastOffset, headerBytesMax, isPlausibleHeader, minimumBatchBytes } from './batch_header.ts';
import type { ReadResult } from './read_position.ts';

/**
 * What of `got` bytes, read from the beginning of a batch, is to be handed out: whole batches that begin below
 * `endOffset`. `rest` is how much of the segment lies from there on, what was read included. Fills `out`, whose `next`
 * stands at the first byte. False: these are no batches.
 */
export function trimToBatches(
  view: DataView,
  start: number,
  got: number,
  rest: number,
  endOffset: number,
  out: ReadResult,
): boolean {
  const end = start + got;
  const { next } = out;
  let at = start;
  let offsetMin = 0;
  out.isPartial = false;
  next.batchBytes = 0;
  while (end - at >= LOG_OVERHEAD) {
    const known = Math.min(headerBytesMax, end - at);
    const left = rest - (at - start);
    if (!isPlausibleHeader(view, at, known, left, offsetMin)) {
      // Of a head that was cut off not even the rest can be judged.
      if (known === left || known === headerBytesMax || isRefused(view, at, known, left)) return false;
      break;
    }
    if (baseOffsetOf(view, at) >= endOffset) break;
    const bytes = sizeOf(view, at);
    if (bytes > end - at) {
      next.batchBytes = bytes;
      break;
    }
    offsetMin = batchLastOffset(view, at) + 1;
    next.offset = offsetMin;
    at += bytes;
  }
  if (at === start && got > 0 && !(got >= LOG_OVERHEAD && baseOffsetOf(view, at) >= endOffset)) {
    out.isPartial = true;
    out.bytes = got;
    return true;
  }
  next.position += at - start;
  out.bytes = at - start;
  return true;
}

/** Whether the part of a head that is known already says that this is no batch. */
function isRefused(view: DataView, at: number, known: number, left: number): boolean {
  const bytes = sizeOf(view, at);
  if (bytes > left) return true;
  return known > 16 && minimumBatchBytes(view.getInt8(at + 16)) < 0;
}
