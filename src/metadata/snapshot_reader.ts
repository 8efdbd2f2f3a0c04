import type { Disk } from '../port/disk.ts';
import { DiskError } from '../port/disk.ts';
import type { Kernels } from '../port/kernels.ts';
import { codecOf } from '../protocol/codec.ts';
import { ControlType } from '../protocol/record_batch_writer.ts';
import { snapshotHeaderRecord } from '../protocol/schema/control_records.ts';
import { BatchFile, noSink, type MetadataSink } from './batch_file.ts';
import { snapshotPath, type SnapshotId } from './snapshot_files.ts';

/** What a snapshot says of itself, beside its records. */
export interface SnapshotFacts {
  /** Of the last batch of the log that is in it. */
  readonly lastContainedTimestampMs: number;
  readonly bytes: number;
}

/** Hands out the records of a snapshot. See `readSnapshotFile`. */
export function readSnapshot(
  disk: Disk,
  kernels: Kernels,
  directory: string,
  id: SnapshotId,
  sink: MetadataSink,
): SnapshotFacts | string {
  return readSnapshotFile(disk, kernels, snapshotPath(directory, id), sink);
}

/**
 * Hands out the records of a file in the form of a snapshot. It is whole when it begins with a header, ends with a footer, and all its batches
 * are sound; records may have been handed out before damage is found, so see `checkSnapshot`. Returns a sentence where
 * it is not whole, or a record is refused.
 */
export function readSnapshotFile(
  disk: Disk,
  kernels: Kernels,
  path: string,
  sink: MetadataSink,
): SnapshotFacts | string {
  const file = BatchFile.open(disk, kernels, path, 0, 0);
  if (file instanceof DiskError) return file.toString();
  const frame = new SnapshotFrame(sink);
  const outcome = file.readTo(Infinity, frame);
  file.close();
  if (outcome === 'disk') return file.problem;
  if (outcome === 'refused') return `${path}: ${file.problem}`;
  if (outcome !== 'end') return `${path} is damaged: ${outcome} at byte ${file.position}`;
  if (frame.state !== 'closed') return `${path} is damaged: it has no end`;
  return { lastContainedTimestampMs: frame.lastContainedTimestampMs, bytes: file.position };
}

/** Looks whether a snapshot is whole. Null, or why it cannot be used. */
export function checkSnapshot(disk: Disk, kernels: Kernels, directory: string, id: SnapshotId): string | null {
  const facts = readSnapshot(disk, kernels, directory, id, noSink);
  return typeof facts === 'string' ? facts : null;
}

/** The time of the last batch that is in a snapshot, from its header; null where it cannot be read. */
export function readSnapshotHeader(disk: Disk, kernels: Kernels, path: string): number | null {
  const file = BatchFile.open(disk, kernels, path, 0, 0);
  if (file instanceof DiskError) return null;
  const frame = new SnapshotFrame(noSink);
  const outcome = file.readTo(1, frame);
  file.close();
  return outcome === 'limit' && frame.state === 'open' ? frame.lastContainedTimestampMs : null;
}

/**
 *     new ── header ──► open ── records … ──► open ── footer ──► closed
 */
class SnapshotFrame implements MetadataSink {
  state: 'new' | 'open' | 'closed' = 'new';
  lastContainedTimestampMs = -1;
  readonly #sink: MetadataSink;

  constructor(sink: MetadataSink) {
    this.#sink = sink;
  }

  record: MetadataSink['record'] = (type, version, fields) =>
    this.state === 'open' ? this.#sink.record(type, version, fields) : 'a record outside of header and footer';

  control: MetadataSink['control'] = (type, fields) => {
    if (type === ControlType.SNAPSHOT_HEADER) {
      const header = codecOf(snapshotHeaderRecord).decode(fields, 0);
      if (this.state !== 'new' || header === null) return 'a header that does not belong there';
      this.state = 'open';
      this.lastContainedTimestampMs = header.lastContainedLogTimestamp;
      return null;
    }
    if (this.state !== 'open') return 'a control record outside of header and footer';
    if (type !== ControlType.SNAPSHOT_FOOTER) return this.#sink.control(type, fields);
    this.state = 'closed';
    return null;
  };
}
