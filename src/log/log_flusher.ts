import type { Disk, File } from '../port/disk.ts';
import { DiskError } from '../port/disk.ts';
import { directoryOf } from './atomic_file.ts';
import { LogFailure } from './log_failure.ts';
import { segmentPath } from './segment_names.ts';

type FlushDone = (failure: LogFailure | null) => void;

/** What a flush takes from its log. */
export interface FlushSource {
  readonly logEndOffset: number;
  /** Of the active segment. */
  readonly file: File;
  /** The recovery point follows to `offset`, or the log has failed for good. */
  flushed(offset: number): void;
  syncFailed(error: DiskError): LogFailure;
}

/**
 * A segment that was closed and not synced since. Its file stays open until then; one that an earlier process closed is
 * opened when its turn comes.
 */
interface ClosedSegment {
  readonly baseOffset: number;
  readonly endOffset: number;
  /** Paths of its indexes, and of what else is synced with it. */
  readonly beside: readonly string[];
  file: File | null;
}

/**
 * Brings a log to stable storage, oldest bytes first, one sync at a time:
 *
 *     closed segments (log, indexes, producers) ─► their names ─► active segment's log ─► recovery point ─► done
 *
 * What comes while a flush runs is served together by the next. The active segment's indexes are not synced: after a
 * crash they are made anew. For want of a descriptor a flush is put off: whoever waits is told so, and the next one does
 * what this one could not.
 */
export class LogFlusher {
  /** Something was cut off since the last flush that has ended. */
  isTruncated = false;
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #source: FlushSource;
  readonly #closed: ClosedSegment[] = [];
  #waiting: FlushDone[] = [];
  #serving: FlushDone[] = [];
  #isRunning = false;
  #isStopped = false;
  /** Names were made that a loss of power could take. */
  #hasNewNames = false;
  #hasNewDirectory = false;
  /** Up to where the running flush will have synced. */
  #target = 0;
  /** The active file when the flush began; a roll may have made it a closed one. */
  #activeFile: File | null = null;
  /** The log was truncated under the running flush. */
  #isStale = false;

  constructor(disk: Disk, directory: string, source: FlushSource) {
    this.#disk = disk;
    this.#directory = directory;
    this.#source = source;
  }

  /** `ofDirectory`: the name of the log's directory is new too. */
  namesChanged(ofDirectory = false): void {
    this.#hasNewNames = true;
    if (ofDirectory) this.#hasNewDirectory = true;
  }

  /** A segment of a log that is being opened, whose end may not be on stable storage. Ascending. */
  foundUnsynced(baseOffset: number, endOffset: number, beside: readonly string[]): void {
    this.#closed.push({ baseOffset, endOffset, beside: this.#besideOf(baseOffset, beside), file: null });
  }

