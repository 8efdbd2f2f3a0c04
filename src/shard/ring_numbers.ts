/** 64-bit values in ring messages: (high, low), as numbers between ±2^53. */

const TWO_32 = 0x1_0000_0000;

export function putNumber(view: DataView, at: number, value: number): void {
  view.setInt32(at, Math.floor(value / TWO_32), true);
  view.setInt32(at + 4, value | 0, true);
}

export function takeNumber(view: DataView, at: number): number {
  return view.getInt32(at, true) * TWO_32 + view.getUint32(at + 4, true);
}
