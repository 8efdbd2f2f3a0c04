import { closeSync, fdatasyncSync, ftruncateSync, openSync, statfsSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { median } from '../../bench/measure/statistics.ts';
import type { ReadText, VolumeFacts } from './findings.ts';

const SYNCS = 24;
const SYNC_BLOCK_BYTES = 16 * 1024;
const CHUNK_BYTES = 4 * 2 ** 20;
/** Written for the rate: a volume gets to its own pace, past the memory of a small controller. */
const SEQUENTIAL_BYTES = 256 * 2 ** 20;
/** A slow volume is not waited for longer than this. */
const SEQUENTIAL_MS_MAX = 4000;

/** Measures the volume of `directory`, in which a file is made and removed again. Takes up to some seconds. */
export function measureVolume(directory: string, shownAs: string, read: ReadText): VolumeFacts {
  const { bavail, blocks, bsize } = statfsSync(directory);
  const path = join(directory, 'volume');
  const descriptor = openSync(path, 'w');
  try {
    const syncMs = measureSyncs(descriptor);
    ftruncateSync(descriptor);
    return {
      directory: shownAs,
      fileSystem: fileSystemOf(directory, read('/proc/self/mountinfo') ?? ''),
      freeBytes: bavail * bsize,
      totalBytes: blocks * bsize,
      syncMs,
      sequentialBytesPerSecond: measureRate(descriptor, Math.min(SEQUENTIAL_BYTES, (bavail * bsize) / 4)),
    };
  } finally {
    closeSync(descriptor);
    unlinkSync(path);
  }
}

function measureSyncs(descriptor: number): VolumeFacts['syncMs'] {
  const block = Buffer.alloc(SYNC_BLOCK_BYTES, 0x5a);
  const took: number[] = [];
  for (let sync = 0; sync < SYNCS; sync++) {
    writeSync(descriptor, block);
    const beganMs = performance.now();
    fdatasyncSync(descriptor);
    took.push(performance.now() - beganMs);
  }
  return { median: median(took), worst: Math.max(...took) };
}

function measureRate(descriptor: number, bytes: number): number {
  const chunk = Buffer.alloc(CHUNK_BYTES, 0x5a);
  const beganMs = performance.now();
  let written = 0;
  while (written < bytes && performance.now() - beganMs < SEQUENTIAL_MS_MAX) {
    written += writeSync(descriptor, chunk);
    // What is only in the page cache would count for nothing: each piece is waited for.
    if (written % (8 * CHUNK_BYTES) === 0) fdatasyncSync(descriptor);
  }
  fdatasyncSync(descriptor);
  return (written * 1000) / (performance.now() - beganMs);
}

/** Type of the mount with the longest path above `directory`; lines of proc_pid_mountinfo(5). */
export function fileSystemOf(directory: string, mountinfo: string): string {
  let longest = -1;
  let type = 'unknown';
  for (const line of mountinfo.split('\n')) {
    const [before, after] = line.split(' - ');
    const point = before
      ?.split(' ')[4]
      ?.replaceAll(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
    if (point === undefined || after === undefined || point.length < longest) continue;
    const isAbove = point === '/' || directory === point || directory.startsWith(`${point}/`);
    if (!isAbove) continue;
    longest = point.length;
    type = after.split(' ')[0] ?? type;
  }
  return type;
}
