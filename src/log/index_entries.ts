import { int64At } from '../protocol/record_batch.ts';

/**
 * The two kinds of index file, big-endian, entries ascending in both of their fields.
 *
 *     .index      relativeOffset 4 | position 4        the batch at `position` ends with base + relativeOffset
 *     .timeindex  timestamp 8 | relativeOffset 4       up to base + relativeOffset no record is later than `timestamp`,
 *                                                      and the batch that ends there has a record of that time
 *
 * A file that was extended beforehand ends with entries of zeros.
 */
export const offsetEntryBytes = 8;
export const timeEntryBytes = 12;

export function offsetEntryRelativeOffset(view: DataView, index: number): number {
  return view.getInt32(index * offsetEntryBytes);
}

export function offsetEntryPosition(view: DataView, index: number): number {
  return view.getInt32(index * offsetEntryBytes + 4);
}

export function timeEntryTimestamp(view: DataView, index: number): number {
  return int64At(view, index * timeEntryBytes);
}

export function timeEntryRelativeOffset(view: DataView, index: number): number {
  return view.getInt32(index * timeEntryBytes + 8);
}

/** The last of `count` entries whose relative offset is at or below `relativeOffset`; -1 when all are above. */
export function floorOffsetEntry(view: DataView, count: number, relativeOffset: number): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (offsetEntryRelativeOffset(view, middle) <= relativeOffset) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The last of `count` entries whose timestamp is at or below `timestamp`; -1 when all are above. */
export function floorTimeEntry(view: DataView, count: number, timestamp: number): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (timeEntryTimestamp(view, middle) <= timestamp) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/**
 * How many entries of an offset index hold: they ascend, and point into the first `logBytes` of the log. -1: the index
 * is not to be trusted (anything but zeros follows). A first entry never points to position 0.
 */
export function soundOffsetEntries(view: DataView, count: number, logBytes: number): number {
  let offsetBefore = -1;
  let positionBefore = 0;
  for (let index = 0; index < count; index++) {
    const relativeOffset = offsetEntryRelativeOffset(view, index);
    const position = offsetEntryPosition(view, index);
    if (relativeOffset === 0 && position === 0) return onlyZerosFrom(view, index * offsetEntryBytes) ? index : -1;
    if (relativeOffset <= offsetBefore || position <= positionBefore || position >= logBytes) return -1;
    offsetBefore = relativeOffset;
    positionBefore = position;
  }
  return count;
}

/** The same for a time index; relative offsets lie below `offsetsEnd`. */
export function soundTimeEntries(view: DataView, count: number, offsetsEnd: number): number {
  let timestampBefore = -Infinity;
  let offsetBefore = -1;
  for (let index = 0; index < count; index++) {
    const timestamp = timeEntryTimestamp(view, index);
    const relativeOffset = timeEntryRelativeOffset(view, index);
    if (timestamp === 0 && relativeOffset === 0 && onlyZerosFrom(view, index * timeEntryBytes)) return index;
    if (timestamp <= timestampBefore || relativeOffset <= offsetBefore || relativeOffset >= offsetsEnd) return -1;
    timestampBefore = timestamp;
    offsetBefore = relativeOffset;
  }
  return count;
}

function onlyZerosFrom(view: DataView, start: number): boolean {
  for (let at = start; at < view.byteLength; at++) if (view.getUint8(at) !== 0) return false;
  return true;
}
