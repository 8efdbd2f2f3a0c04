import { int64At, LOG_OVERHEAD, MAGIC_AT } from './record_batch.ts';

/**
 * Messages of formats 0 and 1, which old logs still hold. Nobody may produce them any more. Each is a frame of its own:
 *
 *     at  bytes  field
 *      0    8    offset
 *      8    4    length of what follows
 *     12    4    CRC-32 (of zlib, not CRC-32C) of everything behind it
 *     16    1    magic
 *     17    1    attributes: codec (bits 0-2), log-append time (3, format 1 only)
 *     18    8    timestamp (format 1 only)
 *     18/26 …    key length (int32, -1 null) · key · value length (int32, -1 null) · value
 *
 * A message with a codec is a wrapper: its value, decompressed, is a sequence of messages without a codec. The wrapper
 * has the offset of the last of them. Inside a wrapper of format 1 offsets are relative: 0, 1, 2, ….
 */
export const LEGACY_CRC_AT = 12;
export const LEGACY_TIMESTAMP_AT = 18;
/** Bytes of a message without key and value, by format. */
export const LEGACY_MESSAGE_BYTES_MIN = [26, 34] as const;

const ATTRIBUTES_AT = 17;
const LENGTH_AT = 8;
const CODEC_MASK = 0x07;
const LOG_APPEND_TIME_BIT = 0x08;

/** A message, read in place. Reused. */
export class LegacyMessage {
  start = 0;
  end = 0;
  /** As written: relative inside a wrapper of format 1. */
  offset = 0;
  magic = 0;
  codec = 0;
  isLogAppendTime = false;
  /** -1 in format 0. */
  timestamp = -1;
  /** `[keyStart, keyEnd)`; both -1 for null. */
  keyStart = -1;
  keyEnd = -1;
  valueStart = -1;
  valueEnd = -1;
}

/**
 * Reads the message at `start`, of which `frameAt` said that it is whole and ends at `end`, and that its magic is below
 * 2. False: malformed. The checksum is the caller's: CRC-32 is no kernel.
 */
export function readLegacyMessage(view: DataView, start: number, end: number, out: LegacyMessage): boolean {
  const magic = view.getInt8(start + MAGIC_AT);
  if ((magic !== 0 && magic !== 1) || end - start < LEGACY_MESSAGE_BYTES_MIN[magic]) return false;
  const attributes = view.getInt8(start + ATTRIBUTES_AT);
  out.start = start;
  out.end = end;
  out.offset = int64At(view, start);
  out.magic = magic;
  out.codec = attributes & CODEC_MASK;
  out.isLogAppendTime = magic === 1 && (attributes & LOG_APPEND_TIME_BIT) !== 0;
  out.timestamp = magic === 1 ? int64At(view, start + LEGACY_TIMESTAMP_AT) : -1;

  let at = start + (magic === 1 ? LEGACY_TIMESTAMP_AT + 8 : LEGACY_TIMESTAMP_AT);
  const keyLength = view.getInt32(at);
  at += 4;
  if (keyLength < -1 || keyLength > end - at - 4) return false;
  out.keyStart = keyLength < 0 ? -1 : at;
  at += Math.max(keyLength, 0);
  out.keyEnd = keyLength < 0 ? -1 : at;
  const valueLength = view.getInt32(at);
  at += 4;
  if (valueLength > end - at) return false;
  out.valueStart = valueLength < 0 ? -1 : at;
  out.valueEnd = valueLength < 0 ? -1 : at + valueLength;
  return true;
}

/** The end of the message that begins at `start` inside a decompressed wrapper; -1 if there is no whole one. */
export function legacyMessageEnd(view: DataView, start: number, end: number): number {
  if (end - start < LOG_OVERHEAD) return -1;
  const length = view.getInt32(start + LENGTH_AT);
  return length < LEGACY_MESSAGE_BYTES_MIN[0] - LOG_OVERHEAD || length > end - start - LOG_OVERHEAD
    ? -1
    : start + LOG_OVERHEAD + length;
}
