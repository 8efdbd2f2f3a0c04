/**
 * Memory that was touched before. A virtual machine that touches a page for the first time makes its host find one: up
 * to 2.6 CPU-seconds for a GiB against 0.1 to 0.25 when the page is there, and it falls on whoever writes first. Many
 * hosts also take free pages back within two seconds, so touching once at the start does not help: the pool keeps the
 * pages in use between runs and frees them just before somebody is to write.
 */
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statfsSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const CHUNK = Buffer.alloc(4 << 20, 0x5a);
/** A file system in memory: what lies there is never written to a disk meanwhile. */
const IN_MEMORY = '/dev/shm';

export class PagePool {
  /** At most a third of what is free. */
  readonly bytes: number;
  readonly #directory: string;
  #held = false;

  constructor(fallbackDirectory: string, bytes: number) {
    this.bytes = Math.min(bytes, Math.floor(availableMemory() / 3));
    this.#directory = mkdtempSync(
      join(hasRoom(IN_MEMORY, this.bytes) ? IN_MEMORY : fallbackDirectory, 'millrace-pages-'),
    );
    process.once('exit', () => rmSync(this.#directory, { recursive: true, force: true }));
  }

  /** Takes the pages. Quick when enough of them were given back a moment ago. */
  hold(): void {
    if (this.#held) return;
    const descriptor = openSync(this.#path, 'w');
    this.#held = true;
    try {
      for (let written = 0; written < this.bytes;) written += writeSync(descriptor, CHUNK, 0, CHUNK.length, written);
    } finally {
      closeSync(descriptor);
    }
  }

  /** Gives them back to the kernel, for the one who writes now. */
  release(): void {
    if (this.#held) unlinkSync(this.#path);
    this.#held = false;
  }

  get #path(): string {
    return join(this.#directory, 'pages');
  }
}

function hasRoom(directory: string, bytes: number): boolean {
  try {
    const { bavail, bsize } = statfsSync(directory);
    return bavail * bsize > bytes;
  } catch {
    return false;
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
