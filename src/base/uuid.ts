/**
 * A 128-bit id as Kafka writes it for people: 22 characters of base64url without padding. In memory an id is this
 * text (a key of maps, comparable with `===`); on the wire and on disk it is 16 bytes, most significant first.
 */
export type Uuid = string;

/** "No id" in every field that may lack one. */
export const ZERO_UUID: Uuid = 'AAAAAAAAAAAAAAAAAAAAAA';

export const UUID_BYTES = 16;
const UUID_CHARACTERS = 22;

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
/** Six bits → character code. */
const CODE_OF = new Uint8Array(64);
/** Character code → six bits, 255 for characters outside the alphabet. */
const BITS_OF = new Uint8Array(128).fill(255);
for (let bits = 0; bits < 64; bits++) {
  const code = ALPHABET.charCodeAt(bits);
  CODE_OF[bits] = code;
  BITS_OF[code] = bits;
}

/** The text of the 16 bytes at `position`, which lie inside the view. */
export function uuidText(view: DataView, position: number): Uuid {
  const a = view.getInt32(position);
  const b = view.getInt32(position + 4);
  const c = view.getInt32(position + 8);
  const d = view.getInt32(position + 12);
  return uuidOfWords(a, b, c, d);
}

/** The text of an id given as four 32-bit words, most significant first: the form on the byte path. */
export function uuidOfWords(a: number, b: number, c: number, d: number): Uuid {
  if ((a | b | c | d) === 0) return ZERO_UUID;
  return String.fromCharCode(
    CODE_OF[a >>> 26]!,
    CODE_OF[(a >>> 20) & 63]!,
    CODE_OF[(a >>> 14) & 63]!,
    CODE_OF[(a >>> 8) & 63]!,
    CODE_OF[(a >>> 2) & 63]!,
    CODE_OF[((a & 3) << 4) | (b >>> 28)]!,
    CODE_OF[(b >>> 22) & 63]!,
    CODE_OF[(b >>> 16) & 63]!,
    CODE_OF[(b >>> 10) & 63]!,
    CODE_OF[(b >>> 4) & 63]!,
    CODE_OF[((b & 15) << 2) | (c >>> 30)]!,
    CODE_OF[(c >>> 24) & 63]!,
    CODE_OF[(c >>> 18) & 63]!,
    CODE_OF[(c >>> 12) & 63]!,
    CODE_OF[(c >>> 6) & 63]!,
    CODE_OF[c & 63]!,
    CODE_OF[d >>> 26]!,
    CODE_OF[(d >>> 20) & 63]!,
    CODE_OF[(d >>> 14) & 63]!,
    CODE_OF[(d >>> 8) & 63]!,
    CODE_OF[(d >>> 2) & 63]!,
    CODE_OF[(d & 3) << 4]!,
  );
}

/** Writes the 16 bytes of an id at `position`. `text` must be an id (`isUuid`); anything else writes other bits. */
export function writeUuid(view: DataView, position: number, text: Uuid): void {
  view.setInt32(
    position,
    (sixBits(text, 0) << 26) | (three(text, 1) << 8) | (sixBits(text, 4) << 2) | (sixBits(text, 5) >>> 4),
  );
  view.setInt32(
    position + 4,
    (sixBits(text, 5) << 28) | (three(text, 6) << 10) | (sixBits(text, 9) << 4) | (sixBits(text, 10) >>> 2),
  );
  view.setInt32(
    position + 8,
    (sixBits(text, 10) << 30) | (three(text, 11) << 12) | (sixBits(text, 14) << 6) | sixBits(text, 15),
  );
  view.setInt32(
    position + 12,
    (three(text, 16) << 14) | (sixBits(text, 19) << 8) | (sixBits(text, 20) << 2) | (sixBits(text, 21) >>> 4),
  );
}

/** Whether `text` is the one way in which an id is written: 22 characters of the alphabet, the unused bits zero. */
export function isUuid(text: string): boolean {
  if (text.length !== UUID_CHARACTERS) return false;
  for (let index = 0; index < UUID_CHARACTERS; index++) {
    const code = text.charCodeAt(index);
    if (code >= 128 || BITS_OF[code] === 255) return false;
  }
  return (sixBits(text, 21) & 15) === 0;
}

/** An id of 16 random bytes, with the bits of version 4. It never begins with '-', so it can stand on a command line. */
export function uuidOfRandomBytes(bytes: Uint8Array): Uuid {
  const version4 = new Uint8Array(UUID_BYTES);
  for (let index = 0; index < UUID_BYTES; index++) version4[index] = bytes[index]!;
  version4[6] = (version4[6]! & 0x0f) | 0x40;
  version4[8] = (version4[8]! & 0x3f) | 0x80;
  if (version4[0]! >>> 2 === 62) version4[0]! ^= 0x80;
  return uuidText(new DataView(version4.buffer), 0);
}

function sixBits(text: string, index: number): number {
  return BITS_OF[text.charCodeAt(index) & 127]!;
}

function three(text: string, index: number): number {
  return (sixBits(text, index) << 12) | (sixBits(text, index + 1) << 6) | sixBits(text, index + 2);
}
