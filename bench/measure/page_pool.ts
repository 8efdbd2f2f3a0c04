/**
 * Memory that was touched before. A virtual machine that touches a page for the first time makes its host find one: 2 to
 * 2.6 CPU-seconds for a GiB against 0.2 when the page is there, and it falls on whoever writes first. Many hosts also
 * take free pages back within two seconds, and begin at once, so touching once at the start does not help: the pool keeps
 * the pages in use and frees them as somebody writes. Freed all before a run they were lost to the slower writer, which made
 * it slower still: the same row took 11 or 36 µs of kernel time for a request of 16 KiB.
 *
 * The kernel keeps free memory by the size of its pieces, and page cache comes in pieces that depend on the length and on
 * the alignment of the writes. Pages held by writes of 1,047,000 B are found again by writes of 1,048,028 B (0.2 s for a
 * GiB), those held by 1,048,576 B or 65,536 B are not (0.6 to 2.4 s). So the pool is written as its user will write, to
 * the same file system.
 */
import { closeSync, ftruncateSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const CHUNK = Buffer.alloc(1 << 20, 0x5a);
/** Some of what is given back goes to others: so much more is held than the next run may write. */
const HELD_OVER_WRITTEN = 1.25;
/**
 * Of free memory, for a run. Held pages are dirty. With those for two sizes of writes they must stay below a tenth of
 * memory, where Linux begins to write back, and far below a fifth, where it makes writers wait.
 */
const HELD_SHARE_MAX = 1 / 28;

/** Enough for the fastest writer between two looks. */
const FREE_AHEAD_BYTES = 64 * 2 ** 20;
const GIVE_EVERY_MS = 10;

export class PagePool {
  /** What a run may write. */
  readonly runBytes: number;
  readonly #directory: string;
  /** Sizes of writes for which pages are held. */
  readonly #held = new Set<number>();

  constructor(directory: string, runBytes: number) {
    this.runBytes = Math.min(runBytes, Math.floor((memoryOf('MemAvailable') ?? 2 ** 31) * HELD_SHARE_MAX));
    this.#directory = directory;
  }

  /** Takes pages for a user who writes `writeBytes` at a time, up to 1 MiB. Quick when they were given back just now. */
  hold(writeBytes: number): void {
    if (this.#held.has(writeBytes)) return;
    const chunk = CHUNK.subarray(0, writeBytes);
    const descriptor = openSync(this.#pathOf(writeBytes), 'w');
    this.#held.add(writeBytes);
    try {
      const end = this.runBytes * HELD_OVER_WRITTEN;
      for (let written = 0; written < end;) written += writeSync(descriptor, chunk, 0, chunk.length, written);
    } finally {
      closeSync(descriptor);
    }
  }

  /** Gives them back to the kernel while somebody writes, until `end` of what it returns. */
  giveBack(writeBytes: number): Giving {
    this.#held.delete(writeBytes);
    return new Giving(this.#pathOf(writeBytes), this.runBytes * HELD_OVER_WRITTEN);
  }

  #pathOf(writeBytes: number): string {
    return join(this.#directory, `pages-${writeBytes}`);
  }
}

/** Frees the pages of a file from its end, as many as others take into the page cache and a few ahead of them. */
class Giving {
  readonly #path: string;
  readonly #descriptor: number;
  readonly #cachedBytes: number;
  readonly #timer: NodeJS.Timeout;
  #left: number;

  constructor(path: string, bytes: number) {
    this.#path = path;
    this.#descriptor = openSync(path, 'r+');
    this.#left = bytes;
    // Where the kernel does not tell, all are freed at once.
    this.#cachedBytes = (memoryOf('Cached') ?? Infinity) - FREE_AHEAD_BYTES;
    this.#give();
    this.#timer = setInterval(() => this.#give(), GIVE_EVERY_MS);
  }

  end(): void {
    clearInterval(this.#timer);
    closeSync(this.#descriptor);
    unlinkSync(this.#path);
  }

  #give(): void {
    const taken = (memoryOf('Cached') ?? Infinity) - this.#cachedBytes;
    if (taken <= 0 || this.#left === 0) return;
    this.#left = Math.max(0, this.#left - taken);
    ftruncateSync(this.#descriptor, this.#left);
  }
}

/** A line of what the kernel tells of memory, in bytes. */
function memoryOf(name: 'MemAvailable' | 'Cached'): number | null {
  try {
    const found = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(readFileSync('/proc/meminfo', 'utf8'));
    return found === null ? null : Number(found[1]) * 1024;
  } catch {
    return null;
  }
}
