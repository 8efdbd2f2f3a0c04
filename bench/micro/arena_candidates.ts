/**
 * Three ways to hold frames between socket and disk, behind one face, for bench/micro/arena.ts: the product's arena
 * (runs of pages with a soft reservation), a buddy allocator, and chains of pages. The last two exist to be measured.
 */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { landingBytes } from '../../src/shared-memory/arena.ts';
import type { Arena } from '../../src/shared-memory/arena.ts';

export interface FrameMemory {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Takes memory for a frame; −1 when full. */
  begin(declared: number, arrived: number): number;
  /** Bytes that may be received now, in one piece, behind those that arrived. */
  room(handle: number, arrived: number): number;
  /** Where byte `at` of the frame lies. */
  placeOf(handle: number, at: number): number;
  /** More is coming: returns the handle, which may be another. */
  grow(handle: number, arrived: number): number;
  complete(handle: number, length: number): void;
  release(handle: number): void;
  /** Pieces in which a frame of this length is handed to the disk. */
  pieces(length: number): number;
  readonly usedBytes: number;
  readonly movedBytes: number;
}

const spaceBytes = 512 * 1024 * 1024;

/** The product's module, with another page size. */
export async function arenaWithPages(pageKib: number): Promise<FrameMemory> {
  const source = new URL('../../src/shared-memory/arena.ts', import.meta.url);
  const text = readFileSync(source, 'utf8')
    .replace('pageBytes = 16 * 1024', `pageBytes = ${pageKib} * 1024`)
    .replace('pageShift = 14', `pageShift = ${Math.log2(pageKib * 1024)}`)
    .replaceAll(/from '(\..*?)'/g, (_, path: string) => `from '${new URL(path, source).href}'`);
  const file = join(mkdtempSync(join(tmpdir(), 'arena-')), `arena_${pageKib}.ts`);
  writeFileSync(file, text);
  const module = (await import(file)) as { Arena: typeof Arena };
  const arena = new module.Arena(new SharedArrayBuffer(spaceBytes), spaceBytes / 2);
  return {
    name: `runs, ${pageKib} KiB pages`,
    bytes: arena.bytes,
    begin: (declared, arrived) => (arrived === declared ? arena.allocate(declared) : arena.reserve(declared, arrived)),
    room: (handle, arrived) => arena.writable(handle) - arrived,
    placeOf: (handle, at) => handle + at,
    grow: (handle, arrived) => arena.extend(handle, arrived),
    complete: (handle, length) => arena.complete(handle, length),
    release: (handle) => arena.release(handle),
    pieces: () => 1,
    get usedBytes() {
      return arena.usedBytes;
    },
    get movedBytes() {
      return arena.movedBytes;
    },
  };
}

/** Blocks of 256 << order bytes; a frame has one block, and moves to a larger one unless its upper buddy is free. */
export class BuddyMemory implements FrameMemory {
  readonly name = 'buddy';
  readonly bytes = new Uint8Array(new SharedArrayBuffer(spaceBytes));
  usedBytes = 0;
  movedBytes = 0;
  /** By block: its order + 1 where one begins, negative when it is free. */
  readonly #orderAt = new Int8Array(spaceBytes / 256);
  readonly #next = new Int32Array(spaceBytes / 256);
  readonly #previous = new Int32Array(spaceBytes / 256);
  readonly #heads = new Int32Array(32).fill(-1);
  readonly #orderMax = Math.log2(spaceBytes / 256) - 2;

  constructor() {
    const step = 1 << this.#orderMax;
    for (let block = 0; block < spaceBytes / 256; block += step) this.#push(block, this.#orderMax);
    this.#take(this.#orderFor(landingBytes));
  }

  begin(declared: number, arrived: number): number {
    return this.#take(this.#orderFor(Math.min(declared, Math.max(arrived, 16 * 1024)))) * 256;
  }

