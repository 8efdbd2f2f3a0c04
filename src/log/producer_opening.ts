import type { Clock } from '../port/clock.ts';
import type { Disk } from '../port/disk.ts';
import { DiskError } from '../port/disk.ts';
import type { Kernels } from '../port/kernels.ts';
import { areSame, readWholeFile } from './atomic_file.ts';
import { BatchScanner, checkNone } from './batch_scanner.ts';
import { LogFailure } from './log_failure.ts';
import { isExpired, ProducerState } from './producer_state.ts';
import { encodeProducerSnapshot, readProducerSnapshot, writeProducerSnapshot } from './producer_snapshot.ts';
import type { Segment } from './segment.ts';
import { fileNames } from './segment_files.ts';
import { baseOffsetOf, segmentFileName, segmentPath } from './segment_names.ts';
import { readTransactionIndex, replaceTransactionIndex } from './transaction_index.ts';
import type { AbortedTransaction } from './transaction_index.ts';

export interface ProducerOpeningOptions {
  readonly disk: Disk;
  readonly kernels: Kernels;
  readonly directory: string;
  /** Names of the files in it. */
  readonly names: readonly string[];
  /** Of the whole log, opened. */
  readonly segments: readonly Segment[];
  readonly logStartOffset: number;
  /**
   * Nothing that stands beside the log is believed from here on: what a crash left above the recovery point may speak of
   * batches that are not these. Infinity after a clean stop.
   */
  readonly trustedBelow: number;
  readonly nowMs: number;
  readonly expirationMs: number;
}

/** The producers of a log that was opened. */
export interface OpenedProducers {
  readonly state: ProducerState;
  /** Where the log starts when there is none. */
  readonly latestSnapshotOffset: number;
  /** Entries of the transaction indexes, by base offset of their segments; those without are left out. */
  readonly abortedTransactions: Map<number, number>;
  /** Batches whose heads were read. 0 when there was a snapshot of the log's end. */
  readonly replayedBatches: number;
}

/**
 * The producer state of a log that is being opened or was truncated: the newest snapshot that can be believed, and the
 * batches behind it.
 *
 *     indexes of transactions looked at ─► snapshots that cannot be believed, or that nobody needs, removed
 *       ─► newest one read ─► batches behind it replayed, indexes and snapshots made anew where they lie above the trust
 *       ─► one of the log's end that was not believed stays where it says just what the batches say
 *
 * A snapshot is kept for each segment, at its base offset, and the newest for itself.
 */
export function openProducers(options: ProducerOpeningOptions, scanner: BatchScanner): OpenedProducers | LogFailure {
  const opening = new ProducerOpening(options, scanner);
  const error = opening.run();
  return error === null ? opening : LogFailure.ofDisk(error);
}

/**
 * The same for a log that was truncated to what `segments` hold: what its producers wrote behind the new end was not
 * written. Of a log that was emptied nothing is known any more.
 */
export function reopenProducers(
  disk: Disk,
  kernels: Kernels,
  clock: Clock,
  directory: string,
  segments: readonly Segment[],
  expirationMs: number,
): OpenedProducers | LogFailure {
  const names = fileNames(disk, directory);
  if (names instanceof DiskError) return LogFailure.ofDisk(names);
  const isEmpty = segments.length === 1 && segments[0]!.bytes === 0;
  const logStartOffset = segments[0]!.baseOffset;
  const trustedBelow = isEmpty ? -1 : Infinity;
  const nowMs = clock.wallMs();
  return openProducers(
    { disk, kernels, directory, names, segments, logStartOffset, trustedBelow, nowMs, expirationMs },
    new BatchScanner(kernels),
  );
}

/** See `openProducers`. */
export class ProducerOpening implements OpenedProducers {
  readonly state: ProducerState;
  latestSnapshotOffset: number;
  readonly abortedTransactions = new Map<number, number>();
  replayedBatches = 0;
  readonly #options: ProducerOpeningOptions;
  readonly #scanner: BatchScanner;
  #trustedBelow: number;
  /** There is a snapshot of the log's end that cannot be believed. */
  #isLastDoubtful = false;

  constructor(options: ProducerOpeningOptions, scanner: BatchScanner) {
    this.#options = options;
    this.#scanner = scanner;
    this.#trustedBelow = options.trustedBelow;
    this.state = new ProducerState(options.logStartOffset);
    this.latestSnapshotOffset = options.logStartOffset;
  }

  run(): DiskError | null {
    return this.#countTransactions() ?? this.#load() ?? this.#replay() ?? this.#judgeLast();
  }

  /** Whether the snapshot at `offset` can speak of nothing but batches that are in the log. */
  believes(offset: number): boolean {
    return offset <= this.#options.segments.at(-1)!.nextOffset && offset <= this.#trustedBelow;
  }

