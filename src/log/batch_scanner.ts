import type { File } from '../port/disk.ts';
import { DiskError } from '../port/disk.ts';
import type { Kernels } from '../port/kernels.ts';
import { ATTRIBUTES_AT, int64At, isControl, sizeOf } from '../protocol/record_batch.ts';
import {
  batchIsLegacy,
  batchLastOffset,
  batchLeaderEpoch,
  batchMaxTimestamp,
  headerBytesMax,
  isPlausibleHeader,
  legacyCrcStart,
  storedCrc,
} from './batch_header.ts';
import { crc32 } from './legacy_crc.ts';

/**
 * Why a scan stopped: `end` the last batch ends where the file does, `invalid` what follows is not a whole batch
 * (torn, zeros, wrong CRC, an offset that goes back), `error` the disk failed.
 */
export type ScanEnd = 'end' | 'invalid' | 'error';

/** For `BatchScanner.begin`: the CRC of every batch is checked, or of none. */
export const checkAll = 0;
export const checkNone = Infinity;

/** Enough for heads; where the bytes of batches are read too, more makes fewer calls. */
const headMemoryBytes = 16 * 1024;
const wholeMemoryBytes = 256 * 1024;

/** Walks the batches of a segment's file, blocking: heads alone, or with the CRC from an offset on. For the owner of the log. */
export class BatchScanner {
  /** Of the current batch, or of the place where the scan stopped. */
  position = 0;
  bytes = 0;
  baseOffset = 0;
  lastOffset = 0;
  maxTimestamp = -1;
  leaderEpoch = -1;
  stopped: ScanEnd = 'end';
  error: DiskError | null = null;
  /** The head of the current batch, and as much of the rest as the memory holds, lies at `at` in `view`. */
  view: DataView;
  at = 0;

  #memory: Uint8Array<ArrayBuffer>;
  readonly #kernels: Kernels;
  #file: File | null = null;
  #end = 0;
  #offsetMin = 0;
  #checkedFrom = checkNone;
  /** The scan has come to what is checked, and reads on in large pieces. */
  #checks = false;
  /**
   * Of the batches that were met so far in files that are checked. A truncation that a loss of power has undone can leave old
   * batches behind newer ones, all of them whole: their epoch is what tells them apart.
   */
  #epochMin = -1;
  #next = 0;
  #loadedFrom = 0;
  #loadedTo = 0;

  /** Batches larger than its memory are read in pieces. */
  constructor(kernels: Kernels) {
    this.#kernels = kernels;
    this.#memory = new Uint8Array(headMemoryBytes);
    this.view = new DataView(this.#memory.buffer);
  }

  /** What comes is another log. A scanner serves one after the other: its memory is larger than most of what they need. */
  beginLog(): this {
    this.#epochMin = -1;
    return this;
  }

  /**
   * Begins at `position`; offsets below `offsetMin` are invalid. `end` is the file's length. Batches that end at or above
   * the offset `checkedFrom` are read and their CRC is checked; of those before it only the heads are looked at.
   */
  begin(file: File, position: number, end: number, offsetMin: number, checkedFrom: number): void {
    const checksCrc = checkedFrom !== checkNone;
    if (checksCrc && end - position > this.#memory.length && this.#memory.length < wholeMemoryBytes) {
      this.#memory = new Uint8Array(wholeMemoryBytes);
      this.view = new DataView(this.#memory.buffer);
    }
    this.#file = file;
    this.#next = position;
    this.#end = end;
    this.#offsetMin = offsetMin;
    this.#checkedFrom = checkedFrom;
    this.#checks = checkedFrom <= offsetMin;
    this.#loadedFrom = 0;
    this.#loadedTo = 0;
    this.stopped = 'end';
    this.error = null;
    this.position = position;
    this.bytes = 0;
  }

  /** Moves to the next batch. False: see `stopped`; `position` is the end of what is valid. */
  next(): boolean {
    this.position = this.#next;
    const rest = this.#end - this.#next;
    if (rest === 0) return this.#stop('end');
    const known = Math.min(rest, headerBytesMax);
    if (!this.#load(this.#next, known)) return false;
    let at = this.#next - this.#loadedFrom;
    if (!isPlausibleHeader(this.view, at, known, rest, this.#offsetMin)) return this.#stop('invalid');
    const bytes = sizeOf(this.view, at);
    this.#checks ||= batchLastOffset(this.view, at) >= this.#checkedFrom;
    if (this.#checks) {
      if (bytes <= this.#memory.length && !this.#load(this.#next, bytes)) return false;
      if (!this.#checkCrc(this.#next, bytes)) return false;
      if (!this.#load(this.#next, Math.min(bytes, this.#memory.length))) return false;
      at = this.#next - this.#loadedFrom;
    }
    const leaderEpoch = batchLeaderEpoch(this.view, at);
    if (this.#checkedFrom !== checkNone && leaderEpoch >= 0) {
      if (leaderEpoch < this.#epochMin) return this.#stop('invalid');
      this.#epochMin = leaderEpoch;
    }
    this.at = at;
    this.bytes = bytes;
    this.baseOffset = int64At(this.view, at);
    this.lastOffset = batchLastOffset(this.view, at);
    this.maxTimestamp = batchMaxTimestamp(this.view, at);
    this.leaderEpoch = leaderEpoch;
    this.#offsetMin = this.lastOffset + 1;
    this.#next += bytes;
    return true;
  }

  /** The current batch is one of control records. */
  get isControl(): boolean {
    return !batchIsLegacy(this.view, this.at) && isControl(this.view, this.at);
  }

  /** Makes all of the current batch lie at `at`, if the memory holds it. */
  loadWhole(): boolean {
    if (!this.#load(this.position, Math.min(this.bytes, this.#memory.length))) return false;
    this.at = this.position - this.#loadedFrom;
    return true;
  }

  #stop(why: ScanEnd): false {
    this.stopped = why;
    return false;
  }

  /** Makes `[from, from + length)` of the file lie in memory. A file shorter than it said ends the scan there. */
  #load(from: number, length: number): boolean {
    if (from >= this.#loadedFrom && from + length <= this.#loadedTo) return true;
    // Heads alone need a page or two around each batch; with the CRC everything is read anyway.
    const wanted = this.#checks ? this.#memory.length : Math.max(length, 8 * 1024);
    const take = Math.min(wanted, this.#end - from, this.#memory.length);
    const got = this.#file!.read(this.#memory, 0, take, from);
    if (got instanceof DiskError) {
      this.error = got;
      return this.#stop('error');
    }
    this.#loadedFrom = from;
    this.#loadedTo = from + got;
    return got >= length ? true : this.#stop('invalid');
  }

  #checkCrc(position: number, bytes: number): boolean {
    const head = position - this.#loadedFrom;
    const isLegacy = batchIsLegacy(this.view, head);
    const stored = storedCrc(this.view, head);
    const end = position + bytes;
    let from = position + (isLegacy ? legacyCrcStart : ATTRIBUTES_AT);
    let crc = 0;
    while (from < end) {
      const to = Math.min(end, Math.max(this.#loadedTo, from));
      if (to === from) {
        if (!this.#load(from, Math.min(end - from, this.#memory.length))) return false;
        continue;
      }
      const start = from - this.#loadedFrom;
      const stop = to - this.#loadedFrom;
      crc = isLegacy ? crc32(this.#memory, start, stop, crc) : this.#kernels.crc32c(this.#memory, start, stop, crc);
      from = to;
    }
    return crc === stored ? true : this.#stop('invalid');
  }
}