  room(handle: number, arrived: number): number {
    return (256 << (this.#orderAt[handle / 256]! - 1)) - arrived;
  }

  placeOf(handle: number, at: number): number {
    return handle + at;
  }

  grow(handle: number, arrived: number): number {
    const block = handle / 256;
    const order = this.#orderAt[block]! - 1;
    const buddy = block ^ (1 << order);
    if (buddy > block && this.#orderAt[buddy] === -(order + 1)) {
      this.#unlink(buddy, order);
      this.#orderAt[buddy] = 0;
      this.#orderAt[block] = order + 2;
      this.usedBytes += 256 << order;
      return handle;
    }
    const moved = this.#take(order + 1);
    if (moved < 0) return -1;
    this.bytes.copyWithin(moved * 256, handle, handle + arrived);
    this.movedBytes += arrived;
    this.release(handle);
    return moved * 256;
  }

  complete(): void {}

  release(handle: number): void {
    let block = handle / 256;
    let order = this.#orderAt[block]! - 1;
    this.usedBytes -= 256 << order;
    while (order < this.#orderMax) {
      const buddy = block ^ (1 << order);
      if (this.#orderAt[buddy] !== -(order + 1)) break;
      this.#unlink(buddy, order);
      this.#orderAt[buddy] = 0;
      this.#orderAt[block] = 0;
      block = Math.min(block, buddy);
      order++;
    }
    this.#push(block, order);
  }

  pieces(): number {
    return 1;
  }

  #orderFor(bytes: number): number {
    return bytes <= 256 ? 0 : 32 - Math.clz32((bytes - 1) >>> 8);
  }

  #take(wanted: number): number {
    let order = wanted;
    while (order <= this.#orderMax && this.#heads[order]! < 0) order++;
    if (order > this.#orderMax) return -1;
    const block = this.#heads[order]!;
    this.#unlink(block, order);
    while (order > wanted) {
      order--;
      this.#push(block + (1 << order), order);
    }
    this.#orderAt[block] = wanted + 1;
    this.usedBytes += 256 << wanted;
    return block;
  }

  #push(block: number, order: number): void {
    this.#orderAt[block] = -(order + 1);
    const head = this.#heads[order]!;
    this.#next[block] = head;
    this.#previous[block] = -1;
    if (head >= 0) this.#previous[head] = block;
    this.#heads[order] = block;
  }

  #unlink(block: number, order: number): void {
    const next = this.#next[block]!;
    const previous = this.#previous[block]!;
    if (previous >= 0) this.#next[previous] = next;
    else this.#heads[order] = next;
    if (next >= 0) this.#previous[next] = previous;
  }
}

/** A frame above a page is a list of pages anywhere; smaller ones lie beside each other in an open page. */
export class ChainMemory implements FrameMemory {
  readonly name: string;
  readonly bytes = new Uint8Array(new SharedArrayBuffer(spaceBytes));
  usedBytes = 0;
  readonly movedBytes = 0;
  readonly #pageBytes: number;
  readonly #free: Int32Array;
  #freeCount = 0;
  /** Frames by handle: first page, last page, small frames their place. */
  readonly #nextPage: Int32Array;
  readonly #lastPage: Int32Array;
  readonly #liveOf: Int32Array;
  #openPage = -1;
  #openNext = 0;
  #openEnd = 0;

  constructor(pageKib: number) {
    this.name = `chains, ${pageKib} KiB pages`;
    this.#pageBytes = pageKib * 1024;
    const pages = spaceBytes / this.#pageBytes;
    this.#free = new Int32Array(pages);
    this.#nextPage = new Int32Array(pages);
    this.#lastPage = new Int32Array(pages);
    this.#liveOf = new Int32Array(pages);
    for (let page = pages - 1; page >= landingBytes / this.#pageBytes; page--) this.#free[this.#freeCount++] = page;
  }

  begin(declared: number, arrived: number): number {
    if (declared <= this.#pageBytes) return this.#small(declared);
    const first = this.#takePage();
    this.#lastPage[first] = first;
    for (let held = this.#pageBytes; held <= arrived && held < declared; held += this.#pageBytes) this.#link(first);
    return first * this.#pageBytes;
  }

  room(_handle: number, arrived: number): number {
    return this.#pageBytes - (arrived % this.#pageBytes);
  }

  placeOf(handle: number, at: number): number {
    let page = Math.floor(handle / this.#pageBytes);
    for (let left = at; left >= this.#pageBytes; left -= this.#pageBytes) page = this.#nextPage[page]!;
    return page * this.#pageBytes + (at % this.#pageBytes) + (handle % this.#pageBytes);
  }

  grow(handle: number): number {
    this.#link(handle / this.#pageBytes);
    return handle;
  }

  complete(): void {}

  release(handle: number): void {
    const page = Math.floor(handle / this.#pageBytes);
    if (this.#liveOf[page]! > 0) {
      if (--this.#liveOf[page]! > 0) return;
      if (page === this.#openPage) this.#openNext = page * this.#pageBytes;
      else this.#giveBack(page);
      return;
    }
    const last = this.#lastPage[page]!;
    for (let at = page; ; at = this.#nextPage[at]!) {
      this.#giveBack(at);
      if (at === last) return;
    }
  }

  pieces(length: number): number {
    return Math.max(1, Math.ceil(length / this.#pageBytes));
  }

  #small(length: number): number {
    const bytes = (length + 63) & -64;
    if (this.#openNext + bytes > this.#openEnd) {
      this.#openPage = this.#takePage();
      this.#openNext = this.#openPage * this.#pageBytes;
      this.#openEnd = this.#openNext + this.#pageBytes;
    }
    this.#liveOf[this.#openPage]!++;
    this.#openNext += bytes;
    return this.#openNext - bytes;
  }

  #link(first: number): void {
    const page = this.#takePage();
    this.#nextPage[this.#lastPage[first]!] = page;
    this.#lastPage[first] = page;
  }

  #takePage(): number {
    this.usedBytes += this.#pageBytes;
    return this.#free[--this.#freeCount]!;
  }

  #giveBack(page: number): void {
    this.usedBytes -= this.#pageBytes;
    this.#free[this.#freeCount++] = page;
  }
}
