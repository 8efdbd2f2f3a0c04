/**
 * Which pages of an arena are taken, and which are softly reserved: free, but avoided while there are others.
 * Bitmaps of one bit a page, searched 32 at a time from the lowest page on, so that a lightly used arena stays
 * dense and its upper pages are never touched. Plain memory of the thread that allocates.
 */
export class PageRuns {
  readonly pages: number;
  /** In use. */
  readonly #taken: Int32Array;
  /** In use or softly reserved. */
  readonly #avoided: Int32Array;
  /** No page below it is free of both. */
  #lowestClear = 0;

  constructor(pages: number) {
    this.pages = pages;
    this.#taken = new Int32Array(Math.ceil(pages / 32));
    this.#avoided = new Int32Array(Math.ceil(pages / 32));
  }

  /** The lowest run of `count` pages that are neither taken nor softly reserved; −1 for none. */
  findClear(count: number): number {
    if (count === 1) {
      const page = nextClear(this.#avoided, this.#lowestClear, this.pages);
      if (page >= this.pages) return -1;
      this.#lowestClear = page;
      return page;
    }
    return findRun(this.#avoided, this.#lowestClear, this.pages, count);
  }

  /** The lowest run of `count` pages that are not taken; some are softly reserved. −1 for none. */
  findUntaken(count: number): number {
    return findRun(this.#taken, 0, this.pages, count);
  }

  /** How many pages from `page` on, up to `max`, are neither taken nor softly reserved. */
  clearFrom(page: number, max: number): number {
    const end = Math.min(page + max, this.pages);
    return page >= end ? 0 : nextSet(this.#avoided, page, end) - page;
  }

  /** The last page before `page` that is taken, or −1. */
  takenBefore(page: number): number {
    return previousSet(this.#taken, page);
  }

  isTaken(page: number): boolean {
    return isSet(this.#taken, page);
  }

  isSoft(page: number): boolean {
    return isSet(this.#avoided, page) && !isSet(this.#taken, page);
  }

  /** Clear or soft pages become taken. */
  take(first: number, count: number): void {
    setBits(this.#taken, first, count);
    setBits(this.#avoided, first, count);
  }

  /** Taken pages become clear. */
  free(first: number, count: number): void {
    clearBits(this.#taken, first, count);
    this.soften(first, count);
  }

  /** Clear pages become soft. */
  reserve(first: number, count: number): void {
    setBits(this.#avoided, first, count);
  }

  /** Soft pages become clear. */
  soften(first: number, count: number): void {
    clearBits(this.#avoided, first, count);
    if (count > 0 && first < this.#lowestClear) this.#lowestClear = first;
  }
}

function isSet(bits: Int32Array, page: number): boolean {
  return (((bits[page >>> 5] as number) >>> (page & 31)) & 1) !== 0;
}

function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word);
}

function findRun(bits: Int32Array, from: number, pages: number, count: number): number {
  let page = nextClear(bits, from, pages);
  while (page + count <= pages) {
    const end = nextSet(bits, page, page + count);
    if (end === page + count) return page;
    page = nextClear(bits, end, pages);
  }
  return -1;
}

/** The first page from `page` on whose bit is 0, or `end`. */
function nextClear(bits: Int32Array, page: number, end: number): number {
  if (page >= end) return end;
  let index = page >>> 5;
  let word = ~(bits[index] as number) & (-1 << (page & 31));
  const last = (end - 1) >>> 5;
  while (word === 0) {
    if (index === last) return end;
    word = ~(bits[++index] as number);
  }
  return Math.min(index * 32 + lowestBit(word), end);
}

/** The first page from `page` on whose bit is 1, or `end`. */
function nextSet(bits: Int32Array, page: number, end: number): number {
  let index = page >>> 5;
  let word = (bits[index] as number) & (-1 << (page & 31));
  const last = (end - 1) >>> 5;
  while (word === 0) {
    if (index === last) return end;
    word = bits[++index] as number;
  }
  return Math.min(index * 32 + lowestBit(word), end);
}

function previousSet(bits: Int32Array, page: number): number {
  let index = page >>> 5;
  let word = (bits[index] as number) & ((1 << (page & 31)) - 1);
  while (word === 0) {
    if (index === 0) return -1;
    word = bits[--index] as number;
  }
  return index * 32 + 31 - Math.clz32(word);
}

function setBits(bits: Int32Array, first: number, count: number): void {
  let page = first;
  const end = first + count;
  while (page < end) {
    const index = page >>> 5;
    bits[index] = (bits[index] as number) | maskOf(page, end);
    page = (index + 1) * 32;
  }
}

function clearBits(bits: Int32Array, first: number, count: number): void {
  let page = first;
  const end = first + count;
  while (page < end) {
    const index = page >>> 5;
    bits[index] = (bits[index] as number) & ~maskOf(page, end);
    page = (index + 1) * 32;
  }
}

/** Bits of the word of `page`, from it up to `end`. */
function maskOf(page: number, end: number): number {
  const low = page & 31;
  const length = Math.min(32 - low, end - page);
  return length === 32 ? -1 : ((1 << length) - 1) << low;
}
