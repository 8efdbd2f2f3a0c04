import { assert } from '../base/assert.ts';
import type { EncodeText } from '../base/bytes.ts';
import { Request } from '../api/request.ts';

/**
 * The requests of one shard. An object goes back when its answer is sent (or nobody wants it any more) and no part of
 * it is out; until then its index stands for it on rings and in timers.
 */
export class RequestPool {
  readonly #all: Request[] = [];
  readonly #free: Request[] = [];
  readonly #encodeText: EncodeText;

  constructor(encodeText: EncodeText) {
    this.#encodeText = encodeText;
  }

  /** Requests that are out. */
  get inUse(): number {
    return this.#all.length - this.#free.length;
  }

  at(index: number): Request {
    const request = this.#all[index];
    assert(request !== undefined, 'an index names a request of this pool');
    return request;
  }

  /** Null when as many are out as there may be. */
  take(): Request | null {
    if (this.#free.length === 0 && this.#all.length === REQUESTS_MAX) return null;
    const request = this.#free.pop() ?? this.#made();
    request.isOut = true;
    return request;
  }

  give(request: Request): void {
    assert(request.parts === 0, 'no part of a request that goes back is out');
    assert(request.isOut, 'a request goes back once');
    request.isOut = false;
    request.fetch = null;
    // A rare large answer does not keep its memory.
    if (request.response.bytes.length > RESPONSE_BYTES_KEPT) request.response.shrink(RESPONSE_BYTES_KEPT);
    this.#free.push(request);
  }

  #made(): Request {
    const request = new Request(this.#all.length, this.#encodeText);
    this.#all.push(request);
    return request;
  }
}

/** Requests of one shard that may be under way at once. */
export const REQUESTS_MAX = 65_536;
const RESPONSE_BYTES_KEPT = 4096;
