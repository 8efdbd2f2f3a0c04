import type { ByteReader } from '../base/bytes.ts';
import { ByteWriter } from '../base/bytes.ts';
import type { Disk, File } from '../port/disk.ts';
import { DiskError } from '../port/disk.ts';
import type { Kernels } from '../port/kernels.ts';
import {
  BATCH_HEADER_BYTES,
  isWholeBatch,
  MetadataBatchReader,
  writeMetadataBatch,
  type MetadataRecord,
} from './records.ts';

export const METADATA_TOPIC_DIRECTORY = '__cluster_metadata-0';
const FIRST_SEGMENT = '00000000000000000000.log';

export function metadataLogPath(directory: string): string {
  return `${directory}/${METADATA_TOPIC_DIRECTORY}/${FIRST_SEGMENT}`;
}

/**
 * The metadata log of a node that is its own quorum: one segment, every append synced before it counts as committed.
 * Written by control alone. The quorum takes the place of this class, behind the same few calls.
 */
export class MetadataLog {
  readonly path: string;
  /** Bytes that are committed. */
  position: number;
  /** Offset of the next record. */
  nextOffset: number;
  readonly #file: File;
  readonly #kernels: Kernels;
  readonly #writer: ByteWriter;
  /** What is in the file beyond `position` is not known: nothing more is written. */
  #failure: string | null = null;

  /**
   * Opens the log, made if it is not there, and hands every record to `onRecord` (see `MetadataBatchReader`). What a
   * crash left unfinished behind the last whole batch was never committed and is cut off. Returns why it cannot.
   */
  static open(
    disk: Disk,
    kernels: Kernels,
    directory: string,
    onRecord: (type: number, version: number, fields: ByteReader) => string | null,
  ): MetadataLog | string {
    const path = metadataLogPath(directory);
    const parent = `${directory}/${METADATA_TOPIC_DIRECTORY}`;
    const made = disk.makeDirectory(parent);
    if (made !== null) return made.toString();
    const file = disk.open(path, 'write');
    if (file instanceof DiskError) return file.toString();
    const size = file.size();
    if (size instanceof DiskError) return size.toString();
    const bytes = new Uint8Array(size);
    for (let read = 0; read < size;) {
      const result = file.read(bytes, read, size - read, read);
      if (result instanceof DiskError) return result.toString();
      if (result === 0) break;
      read += result;
    }
    const batches = new MetadataBatchReader(kernels);
    let problem: string | null = null;
    const position = batches.read(bytes, size, (type, version) => {
      problem ??= onRecord(type, version, batches.fields);
    });
    if (problem !== null) return `${path}: ${problem as string}`;
    if (batches.outcome !== 'end' && holdsBatchBehind(kernels, bytes, position)) {
      return `${path}: the batch at byte ${position} is damaged, and others follow it; restore the file from a copy`;
    }
    const cut = position < size ? (file.truncate(position) ?? file.sync()) : null;
    const failure = cut ?? disk.syncDirectory(parent) ?? disk.syncDirectory(directory);
    if (failure !== null) return failure.toString();
    return new MetadataLog(path, file, position, batches.nextOffset, kernels);
  }

  private constructor(path: string, file: File, position: number, nextOffset: number, kernels: Kernels) {
    this.path = path;
    this.#file = file;
    this.position = position;
    this.nextOffset = nextOffset;
    this.#kernels = kernels;
    this.#writer = new ByteWriter((text) => kernels.encodeText(text), 4096);
  }

  /** Writes one batch and syncs it: atomic, and committed when this returns null. Blocks. */
  append(records: readonly MetadataRecord[], timestampMs: number): string | null {
    if (this.#failure !== null) return this.#failure;
    const writer = this.#writer.clear();
    writeMetadataBatch(
      writer,
      this.#kernels,
      { baseOffset: this.nextOffset, leaderEpoch: LEADER_EPOCH, timestampMs },
      records,
    );
    const bytes = writer.written();
    for (let written = 0; written < bytes.length;) {
      const result = this.#file.write([bytes.subarray(written)], this.position + written);
      if (result instanceof DiskError) return this.#takeBack(result);
      written += result;
    }
    const failure = this.#file.sync();
    if (failure !== null) {
      // The kernel may hold the bytes for written: a later sync that succeeds would say nothing about them.
      this.#failure = `${failure.toString()}; nothing is written before a restart`;
      return this.#takeBack(failure);
    }
    this.position += bytes.length;
    this.nextOffset += records.length;
    return null;
  }

  close(): void {
    this.#file.close();
  }

  /** Nothing of a failed append may come back after a restart. */
  #takeBack(failure: DiskError): string {
    const cut = this.#file.truncate(this.position);
    if (cut !== null) this.#failure = `${failure.toString()}; ${cut.toString()}; nothing is written before a restart`;
    return this.#failure ?? failure.toString();
  }
}

/**
 * Whether a whole batch lies anywhere behind the one that begins at `position`, whose length may be what is damaged. One
 * write at most was under way when the node ended, so damage before the last batch is not the work of a crash.
 */
function holdsBatchBehind(kernels: Kernels, bytes: Uint8Array, position: number): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = position + 1; at + BATCH_HEADER_BYTES <= bytes.length; at++) {
    if (isWholeBatch(kernels, view, bytes, at)) return true;
  }
  return false;
}

/** A quorum of one voter has had one leader. */
const LEADER_EPOCH = 1;