  /** An index that is damaged is made anew, with those behind it. */
  #countTransactions(): DiskError | null {
    const { disk, directory, names, segments } = this.#options;
    for (const name of names) {
      const base = baseOffsetOf(name, '.txnindex');
      if (base < 0) continue;
      const segment = segments.find(({ baseOffset }) => baseOffset === base);
      if (segment === undefined) {
        // Of a segment that is gone; one that begins there again is to have its own.
        const error = replaceTransactionIndex(disk, directory, base, []);
        if (error !== null) return error;
        continue;
      }
      if (base >= this.#trustedBelow) continue;
      const entries = readTransactionIndex(disk, directory, base, segment.nextOffset);
      if (entries instanceof DiskError) return entries;
      if (entries === null) this.#trustedBelow = base;
      else this.abortedTransactions.set(base, entries.length);
    }
    return null;
  }

  /** Leaves the snapshots that are wanted, and takes in the newest of them. */
  #load(): DiskError | null {
    const { disk, kernels, directory, names, segments, nowMs, expirationMs } = this.#options;
    const offsets = names.map((name) => baseOffsetOf(name, '.snapshot')).filter((offset) => offset >= 0);
    offsets.sort((left, right) => right - left);
    let isLoaded = false;
    for (const offset of offsets) {
      const isBelieved = this.believes(offset);
      const mayBeUsed = isBelieved && !isLoaded;
      const entries = mayBeUsed ? readProducerSnapshot(disk, kernels, directory, offset) : null;
      if (entries instanceof DiskError) return entries;
      if (entries !== null) {
        for (const entry of entries) if (!isExpired(entry, nowMs, expirationMs)) this.state.load(entry);
        this.state.endOffset = offset;
        this.latestSnapshotOffset = offset;
        isLoaded = true;
        continue;
      }
      if (isBelieved && !mayBeUsed && segments.some(({ baseOffset }) => baseOffset === offset)) continue;
      if (!isBelieved && offset === segments.at(-1)!.nextOffset) {
        this.#isLastDoubtful = true;
        continue;
      }
      const error = this.#remove(offset);
      if (error !== null) return error;
    }
    return null;
  }

  /** After a crash most snapshots of a log's end are what a stop before it has left, and right. */
  #judgeLast(): DiskError | null {
    if (!this.#isLastDoubtful) return null;
    const { disk, kernels, directory, segments } = this.#options;
    const { nextOffset } = segments.at(-1)!;
    const bytes = readWholeFile(disk, segmentPath(directory, nextOffset, '.snapshot'));
    // It may have gone with a segment that was dropped.
    if (bytes instanceof DiskError) return bytes.code === 'ENOENT' ? null : bytes;
    if (!areSame(bytes, encodeProducerSnapshot(kernels, this.state))) return this.#remove(nextOffset);
    this.latestSnapshotOffset = nextOffset;
    return null;
  }

  #remove(offset: number): DiskError | null {
    const { disk, directory } = this.#options;
    const error = disk.unlink(segmentPath(directory, offset, '.snapshot'));
    return error === null || error.code === 'ENOENT' ? null : error;
  }

  #replay(): DiskError | null {
    const { disk, directory, names, segments } = this.#options;
    for (let index = 0; index < segments.length; index++) {
      const segment = segments[index]!;
      if (segment.nextOffset <= this.state.endOffset && segment.baseOffset < this.#trustedBelow) continue;
      if (segment.baseOffset > this.state.endOffset) this.state.endOffset = segment.baseOffset;
      // Two are enough to begin with after the next crash.
      if (index >= segments.length - 2 && index > 0 && this.state.endOffset === segment.baseOffset) {
        const error = this.#takeSnapshot();
        if (error !== null) return error;
      }
      const aborted: AbortedTransaction[] = [];
      const error = this.#replaySegment(segment, aborted);
      if (error !== null) return error;
      if (segment.baseOffset < this.#trustedBelow) continue;
      if (aborted.length === 0 && !names.includes(segmentFileName(segment.baseOffset, '.txnindex'))) continue;
      const indexError = replaceTransactionIndex(disk, directory, segment.baseOffset, aborted);
      if (indexError !== null) return indexError;
      if (aborted.length > 0) this.abortedTransactions.set(segment.baseOffset, aborted.length);
      else this.abortedTransactions.delete(segment.baseOffset);
    }
    return null;
  }

  #takeSnapshot(): DiskError | null {
    const { disk, kernels, directory } = this.#options;
    if (this.latestSnapshotOffset === this.state.endOffset) return null;
    const error = writeProducerSnapshot(disk, kernels, directory, this.state);
    if (error === null) this.latestSnapshotOffset = this.state.endOffset;
    return error;
  }

  #replaySegment(segment: Segment, aborted: AbortedTransaction[]): DiskError | null {
    const { disk, directory } = this.#options;
    const scanner = this.#scanner;
    const file = disk.open(segmentPath(directory, segment.baseOffset, '.log'), 'read');
    if (file instanceof DiskError) return file;
    const from = this.state.endOffset;
    scanner.begin(file, 0, segment.bytes, segment.baseOffset, checkNone);
    while (scanner.next()) {
      if (scanner.lastOffset < from) continue;
      if (scanner.isControl && !scanner.loadWhole()) break;
      this.replayedBatches++;
      const transaction = this.state.apply(scanner.view, scanner.at);
      if (transaction !== null) aborted.push(transaction);
    }
    file.close();
    return scanner.error;
  }
}