  /** The segment was rolled away from; it is synced now, and with it the name of its successor. */
  segmentClosed(baseOffset: number, endOffset: number, beside: readonly string[], file: File): void {
    this.#closed.push({ baseOffset, endOffset, beside: this.#besideOf(baseOffset, beside), file });
    this.#hasNewNames = true;
    if (!this.#isRunning) this.#run();
  }

  flush(done: FlushDone): void {
    this.#waiting.push(done);
    if (!this.#isRunning) this.#run();
  }

  /**
   * The log ends at `offset` now. Files of segments that end above it are not to be used any more; a running flush
   * begins anew, because what it has synced may not be what is there now.
   */
  truncated(offset: number): void {
    this.#isStale = this.#isRunning;
    this.isTruncated = true;
    this.#hasNewNames = true;
    this.#activeFile = null;
    for (let index = this.#closed.length - 1; index >= 0; index--) {
      // A closed segment that holds `offset` is the active one again, with a file of its own.
      if (this.#closed[index]!.endOffset > offset) this.#closed.splice(index, 1)[0]!.file?.close();
    }
  }

  /** These closed segments are no part of the log any more, or are there in another form that is synced. */
  removed(baseOffsets: readonly number[]): void {
    for (let index = this.#closed.length - 1; index >= 0; index--) {
      if (!baseOffsets.includes(this.#closed[index]!.baseOffset)) continue;
      const file = this.#closed.splice(index, 1)[0]!.file;
      if (file !== null && this.#activeFile === file) this.#activeFile = null;
      file?.close();
    }
  }

  /** Syncs all that is closed, and the names, blocking. For a clean stop. */
  syncNow(): DiskError | null {
    for (const segment of this.#closed) {
      const file = this.#open(segment);
      const error = file instanceof DiskError ? file : (file.sync() ?? this.#syncPathsNow(segment.beside));
      if (error !== null) return error;
    }
    const error = this.#hasNewDirectory ? this.#disk.syncDirectory(directoryOf(this.#directory)) : null;
    return error ?? this.#disk.syncDirectory(this.#directory);
  }

  /**
   * Syncs everything, the active segment too, blocking. A flush that runs goes on beside it; what it syncs again is on
   * the disk already.
   */
  syncAllNow(): DiskError | null {
    if (this.#isRunning || this.#hasNewNames || this.#closed.length > 0) {
      const error = this.syncNow();
      if (error !== null) return error;
      if (!this.#isRunning) this.#allNamesSynced();
    }
    const error = this.#source.file.sync();
    if (error === null && !this.#isRunning) this.isTruncated = false;
    return error;
  }

  #allNamesSynced(): void {
    for (const segment of this.#closed) segment.file?.close();
    this.#closed.length = 0;
    this.#hasNewNames = false;
    this.#hasNewDirectory = false;
  }

  /** Of a segment, its indexes and `beside`. */
  syncBesideNow(baseOffset: number, beside: readonly string[]): DiskError | null {
    return this.#syncPathsNow(this.#besideOf(baseOffset, beside));
  }

  #besideOf(baseOffset: number, beside: readonly string[]): string[] {
    const indexes = (['.index', '.timeindex'] as const).map((suffix) =>
      segmentPath(this.#directory, baseOffset, suffix),
    );
    return [...indexes, ...beside];
  }

  #syncPathsNow(paths: readonly string[]): DiskError | null {
    for (const path of paths) {
      const file = this.#disk.open(path, 'write');
      if (file instanceof DiskError) return file;
      const error = file.sync();
      file.close();
      if (error !== null) return error;
    }
    return null;
  }

  /** Gives the files back. Nothing that was waited for comes any more. */
  stop(): void {
    this.#isStopped = true;
    for (const segment of this.#closed) segment.file?.close();
    this.#closed.length = 0;
  }

  #run(): void {
    this.#isRunning = true;
    this.#isStale = false;
    const served = this.#serving;
    this.#serving = this.#waiting;
    this.#waiting = served;
    const isForSomebody = this.#serving.length > 0;
    // Without anybody who waits only what is closed is synced.
    this.#target = isForSomebody ? this.#source.logEndOffset : this.#closed.at(-1)!.endOffset;
    this.#activeFile = isForSomebody ? this.#source.file : null;
    this.#syncClosed();
  }

  #syncClosed(): void {
    const segment = this.#closed[0];
    if (segment === undefined || segment.endOffset > this.#target) return this.#syncNames();
    const file = this.#open(segment);
    if (file instanceof DiskError) return this.#fail(file);
    this.#syncLater(file, () =>
      this.#syncBeside(segment, 0, () => {
        if (this.#closed[0] === segment) this.#closed.shift()!.file!.close();
        // It was the active one when the flush began.
        if (this.#activeFile === file) this.#activeFile = null;
        this.#syncClosed();
      }),
    );
  }

  #open(segment: ClosedSegment): File | DiskError {
    if (segment.file !== null) return segment.file;
    const file = this.#disk.open(segmentPath(this.#directory, segment.baseOffset, '.log'), 'write');
    if (!(file instanceof DiskError)) segment.file = file;
    return file;
  }

  #syncBeside(segment: ClosedSegment, index: number, next: () => void): void {
    // It may have been removed while its log was synced.
    if (this.#closed[0] !== segment || index === segment.beside.length) return next();
    const file = this.#disk.open(segment.beside[index]!, 'write');
    if (file instanceof DiskError) return this.#fail(file);
    file.syncLater((error) => {
      file.close();
      this.#goOn(error, () => this.#syncBeside(segment, index + 1, next));
    });
  }

  #syncNames(): void {
    if (!this.#hasNewNames) return this.#syncActive();
    const ofDirectory = this.#hasNewDirectory;
    const path = ofDirectory ? directoryOf(this.#directory) : this.#directory;
    // The directory's own name first, then in another round those in it.
    this.#hasNewNames = ofDirectory;
    this.#hasNewDirectory = false;
    this.#disk.syncDirectoryLater(path, (error) => {
      if (error !== null) this.namesChanged(ofDirectory);
      this.#goOn(error, () => this.#syncNames());
    });
  }

  #syncActive(): void {
    if (this.#activeFile === null) return this.#finish();
    this.#syncLater(this.#activeFile, () => this.#finish());
  }

  #syncLater(file: File, next: () => void): void {
    file.syncLater((error) => this.#goOn(error, next));
  }

  #goOn(error: DiskError | null, next: () => void): void {
    if (this.#isStopped) return;
    if (error !== null) return this.#fail(error);
    if (!this.#isStale) return next();
    this.#waiting = [...this.#serving, ...this.#waiting];
    this.#serving = [];
    this.#hasNewNames = true;
    this.#runAgain();
  }

  #finish(): void {
    // The active segment was rolled away from at just the target: below the recovery point its indexes are believed.
    const closed = this.#closed[0];
    if (closed !== undefined && closed.endOffset <= this.#target) return this.#syncClosed();
    this.#activeFile = null;
    if (this.#serving.length > 0) this.isTruncated = false;
    this.#source.flushed(this.#target);
    this.#isRunning = false;
    this.#answer(null);
    if (!this.#isRunning) this.#runAgain();
  }

  #runAgain(): void {
    this.#isRunning = false;
    if (this.#waiting.length > 0 || this.#closed.length > 0) this.#run();
  }

  #fail(error: DiskError): void {
    this.#isRunning = false;
    this.#isStopped = !error.isOfDescriptors;
    const failure = error.isOfDescriptors ? LogFailure.ofDisk(error) : this.#source.syncFailed(error);
    this.#answer(failure);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const done of waiting) done(failure);
  }

  #answer(failure: LogFailure | null): void {
    const serving = this.#serving;
    this.#serving = [];
    for (const done of serving) done(failure);
  }
}
