import { assert } from '../base/assert.ts';
import { PageRuns } from './page_runs.ts';

/**
 * What the bytes of requests lie in, from the socket to the disk. One for each shard: the shard allocates and
 * releases, other threads read and patch the bytes of frames whose places they were sent.
 *
 * | bytes | what |
 * | --- | --- |
 * | 0 to 64 Ki | landing: where all sockets of the shard receive between frames |
 * | then pages of 16 KiB | free · small (frames beside each other) · run (one frame over adjacent pages) |
 *
 * A frame is one contiguous range. One of up to a page is laid at the end of the open page; a longer one has a run of
 * pages, which are taken as its bytes arrive: never more than twice what has arrived, and a page. The pages behind
 * an incomplete run, up to its declared length, are softly reserved: others avoid them while any other place fits,
 * so that the frame nearly always grows where it lies. When it cannot, it moves (for that moment both places are in
 * use), and the copied bytes are counted; a frame that moves takes room for as much again if the budget has it, so that
 * all moves of a frame together copy less than twice its length.
 *
 * The address space (`memory`) is larger than the budget of bytes in use: pages never touched cost nothing, and the
 * lowest ones are used first. All bookkeeping is outside the shared bytes, where a thread that patches a frame
 * cannot spoil it.
 */
export const pageBytes = 16 * 1024;
export const landingBytes = 64 * 1024;
export const arenaBytesMax = 2 ** 32;
const pageShift = 14;
/** Frames begin at cache lines: two threads do not write the same line. */
const granuleBytes = 64;
const granuleShift = 6;
/** A run that grows takes at most this much ahead of its bytes. */
const aheadBytesMax = 1024 * 1024;
const firstPage = landingBytes / pageBytes;
const poisonByte = 0xdb;

assert(pageBytes === 2 ** pageShift && granuleBytes === 2 ** granuleShift, 'pages and granules are powers of two');
assert(Number.isInteger(firstPage), 'the landing buffer is whole pages');

const free = 0;
const small = 1;
const run = 2;

export interface ArenaOptions {
  /** Overwrites released bytes with 0xDB, so that a use after release is seen. For tests. */
  readonly poison?: boolean;
}

export class Arena {
  /** The whole arena, kept. */
  readonly bytes: Uint8Array<SharedArrayBuffer>;
  readonly view: DataView<SharedArrayBuffer>;
  /** The first 64 KiB, for reads of sockets that are between frames. */
  readonly landing: Uint8Array<SharedArrayBuffer>;
  /** The same from each of its first eight bytes on. */
  readonly landingFrom: readonly Uint8Array<SharedArrayBuffer>[];
  readonly budgetBytes: number;
  /** Bytes that were copied because a frame could not grow where it lay. */
  movedBytes = 0;
  movedFrames = 0;
  readonly #poison: boolean;
  readonly #runs: PageRuns;
  #usedPages = 0;
  #incompleteBytes = 0;

  /** By page: free, small, or run (its first page only). */
  readonly #kindOf: Uint8Array;
  /** By page: live frames of a small page; pages of a run, at its first page. */
  readonly #countOf: Int32Array;
  /** By first page of a run: pages softly reserved behind it. */
  readonly #softOf: Int32Array;
  /** By last page of a run: its first page. */
  readonly #firstOf: Int32Array;
  /** By granule in which a frame begins: its length + 1, negative while it is incomplete; 0 where none begins. */
  readonly #frameAt: Int32Array;

  #softPages = 0;
  readonly #softPagesMax: number;
  /** The open page's free part. */
  #openPage = -1;
  #openNext = 0;
  #openEnd = 0;

