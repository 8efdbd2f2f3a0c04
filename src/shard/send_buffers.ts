/**
 * Plain memory for answers on their way into a socket, in powers of two. A buffer is taken for one write or one
 * response and given back when the kernel has all of it; what is given back is kept up to a bound, so that steady
 * traffic allocates nothing.
 */
export class SendBuffers {
  readonly #free: SendBuffer[][] = [];
  #freeBytes = 0;
  readonly #keptBytesMax: number;
  /** Bytes of buffers that are out. */
  takenBytes = 0;

  constructor(keptBytesMax: number) {
    this.#keptBytesMax = keptBytesMax;
    for (let power = 0; power <= POWER_MAX - POWER_MIN; power++) this.#free.push([]);
  }

  /** At least `bytes` long. */
  take(bytes: number): SendBuffer {
    const power = Math.max(POWER_MIN, 32 - Math.clz32(Math.max(bytes, 1) - 1));
    const size = 2 ** power;
    this.takenBytes += size;
    const kept = power <= POWER_MAX ? this.#free[power - POWER_MIN]!.pop() : undefined;
    if (kept === undefined) return new SendBuffer(size);
    this.#freeBytes -= size;
    return kept;
  }

  give(buffer: SendBuffer): void {
    const size = buffer.bytes.length;
    this.takenBytes -= size;
    const power = 31 - Math.clz32(size);
    if (power > POWER_MAX || this.#freeBytes + size > this.#keptBytesMax) return;
    this.#freeBytes += size;
    this.#free[power - POWER_MIN]!.push(buffer);
  }
}

/** Plain memory with the view that is kept over all of it. */
export class SendBuffer {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly view: DataView<ArrayBuffer>;

  constructor(size: number) {
    this.bytes = new Uint8Array(size);
    this.view = new DataView(this.bytes.buffer);
  }
}

/** 16 KiB to 64 MiB are kept; larger ones are left to the garbage collector. */
const POWER_MIN = 14;
const POWER_MAX = 26;
