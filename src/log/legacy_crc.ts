/** CRC-32 (IEEE 802.3), which only batches of magic 0 and 1 carry. Old data is checked at recovery, never in a hurry. */
const table = new Int32Array(256);
for (let byte = 0; byte < 256; byte++) {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) remainder = remainder & 1 ? (remainder >>> 1) ^ 0xedb88320 : remainder >>> 1;
  table[byte] = remainder;
}

/** CRC-32 of `bytes[start, end)`, continued from `seed` (0 to begin), as an unsigned integer. */
export function crc32(bytes: Uint8Array, start: number, end: number, seed: number): number {
  let crc = ~seed;
  for (let at = start; at < end; at++) crc = (crc >>> 8) ^ table[(crc ^ bytes[at]!) & 0xff]!;
  return ~crc >>> 0;
}