  constructor(memory: SharedArrayBuffer, budgetBytes: number, options: ArenaOptions = {}) {
    assert(
      memory.byteLength % pageBytes === 0 && memory.byteLength <= arenaBytesMax,
      'an arena: whole pages, to 4 GiB',
    );
    assert(memory.byteLength > landingBytes, 'an arena is larger than its landing buffer');
    const pages = memory.byteLength / pageBytes;
    this.bytes = new Uint8Array(memory);
    this.view = new DataView(memory);
    this.landing = new Uint8Array(memory, 0, landingBytes);
    this.landingFrom = Array.from({ length: 8 }, (_, at) => this.landing.subarray(at));
    this.budgetBytes = budgetBytes;
    this.#poison = options.poison ?? false;
    this.#runs = new PageRuns(pages);
    this.#runs.take(0, firstPage);
    this.#kindOf = new Uint8Array(pages);
    this.#countOf = new Int32Array(pages);
    this.#softOf = new Int32Array(pages);
    this.#firstOf = new Int32Array(pages);
    this.#frameAt = new Int32Array(memory.byteLength / granuleBytes);
    this.#softPagesMax = pages >>> 1;
  }

  /** Whole pages in use, landing not counted; the open page is in use even when it is empty. */
  get usedBytes(): number {
    return this.#usedPages * pageBytes;
  }

  /** Of it, what incomplete frames hold. */
  get incompleteBytes(): number {
    return this.#incompleteBytes;
  }

