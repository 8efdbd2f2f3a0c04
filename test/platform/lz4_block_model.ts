/** LZ4 blocks, byte by byte: what the assembled decompression is held against. */

/** The length of what came out, -1 if the block is malformed or there is no room. */
export function decompressBlock(bytes: Uint8Array, start: number, end: number, out: Uint8Array): number {
  let at = start;
  let to = 0;
  while (at < end) {
    const token = bytes[at++]!;
    let literals = token >>> 4;
    if (literals === 15) {
      let byte = 255;
      while (byte === 255 && at < end) {
        byte = bytes[at++]!;
        literals += byte;
      }
    }
    if (literals > end - at || literals > out.byteLength - to) return -1;
    for (const stop = at + literals; at < stop;) out[to++] = bytes[at++]!;
    if (at === end) return to;
    if (end - at < 2) return -1;
    const offset = bytes[at]! | (bytes[at + 1]! << 8);
    at += 2;
    let length = (token & 15) + 4;
    if (length === 19) {
      let byte = 255;
      while (byte === 255 && at < end) {
        byte = bytes[at++]!;
        length += byte;
      }
    }
    if (offset === 0 || offset > to || length > out.byteLength - to) return -1;
    for (const stop = to + length; to < stop; to++) out[to] = out[to - offset]!;
  }
  return -1;
}
