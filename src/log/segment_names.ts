/** Names of the files of a segment: its base offset in 20 digits and a suffix. */
export type SegmentSuffix = '.log' | '.index' | '.timeindex' | '.txnindex' | '.snapshot';

/** A file that was taken out of the log and waits for its removal. */
export const deletedSuffix = '.deleted';
/** Written by a compaction that has not finished; worthless after a crash. */
export const cleanedSuffix = '.cleaned';
/** Finished by a compaction, and about to take the place of older segments; completed after a crash. */
export const swapSuffix = '.swap';

const digits = 20;

export function segmentFileName(baseOffset: number, suffix: SegmentSuffix): string {
  return String(baseOffset).padStart(digits, '0') + suffix;
}

export function segmentPath(directory: string, baseOffset: number, suffix: SegmentSuffix): string {
  return `${directory}/${segmentFileName(baseOffset, suffix)}`;
}

/** The base offset in a name like `00000000000000000042` + `suffix`, or -1 when the name is not one. */
export function baseOffsetOf(name: string, suffix: string): number {
  if (name.length !== digits + suffix.length || !name.endsWith(suffix)) return -1;
  let offset = 0;
  for (let at = 0; at < digits; at++) {
    const digit = name.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return -1;
    offset = offset * 10 + digit;
  }
  return Number.isSafeInteger(offset) ? offset : -1;
}