  /** A place for a frame all of whose `length` bytes are there. −1: the budget or the address space is used up. */
  allocate(length: number): number {
    if (length <= pageBytes) return this.#allocateSmall(length, length + 1);
    const pages = pagesFor(length);
    if (!this.#affords(pages)) return -1;
    const first = this.#findRun(pages);
    if (first < 0) return -1;
    this.#takeRun(first, pages);
    this.#setFrame(first, length + 1);
    return first * pageBytes;
  }

  /**
   * A place for a frame of `declared` bytes of which `arrived` are there and the rest will be received in place. Up to
   * a page it is taken whole, a longer frame takes pages as its bytes arrive. −1: full.
   */
  reserve(declared: number, arrived: number): number {
    assert(arrived >= 0 && arrived <= declared && declared < 2 ** 31, 'a frame has arrived in part');
    if (declared <= pageBytes) {
      const place = this.#allocateSmall(declared, -declared - 1);
      if (place >= 0) this.#incompleteBytes += granulesFor(declared) * granuleBytes;
      return place;
    }
    const pages = this.#affordable(arrived, declared, aheadOf(arrived));
    if (pages === 0) return -1;
    const first = this.#findRunFor(declared, pages);
    if (first < 0) return -1;
    this.#takeRun(first, pages);
    this.#setFrame(first, -declared - 1);
    this.#incompleteBytes += pages * pageBytes;
    this.#reserveSoft(first, pages, pagesFor(declared));
    return first * pageBytes;
  }

  /** How many bytes from `place` on may be written now: the frame's own memory, never past its end. */
  writable(place: number): number {
    const length = Math.abs(this.#frame(place)) - 1;
    const page = place >>> pageShift;
    return this.#kindOf[page] === run ? Math.min(length, (this.#countOf[page] as number) * pageBytes) : length;
  }

  /**
   * Gives an incomplete frame, of which the bytes before `arrivedEnd` are there, memory for more: afterwards
   * `writable` is above `arrivedEnd`, or is the whole frame. Returns its place, which is a new one if it had to move:
   * views and destinations on the old place are void. −1: full now; the frame stays as it is.
   */
  extend(place: number, arrivedEnd: number): number {
    const frame = this.#frame(place);
    assert(frame < 0, 'a complete frame does not grow');
    const declared = -frame - 1;
    const writable = this.writable(place);
    assert(arrivedEnd <= writable, 'bytes arrive in writable memory');
    if (writable > arrivedEnd || writable === declared) return place;
    const first = place >>> pageShift;
    const pages = this.#countOf[first] as number;
    const soft = this.#softOf[first] as number;
    const wanted = this.#affordable(arrivedEnd, declared, aheadOf(arrivedEnd), pages) - pages;
    if (wanted <= 0) return -1;
    const beyond = wanted > soft ? this.#runs.clearFrom(first + pages + soft, wanted - soft) : 0;
    const more = Math.min(wanted, soft + beyond);
    if (more === 0) return this.#move(first, arrivedEnd, declared);
    this.#setSoft(first, pages, 0);
    this.#takeRun(first, pages + more, pages);
    this.#incompleteBytes += more * pageBytes;
    this.#reserveSoft(first, pages + more, Math.max(pagesFor(declared), pages + soft));
    return place;
  }

  /** The frame is whole, with the `length` bytes that were declared: it counts as incomplete no more. */
  complete(place: number, length: number): void {
    const frame = this.#frame(place);
    assert(frame < 0, 'a frame is completed once');
    assert(length === -frame - 1 && length === this.writable(place), 'a complete frame is as long as declared');
    const page = place >>> pageShift;
    this.#countComplete(page, length);
    if (this.#kindOf[page] === run) this.#setSoft(page, this.#countOf[page] as number, 0);
    this.#frameAt[place >>> granuleShift] = -frame;
  }

  /** The frame's memory is free, whether it was complete or not. Each place once. */
  release(place: number): void {
    const frame = this.#frame(place);
    const page = place >>> pageShift;
    if (frame < 0) this.#countComplete(page, -frame - 1);
    this.#frameAt[place >>> granuleShift] = 0;
    if (this.#kindOf[page] === run) {
      const pages = this.#countOf[page] as number;
      this.#setSoft(page, pages, 0);
      this.#kindOf[page] = free;
      this.#giveBack(page, pages);
      return;
    }
    if (this.#poison) this.bytes.fill(poisonByte, place, place + granulesFor(Math.abs(frame) - 1) * granuleBytes);
    const live = (this.#countOf[page] as number) - 1;
    this.#countOf[page] = live;
    if (live > 0) return;
    if (page === this.#openPage) {
      // Empty again: the next frame lies where this one did, in warm memory.
      this.#openNext = page * pageBytes;
    } else {
      this.#kindOf[page] = free;
      this.#giveBack(page, 1);
    }
  }

  /** The same, by a byte in the first 64 of the frame: it need not begin where its place does. */
  releaseFrom(start: number): void {
    this.release(start - (start % granuleBytes));
  }

  #allocateSmall(length: number, frame: number): number {
    const bytes = granulesFor(length) * granuleBytes;
    if (this.#openNext + bytes > this.#openEnd && !this.#openAnother()) return -1;
    const place = this.#openNext;
    this.#openNext = place + bytes;
    this.#countOf[this.#openPage] = (this.#countOf[this.#openPage] as number) + 1;
    this.#frameAt[place >>> granuleShift] = frame;
    return place;
  }

  /** An open page that is left has live frames: it is freed with the last of them. */
  #openAnother(): boolean {
    if (!this.#affords(1)) return false;
    const page = this.#findRun(1);
    if (page < 0) return false;
    this.#runs.take(page, 1);
    this.#usedPages++;
    this.#kindOf[page] = small;
    this.#countOf[page] = 0;
    this.#openPage = page;
    this.#openNext = page * pageBytes;
    this.#openEnd = this.#openNext + pageBytes;
    return true;
  }

  #affords(pages: number): boolean {
    return (this.#usedPages + pages) * pageBytes <= this.budgetBytes;
  }

  /**
   * Pages for a frame of which `arrived` bytes are there, with `ahead` bytes of room if the budget has them, and room
   * for one byte at least; `held` of them it has. 0: the budget has not even that.
   */
  #affordable(arrived: number, declared: number, ahead: number, held = 0): number {
    const least = pagesFor(Math.min(declared, arrived + 1));
    if (!this.#affords(least - held)) return 0;
    const left = Math.floor(this.budgetBytes / pageBytes) - this.#usedPages;
    return Math.max(least, Math.min(pagesFor(Math.min(declared, arrived + ahead)), held + left));
  }

  /** The lowest run of `pages` clear pages, if need be made clear at the cost of soft reservations. */
  #findRun(pages: number): number {
    const clear = this.#runs.findClear(pages);
    if (clear >= 0) return clear;
    const untaken = this.#runs.findUntaken(pages);
    if (untaken < 0) return -1;
    for (let page = untaken; page < untaken + pages; page++) if (this.#runs.isSoft(page)) this.#stealFrom(page);
    return untaken;
  }

  /** The same, for a frame that will grow to `declared`. */
  #findRunFor(declared: number, pages: number): number {
    const whole = this.#runs.findClear(this.#hopedPages(pages, pagesFor(declared)));
    return whole >= 0 ? whole : this.#findRun(pages);
  }

  /** Soft reservations hold at most half of the address space; beyond, a frame hopes for as much again. */
  #hopedPages(pages: number, declaredPages: number): number {
    const fits = this.#softPages + declaredPages - pages <= this.#softPagesMax;
    return fits ? declaredPages : Math.min(declaredPages, pages * 2);
  }

  /** Takes [first, first + pages), of which the first `held` are taken already and the rest are clear. */
  #takeRun(first: number, pages: number, held = 0): void {
    this.#runs.take(first + held, pages - held);
    this.#usedPages += pages - held;
    this.#kindOf[first] = run;
    this.#countOf[first] = pages;
    this.#softOf[first] = 0;
    this.#firstOf[first + pages - 1] = first;
  }

  #setFrame(first: number, frame: number): void {
    this.#frameAt[(first * pageBytes) >>> granuleShift] = frame;
  }

  /** A soft page belongs to the run before it: that run's reservation ends here from now on. */
  #stealFrom(page: number): void {
    const last = this.#runs.takenBefore(page);
    const victim = this.#firstOf[last] as number;
    const pages = this.#countOf[victim] as number;
    assert(this.#kindOf[victim] === run && victim + pages === last + 1, 'soft pages follow their run');
    this.#setSoft(victim, pages, page - last - 1);
  }

  /** Reserves what is clear behind a run of `pages`, up to what it hopes for. */
  #reserveSoft(first: number, pages: number, declaredPages: number): void {
    const hoped = this.#hopedPages(pages, declaredPages);
    this.#setSoft(first, pages, this.#runs.clearFrom(first + pages, hoped - pages));
  }

