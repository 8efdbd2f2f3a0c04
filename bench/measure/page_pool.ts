/**
 * Memory that was touched before. A virtual machine that touches a page for the first time makes its host find one: 2 to
 * 2.6 CPU-seconds for a GiB against 0.2 when the page is there, and it falls on whoever writes first. Many hosts also
 * take free pages back within two seconds, so touching once at the start does not help: the pool keeps the pages in use
 * between runs and frees them just before somebody is to write.
 *
 * The kernel keeps free memory by the size of its pieces, and page cache comes in pieces as large as the writes. What was
 * held by writes of 64 KiB is found again by writes up to that size (0.2 to 0.3 s for a GiB), but not by those of 1 MiB
 * (2 s), and the other way round. So the pool is written as its user will write, to the same file system.
 */
import { closeSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const CHUNK = Buffer.alloc(1 << 20, 0x5a);
/** Some of what is given back goes to others: so much more is held than the next run may write. */
const HELD_OVER_WRITTEN = 1.25;

export class PagePool {
  /** What a run may write: never more than a quarter of what is free. */
  readonly runBytes: number;
  readonly #path: string;
  /** Size of the writes that the pages held now came by; 0: none are held. */
  #heldBy = 0;

  constructor(directory: string, runBytes: number) {
    this.runBytes = Math.min(runBytes, Math.floor(availableMemory() / 4));
    this.#path = join(directory, 'pages');
  }

  /** Takes pages for a user who writes `writeBytes` at a time, up to 1 MiB. Quick when they were given back just now. */
  hold(writeBytes: number): void {
    const chunk = CHUNK.subarray(0, writeBytes);
    if (this.#heldBy === chunk.length) return;
    this.release();
    const descriptor = openSync(this.#path, 'w');
    this.#heldBy = chunk.length;
    try {
      const end = this.runBytes * HELD_OVER_WRITTEN;
      for (let written = 0; written < end;) written += writeSync(descriptor, chunk, 0, chunk.length, written);
    } finally {
      closeSync(descriptor);
    }
  }

  /** Gives them back to the kernel, for the one who writes now. */
  release(): void {
    if (this.#heldBy !== 0) unlinkSync(this.#path);
    this.#heldBy = 0;
  }
}

/** What the kernel says programs may still take; bytes. */
function availableMemory(): number {
  try {
    const found = /^MemAvailable:\s+(\d+) kB/m.exec(readFileSync('/proc/meminfo', 'utf8'));
    if (found !== null) return Number(found[1]) * 1024;
  } catch {
    // No /proc: a small pool, then.
  }
  return 2 ** 31;
}
