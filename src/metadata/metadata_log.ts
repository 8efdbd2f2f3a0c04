import type { ByteReader } from '../base/bytes.ts';
import { ByteWriter } from '../base/bytes.ts';
import type { Disk, File } from '../port/disk.ts';
import { DiskError } from '../port/disk.ts';
import type { Kernels } from '../port/kernels.ts';
import { BATCH_HEADER_BYTES, MetadataBatchReader, writeMetadataBatch, type MetadataRecord } from './records.ts';

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
    if (batches.outcome === 'corrupt' && holdsMoreBatches(bytes, position)) {
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
      if (result instanceof DiskError) return this.#undo(result);
      written += result;
    }
    const failure = this.#file.sync();
    if (failure !== null) return this.#undo(failure);
    this.position += bytes.length;
    this.nextOffset += records.length;
    return null;
  }

  close(): void {
    this.#file.close();
  }

  /** Nothing of a failed append may come back after a restart. */
  #undo(failure: DiskError): string {
    const cut = this.#file.truncate(this.position);
    return cut === null ? failure.toString() : `${failure.toString()}; ${cut.toString()}`;
  }
}

/**
 * Whether bytes follow the batch that begins at `position`, as its length says. One write at most was under way when
 * the node ended, so damage before the last batch is not the work of a crash.
 */
function holdsMoreBatches(bytes: Uint8Array, position: number): boolean {
  if (bytes.length - position < BATCH_HEADER_BYTES) return false;
  const length = new DataView(bytes.buffer, bytes.byteOffset + position).getInt32(8);
  return length >= BATCH_HEADER_BYTES - 12 && position + 12 + length < bytes.length;
}

/** A quorum of one voter has had one leader. */
const LEADER_EPOCH = 1;
