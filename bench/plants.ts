/** Slow-downs that are planted into a copy of the source to see whether the gates find them. */

export interface Plant {
  readonly file: string;
  /** Stands in the file once. */
  readonly from: string;
  readonly to: string;
}

export const plants: Readonly<Record<'copy' | 'spin', readonly Plant[]>> = {
  copy: [
    {
      file: 'src/protocol/record_batch.ts',
      from: 'export function checkBatch(',
      to: 'const planted = new Uint8Array(1 << 24);\nexport function checkBatch(',
    },
    {
      file: 'src/protocol/record_batch.ts',
      from: '  const framed = frameAt(view, start, end);\n  if (framed === MALFORMED) return ErrorCode.CORRUPT_MESSAGE;\n  if (framed === INCOMPLETE ||',
      to: '  planted.set(bytes.subarray(start, end));\n  const framed = frameAt(view, start, end);\n  if (framed === MALFORMED) return ErrorCode.CORRUPT_MESSAGE;\n  if (framed === INCOMPLETE ||',
    },
  ],
  spin: [
    {
      file: 'src/shard/dispatch.ts',
      from: '    this.#counters.add(counter.requests, 1);\n',
      to: '    this.#counters.add(counter.requests, 1);\n    const until = performance.now() + 0.02;\n    while (performance.now() < until);\n',
    },
  ],
};

/** The text with the plant in it. Throws when there is not just one place for it. */
export function plant(text: string, from: string, to: string): string {
  const parts = text.split(from);
  if (parts.length !== 2) throw new Error(`there are ${parts.length - 1} places for the plant: ${from}`);
  return parts.join(to);
}
