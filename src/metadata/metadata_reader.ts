import { segmentPath } from '../log/segment_names.ts';
import type { Disk } from '../port/disk.ts';
import { DiskError } from '../port/disk.ts';
import type { Kernels } from '../port/kernels.ts';
import { BatchFile, type MetadataSink, type ReadOutcome } from './batch_file.ts';
import type { SnapshotId } from './snapshot_files.ts';
import { readSnapshot } from './snapshot_reader.ts';

/** From where the metadata is read: a snapshot, and the log behind it. Plain data, handed to shards and tasks. */
export interface MetadataStart {
  /** `…/__cluster_metadata-0` */
  readonly directory: string;
  /** Null: the log from its first record on. */
  readonly snapshot: SnapshotId | null;
  /** The segment in which the log goes on behind the snapshot, and the byte there. */
  readonly segmentBaseOffset: number;
  readonly segmentPosition: number;
}

/**
 * Reads the metadata from a snapshot and the segments behind it, up to an offset that the caller knows to be committed.
 * Segments follow each other without gaps: where one ends, the next has the offset that comes next in its name, so no
 * directory is listed. Every thread reads with it, and so does whoever makes a snapshot.
 */
export class MetadataReader {
  /** Offset behind the last record handed out. */
  nextOffset: number;
  /** Of the last batch read: -1 before. */
  leaderEpoch: number;
  timestampMs = -1;
  /** Bytes of batches read behind the snapshot. */
  bytesRead = 0;
  readonly #disk: Disk;
  readonly #kernels: Kernels;
  readonly #start: MetadataStart;
  #hasSnapshot: boolean;
  #segmentBaseOffset: number;
  #file: BatchFile | null = null;

  constructor(disk: Disk, kernels: Kernels, start: MetadataStart) {
    this.#disk = disk;
    this.#kernels = kernels;
    this.#start = start;
    this.#hasSnapshot = start.snapshot === null;
    this.#segmentBaseOffset = start.segmentBaseOffset;
    this.nextOffset = start.snapshot?.endOffset ?? start.segmentBaseOffset;
    this.leaderEpoch = start.snapshot?.epoch ?? -1;
  }

  /**
   * Hands out everything below `endOffset`, the end of a batch. Null, or a sentence: this thread must not go on then,
   * it would be guessing.
   */
  readTo(endOffset: number, sink: MetadataSink): string | null {
    return this.#readSnapshot(sink) ?? this.#readSegments(endOffset, sink);
  }

  /** From where another reader goes on behind a snapshot that ends at `nextOffset`. */
  startBehind(snapshot: SnapshotId): MetadataStart {
    const { directory, segmentPosition } = this.#start;
    return {
      directory,
      snapshot,
      segmentBaseOffset: this.#segmentBaseOffset,
      segmentPosition: this.#file?.position ?? segmentPosition,
    };
  }

  close(): void {
    this.#file?.close();
    this.#file = null;
  }

  #readSnapshot(sink: MetadataSink): string | null {
    if (this.#hasSnapshot) return null;
    const facts = readSnapshot(this.#disk, this.#kernels, this.#start.directory, this.#start.snapshot!, sink);
    if (typeof facts === 'string') return facts;
    this.#hasSnapshot = true;
    this.timestampMs = facts.lastContainedTimestampMs;
    return null;
  }

  #readSegments(endOffset: number, sink: MetadataSink): string | null {
    while (this.nextOffset < endOffset) {
      const problem = this.#readSegment(endOffset, sink);
      if (problem !== null) return problem;
    }
    return this.nextOffset === endOffset ? null : `no batch ends at the committed offset ${endOffset}`;
  }

  /** To the end of one segment, or to `endOffset`. */
  #readSegment(endOffset: number, sink: MetadataSink): string | null {
    const file = this.#file ?? this.#open();
    if (file instanceof DiskError) return file.toString();
    this.#file = file;
    const from = file.position;
    const outcome = file.readTo(endOffset, sink);
    this.bytesRead += file.position - from;
    if (file.position > from) {
      this.nextOffset = file.nextOffset;
      this.leaderEpoch = file.leaderEpoch;
      this.timestampMs = file.timestampMs;
    }
    if (outcome === 'limit') return null;
    if (outcome !== 'end') return sentenceOf(file, outcome);
    return this.#openNext(file, endOffset);
  }

  #open(): BatchFile | DiskError {
    const { directory, segmentBaseOffset, segmentPosition } = this.#start;
    const path = segmentPath(directory, segmentBaseOffset, '.log');
    return BatchFile.open(this.#disk, this.#kernels, path, segmentPosition, this.nextOffset);
  }

  /** Goes on in the segment whose name is the offset that comes next. */
  #openNext(file: BatchFile, endOffset: number): string | null {
    const path = segmentPath(this.#start.directory, this.nextOffset, '.log');
    // An empty segment has no other behind it.
    const next = path === file.path ? null : BatchFile.open(this.#disk, this.#kernels, path, 0, this.nextOffset);
    if (!(next instanceof BatchFile)) {
      const why = next === null ? '' : ` (${next.toString()})`;
      return `${file.path} ends before the committed offset ${endOffset}${why}`;
    }
    file.close();
    this.#file = next;
    this.#segmentBaseOffset = this.nextOffset;
    return null;
  }
}

function sentenceOf(file: BatchFile, outcome: ReadOutcome): string {
  if (outcome === 'disk') return file.problem;
  if (outcome === 'refused') return `${file.path}: ${file.problem}`;
  return `${file.path}: ${outcome} at byte ${file.position} (offset ${file.nextOffset})`;
}
