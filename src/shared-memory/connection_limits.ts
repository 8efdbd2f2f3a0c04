import { assert } from '../base/assert.ts';

/**
 * How many connections there are: in total, by listener, by address. Any shard counts, because the kernel scatters a
 * client's connections over the shards.
 *
 * | byte | field |
 * | --- | --- |
 * | 0 | connections in total |
 * | 128 × (1 + listener) | connections of a listener |
 * | behind the listeners, 8 bytes each | addresses: key, count |
 *
 * An address has its entry in one of 32 places behind its hash. An entry is free while its count is 0, and being
 * claimed while it is −1; the key is stable as long as the count is positive. Two shards that see an address for the
 * first time at once may make two entries of it, so its count is the sum over its places.
 *
 * Each cap is held by adding first and looking afterwards: of those who add at once, the last sees all of them. So a
 * cap is never exceeded; at worst two that come at the same moment for one free place are both refused.
 */
const totalIndex = 0;
const listenerStride = 32;
const entryWords = 2;
const places = 32;
const claiming = -1;
const noEntry = -1;

export function limitsBytes(listenersMax: number, addressEntries: number): number {
  return (1 + listenersMax) * listenerStride * 4 + addressEntries * entryWords * 4;
}

/** How many connections there may be. `Infinity` for no cap. */
export interface ConnectionCaps {
  readonly total: number;
  readonly listener: number;
  readonly address: number;
}

export type ConnectionVerdict = 'granted' | 'total' | 'listener' | 'address';

/** One connection's claim, kept with the connection and reused. */
export class ConnectionClaim {
  /** Where it is counted; −1 while it is not. Written by `ConnectionLimits` alone. */
  listener = -1;
  entry = noEntry;

  get isHeld(): boolean {
    return this.listener >= 0;
  }
}

export class ConnectionLimits {
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #listenersMax: number;
  readonly #entriesStart: number;
  readonly #entries: number;

  constructor(memory: SharedArrayBuffer, listenersMax: number, addressEntries: number) {
    this.#words = new Int32Array(memory);
    this.#listenersMax = listenersMax;
    this.#entriesStart = (1 + listenersMax) * listenerStride;
    this.#entries = addressEntries;
    assert(
      addressEntries >= places && (addressEntries & (addressEntries - 1)) === 0,
      'address entries: a power of two',
    );
    assert(memory.byteLength >= limitsBytes(listenersMax, addressEntries), 'connection limits fit their memory');
  }

  /**
   * Counts a connection everywhere or nowhere. `addressHash` is a hash of the address, any integer: two addresses
   * with the same 32 bits share a count. A table without a free place refuses the address.
   */
  reserve(listener: number, addressHash: number, caps: ConnectionCaps, claim: ConnectionClaim): ConnectionVerdict {
    assert(!claim.isHeld, 'a connection is counted once');
    assert(listener >= 0 && listener < this.#listenersMax, 'a listener of the limits');
    if (!this.#add(totalIndex, caps.total)) return 'total';
    if (!this.#add((1 + listener) * listenerStride, caps.listener)) {
      Atomics.sub(this.#words, totalIndex, 1);
      return 'listener';
    }
    const entry = this.#addAddress(addressHash | 0, caps.address);
    if (entry === noEntry) {
      Atomics.sub(this.#words, (1 + listener) * listenerStride, 1);
      Atomics.sub(this.#words, totalIndex, 1);
      return 'address';
    }
    claim.listener = listener;
    claim.entry = entry;
    return 'granted';
  }

  /** The connection is over. Once for each grant. */
  release(claim: ConnectionClaim): void {
    assert(claim.isHeld, 'a connection is released once');
    assert(Atomics.sub(this.#words, claim.entry + 1, 1) > 0, 'an address has the connections that were counted');
    assert(Atomics.sub(this.#words, (1 + claim.listener) * listenerStride, 1) > 0, 'so has a listener');
    assert(Atomics.sub(this.#words, totalIndex, 1) > 0, 'so has the node');
    claim.listener = -1;
    claim.entry = noEntry;
  }

  get total(): number {
    return Atomics.load(this.#words, totalIndex);
  }

  ofListener(listener: number): number {
    return Atomics.load(this.#words, (1 + listener) * listenerStride);
  }

  ofAddress(addressHash: number): number {
    return this.#sum(addressHash | 0);
  }

  #add(index: number, cap: number): boolean {
    if (Atomics.add(this.#words, index, 1) < cap) return true;
    Atomics.sub(this.#words, index, 1);
    return false;
  }

  #addAddress(key: number, cap: number): number {
    let entry = this.#join(key);
    if (entry === noEntry) entry = this.#claimFree(key);
    if (entry === noEntry || this.#sum(key) <= cap) return entry;
    Atomics.sub(this.#words, entry + 1, 1);
    return noEntry;
  }

  /** Adds one to an entry that the address has. */
  #join(key: number): number {
    for (let place = 0; place < places; place++) {
      const entry = this.#entry(key, place);
      for (;;) {
        const count = Atomics.load(this.#words, entry + 1);
        if (count <= 0 || Atomics.load(this.#words, entry) !== key) break;
        if (Atomics.compareExchange(this.#words, entry + 1, count, count + 1) !== count) continue;
        // The key can't change any more. It may have, between the two loads and the exchange.
        if (Atomics.load(this.#words, entry) === key) return entry;
        Atomics.sub(this.#words, entry + 1, 1);
        break;
      }
    }
    return noEntry;
  }

  #claimFree(key: number): number {
    for (let place = 0; place < places; place++) {
      const entry = this.#entry(key, place);
      if (Atomics.load(this.#words, entry + 1) !== 0) continue;
      if (Atomics.compareExchange(this.#words, entry + 1, 0, claiming) !== 0) continue;
      Atomics.store(this.#words, entry, key);
      Atomics.store(this.#words, entry + 1, 1);
      return entry;
    }
    return noEntry;
  }

  #sum(key: number): number {
    let sum = 0;
    for (let place = 0; place < places; place++) {
      const entry = this.#entry(key, place);
      const count = Atomics.load(this.#words, entry + 1);
      if (count > 0 && Atomics.load(this.#words, entry) === key) sum += count;
    }
    return sum;
  }

  #entry(key: number, place: number): number {
    // Neighbouring hashes, of a test or a weak hash, must not fill each other's places.
    const home = Math.imul(key, 0x9e3779b1) >>> 8;
    return this.#entriesStart + ((home + place) & (this.#entries - 1)) * entryWords;
  }
}
