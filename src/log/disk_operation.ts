import type { Clock } from '../port/clock.ts';
import type { File } from '../port/disk.ts';
import { DiskError } from '../port/disk.ts';

/**
 * Something that needs reads, one after the other, and can be driven blocking or not: the same steps either way.
 * `begin` and each `advance` say whether `file` is to be read next, into `memory[at, at + length)` from `position`.
 */
export interface DiskOperation {
  readonly file: File;
  readonly memory: Uint8Array;
  readonly at: number;
  readonly length: number;
  readonly position: number;
  /** `got` bytes were read. True: another read is needed. */
  advance(got: number): boolean;
  /** A read failed: the operation is over. */
  failed(error: DiskError): void;
}

/** Reads as long as the operation asks for it. Blocks. */
export function driveNow(operation: DiskOperation, needsRead: boolean): void {
  let reads = needsRead;
  while (reads) {
    const { file, memory, at, length, position } = operation;
    const got = file.read(memory, at, length, position);
    if (got instanceof DiskError) return operation.failed(got);
    reads = operation.advance(got);
  }
}

/** The same through the disk's pool; `done` comes in a later event. */
export function driveLater(clock: Clock, operation: DiskOperation, needsRead: boolean, done: () => void): void {
  if (!needsRead) return clock.defer(done);
  readOn(operation, done);
}

function readOn(operation: DiskOperation, done: () => void): void {
  const { file, memory, at, length, position } = operation;
  file.readLater(memory, at, length, position, (got) => {
    if (got instanceof DiskError) operation.failed(got);
    else if (operation.advance(got)) return readOn(operation, done);
    done();
  });
}
