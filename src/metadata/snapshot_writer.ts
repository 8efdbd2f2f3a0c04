import { ByteWriter } from '../base/bytes.ts';
import { directoryOf, writeFully } from '../log/atomic_file.ts';
import type { Disk, File } from '../port/disk.ts';
import { DiskError } from '../port/disk.ts';
import type { Kernels } from '../port/kernels.ts';
import { ControlType } from '../protocol/record_batch_writer.ts';
import { snapshotFooterRecord, snapshotHeaderRecord } from '../protocol/schema/control_records.ts';
import type { QuorumVoters } from './quorum_voters.ts';
import { controlRecord, MetadataBatchWriter, type MetadataRecord } from './records.ts';
import { PART_SUFFIX, snapshotPath, type SnapshotId } from './snapshot_files.ts';

export interface SnapshotContext {
  readonly id: SnapshotId;
  /** Of the last batch of the log that is in it. */
  readonly lastContainedTimestampMs: number;
  /** When it is written. */
  readonly timestampMs: number;
  /** What KRaft itself knows at that offset. */
  readonly voters: QuorumVoters;
}

const BATCH_RECORDS = 1024;
const BATCH_BYTES = 256 * 1024;

/** Writes a snapshot of the metadata log. See `writeSnapshotFile`. */
export function writeSnapshot(
  disk: Disk,
  kernels: Kernels,
  directory: string,
  context: SnapshotContext,
  records: Iterable<MetadataRecord>,
): DiskError | null {
  return writeSnapshotFile(disk, kernels, snapshotPath(directory, context.id), context, records);
}

/**
 * Writes a file in the form of a snapshot (KIP-630): header, kraft.version and voters in one control batch, the records, a footer. Under its
 * name it is whole and on stable storage, or not there. Returns why it could not be written; what was begun is removed
 * then. Blocks.
 */
export function writeSnapshotFile(
  disk: Disk,
  kernels: Kernels,
  path: string,
  context: SnapshotContext,
  records: Iterable<MetadataRecord>,
): DiskError | null {
  const part = path + PART_SUFFIX;
  const file = disk.open(part, 'write');
  if (file instanceof DiskError) return file;
  const error = file.truncate(0) ?? new SnapshotWriter(kernels, file, context).write(records) ?? file.sync();
  file.close();
  const failure = error ?? disk.rename(part, path) ?? disk.syncDirectory(directoryOf(path));
  if (error !== null) disk.unlink(part);
  return failure;
}

class SnapshotWriter {
  readonly #kernels: Kernels;
  readonly #file: File;
  readonly #context: SnapshotContext;
  readonly #batches: MetadataBatchWriter;
  readonly #writer: ByteWriter;
  #position = 0;
  #nextOffset = 0;

  constructor(kernels: Kernels, file: File, context: SnapshotContext) {
    this.#kernels = kernels;
    this.#file = file;
    this.#context = context;
    this.#batches = new MetadataBatchWriter(kernels);
    this.#writer = new ByteWriter((text) => kernels.encodeText(text), BATCH_BYTES);
  }

  write(records: Iterable<MetadataRecord>): DiskError | null {
    return this.#header() ?? this.#records(records) ?? this.#footer();
  }

  #header(): DiskError | null {
    const kernels = this.#kernels;
    const { lastContainedTimestampMs, voters } = this.#context;
    const value = { version: 0, lastContainedLogTimestamp: lastContainedTimestampMs };
    const header = controlRecord(kernels, ControlType.SNAPSHOT_HEADER, snapshotHeaderRecord, value);
    return this.#control([header, ...voters.records(kernels)]);
  }

  #footer(): DiskError | null {
    const value = { version: 0 };
    return this.#control([controlRecord(this.#kernels, ControlType.SNAPSHOT_FOOTER, snapshotFooterRecord, value)]);
  }

  #control(records: Parameters<MetadataBatchWriter['control']>[2]): DiskError | null {
    this.#batches.control(this.#writer.clear(), this.#batch(), records);
    return this.#written(records.length);
  }

  #records(records: Iterable<MetadataRecord>): DiskError | null {
    let batch: MetadataRecord[] = [];
    for (const record of records) {
      batch.push(record);
      if (batch.length < BATCH_RECORDS) continue;
      const error = this.#batchOf(batch);
      if (error !== null) return error;
      batch = [];
    }
    return batch.length === 0 ? null : this.#batchOf(batch);
  }

  #batchOf(records: readonly MetadataRecord[]): DiskError | null {
    this.#batches.records(this.#writer.clear(), this.#batch(), records);
    return this.#written(records.length);
  }

  #batch(): Parameters<MetadataBatchWriter['records']>[1] {
    const { id, timestampMs } = this.#context;
    return { baseOffset: this.#nextOffset, leaderEpoch: id.epoch, timestampMs };
  }

  #written(count: number): DiskError | null {
    const bytes = this.#writer.written();
    const error = writeFully(this.#file, bytes, this.#position);
    this.#position += bytes.length;
    this.#nextOffset += count;
    return error;
  }
}
