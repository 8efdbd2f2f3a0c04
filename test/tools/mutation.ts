/** One change to a sequence of bytes. `at` and `value` are any naturals: they are taken modulo what fits. */
export interface Mutation {
  readonly how: (typeof MUTATIONS)[number];
  readonly at: number;
  readonly value: number;
}

export const MUTATIONS = [
  'byte',
  'bit',
  'int32',
  'int16',
  'varint',
  'cut',
  'insert',
  'remove',
  'repeat',
  'swap',
] as const;

/** Lengths and counts that readers get wrong. */
const INTERESTING = [
  -1, -2, 0, 1, 2, 127, 128, 255, 0x7fff, 0x8000, 0xffff, 0x0010_0000, 0x7fff_ffff, -0x8000_0000, 0x7fff_fff0,
];

const VARINTS = [
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0xff, 0xff, 0xff, 0xff, 0x07],
  [0x80, 0x80, 0x80, 0x80, 0x80, 0x01],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
  [0x80, 0x80, 0x40],
  [0x80, 0x00],
  [0xff, 0x01],
] as const;

export function mutate(bytes: Uint8Array, { how, at, value }: Mutation): Uint8Array {
  const place = bytes.length === 0 ? 0 : at % bytes.length;
  switch (how) {
    case 'byte':
      return changed(bytes, (copy) => (copy[place] = value & 0xff));
    case 'bit':
      return changed(bytes, (copy) => (copy[place]! ^= 1 << (value & 7)));
    case 'int32':
    case 'int16':
      return changed(bytes, (copy, view) => {
        const size = how === 'int32' ? 4 : 2;
        const number = INTERESTING[value % INTERESTING.length]!;
        if (copy.length < size) return;
        const start = Math.min(place, copy.length - size);
        if (size === 4) view.setInt32(start, number);
        else view.setInt16(start, number);
      });
    case 'varint': {
      const varint = VARINTS[value % VARINTS.length]!;
      return joined(bytes.subarray(0, place), varint, bytes.subarray(place + 1));
    }
    case 'cut':
      return bytes.slice(0, place);
    case 'insert':
      return joined(bytes.subarray(0, place), [value & 0xff], bytes.subarray(place));
    case 'remove':
      return joined(bytes.subarray(0, place), [], bytes.subarray(place + 1 + (value % 8)));
    case 'repeat': {
      const piece = bytes.subarray(place, place + 1 + (value % 64));
      return joined(bytes.subarray(0, place), piece, bytes.subarray(place));
    }
    case 'swap':
      return changed(bytes, (copy) => {
        const other = value % Math.max(1, copy.length);
        [copy[place], copy[other]] = [copy[other]!, copy[place]!];
      });
  }
}

function changed(bytes: Uint8Array, change: (copy: Uint8Array, view: DataView) => void): Uint8Array {
  const copy = bytes.slice();
  if (copy.length > 0) change(copy, new DataView(copy.buffer, copy.byteOffset, copy.byteLength));
  return copy;
}

function joined(before: Uint8Array, middle: ArrayLike<number>, behind: Uint8Array): Uint8Array {
  const result = new Uint8Array(before.length + middle.length + behind.length);
  result.set(before);
  result.set(middle, before.length);
  result.set(behind, before.length + middle.length);
  return result;
}