  #setSoft(first: number, pages: number, soft: number): void {
    const before = this.#softOf[first] as number;
    if (soft > before) this.#runs.reserve(first + pages + before, soft - before);
    else if (soft < before) this.#runs.soften(first + pages + soft, before - soft);
    this.#softOf[first] = soft;
    this.#softPages += soft - before;
  }

  #move(from: number, arrivedEnd: number, declared: number): number {
    const held = this.#countOf[from] as number;
    const pages = this.#affordable(arrivedEnd, declared, arrivedEnd, held);
    if (pages === 0) return -1;
    const to = this.#findRunFor(declared, pages);
    if (to < 0) return -1;
    this.#takeRun(to, pages);
    this.#setFrame(to, -declared - 1);
    this.bytes.copyWithin(to * pageBytes, from * pageBytes, from * pageBytes + arrivedEnd);
    this.movedBytes += arrivedEnd;
    this.movedFrames++;
    this.#incompleteBytes += pages * pageBytes;
    this.release(from * pageBytes);
    this.#reserveSoft(to, pages, pagesFor(declared));
    return to * pageBytes;
  }

  #countComplete(page: number, declared: number): void {
    const isRun = this.#kindOf[page] === run;
    this.#incompleteBytes -= isRun ? (this.#countOf[page] as number) * pageBytes : granulesFor(declared) * granuleBytes;
  }

  #giveBack(first: number, pages: number): void {
    if (this.#poison) this.bytes.fill(poisonByte, first * pageBytes, (first + pages) * pageBytes);
    this.#runs.free(first, pages);
    this.#usedPages -= pages;
  }

  #frame(place: number): number {
    assert(place >= landingBytes && place % granuleBytes === 0, 'a place of a frame');
    const frame = this.#frameAt[place >>> granuleShift];
    assert(frame !== undefined && frame !== 0, 'a frame lies at this place, and was not released');
    return frame;
  }
}

function pagesFor(bytes: number): number {
  return Math.ceil(bytes / pageBytes);
}

function granulesFor(bytes: number): number {
  return bytes === 0 ? 1 : (bytes + granuleBytes - 1) >>> granuleShift;
}

/** Room for as much again as has arrived, between a page and a mebibyte. */
function aheadOf(arrived: number): number {
  return Math.min(Math.max(arrived, pageBytes), aheadBytesMax);
}
