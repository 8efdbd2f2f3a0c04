import { ByteReader, viewOf } from '../base/bytes.ts';
import type { Disk, File } from '../port/disk.ts';
import { DiskError } from '../port/disk.ts';
import type { Kernels } from '../port/kernels.ts';
import {
  baseOffsetOf,
  CODEC_NONE,
  codecOf,
  computeCrc,
  crcOf,
  CURRENT_MAGIC,
  isControl,
  lastOffsetDeltaOf,
  leaderEpochOf,
  magicOf,
  maxTimestampOf,
  recordCountOf,
  RECORDS_AT,
  sizeOf,
} from '../protocol/record_batch.ts';
import type { ControlType } from '../protocol/record_batch_writer.ts';
import { FRAME_VERSION } from './records.ts';

/** Takes the records of the metadata log, in order. */
export interface MetadataSink {
  /** One metadata record; `fields` holds its fields and nothing else. Null, or why it cannot be taken. */
  record(type: number, version: number, fields: ByteReader): string | null;
  /** One record of KRaft itself; `fields` holds its message. Null, or why it cannot be taken. */
  control(type: ControlType, fields: ByteReader): string | null;
}

/** For looking at the bytes alone. */
export const noSink: MetadataSink = { record: () => null, control: () => null };

/**
 * Why no more could be read: `limit` was reached, or the file `end`s behind a whole batch; a batch is `torn` off by the
 * end of the file, or is `corrupt`; the sink `refused` a record; the `disk` failed.
 */
export type ReadOutcome = 'limit' | 'end' | 'torn' | 'corrupt' | 'refused' | 'disk';

const CHUNK_BYTES = 256 * 1024;

/**
 * Reads the batches of one file of the metadata log, a segment or a snapshot, from front to back, and hands out their
 * records. A batch is whole when its CRC is right and it begins at the offset where the one before it ended (the CRC
 * does not cover the offset); nothing of another one is handed out.
 *
 * What lies behind the limit is never looked at twice: a writer may be at work there.
 */
export class BatchFile {
  readonly path: string;
  /** Where the next batch begins, and its base offset. */
  position: number;
  nextOffset: number;
  /** Of the last batch read, -1 before. */
  leaderEpoch = -1;
  timestampMs = -1;
  /** Of a record refused or a call that failed. */
  problem = '';
  readonly #kernels: Kernels;
  readonly #file: File;
  readonly #reader: ByteReader;
  #bytes = new Uint8Array(0);
  #view = new DataView(this.#bytes.buffer);
  #loadedFrom = 0;
  #loadedTo = 0;

  /** Begins at `position`, where the batch of `nextOffset` begins. */
  static open(disk: Disk, kernels: Kernels, path: string, position: number, nextOffset: number): BatchFile | DiskError {
    const file = disk.open(path, 'read');
    return file instanceof DiskError ? file : new BatchFile(kernels, file, position, nextOffset);
  }

  private constructor(kernels: Kernels, file: File, position: number, nextOffset: number) {
    this.path = file.path;
    this.position = position;
    this.nextOffset = nextOffset;
    this.#kernels = kernels;
    this.#file = file;
    this.#reader = new ByteReader((bytes, start, end) => kernels.decodeText(bytes, start, end));
  }

  /** Hands out all batches below `limitOffset`, which is the end of a batch. */
  readTo(limitOffset: number, sink: MetadataSink): ReadOutcome {
    this.#loadedTo = this.#loadedFrom;
    while (this.nextOffset < limitOffset) {
      const outcome = this.#next(sink);
      if (outcome !== null) return outcome;
    }
    return 'limit';
  }

  /** Passes by the batches below `offset`, which is the end of a batch: their heads alone are looked at. */
  skipTo(offset: number): ReadOutcome {
    this.#loadedTo = this.#loadedFrom;
    while (this.nextOffset < offset) {
      const outcome = this.#head();
      if (outcome !== null) return outcome;
      const at = this.position - this.#loadedFrom;
      this.#passed(at, sizeOf(this.#view, at));
    }
    return 'limit';
  }

  close(): void {
    this.#file.close();
  }

  /** Reads one batch. Null when there was one. */
  #next(sink: MetadataSink): ReadOutcome | null {
    const head = this.#head();
    if (head !== null) return head;
    const size = sizeOf(this.#view, this.position - this.#loadedFrom);
    const got = this.#load(size);
    if (got < 0) return 'disk';
    if (got < size) return 'torn';
    const at = this.position - this.#loadedFrom;
    const view = this.#view;
    if (computeCrc(this.#bytes, at, size, this.#kernels) !== crcOf(view, at)) return 'corrupt';
    const outcome = this.#records(view, at, at + size, sink);
    if (outcome !== null) return outcome;
    this.#passed(at, size);
    return null;
  }

  /** Looks at the head of the next batch. Null when it can be one. */
  #head(): ReadOutcome | null {
    const got = this.#load(RECORDS_AT);
    if (got < 0) return 'disk';
    if (got < RECORDS_AT) return got === 0 ? 'end' : 'torn';
    const at = this.position - this.#loadedFrom;
    const view = this.#view;
    return isHeadOf(view, at, this.nextOffset) ? null : 'corrupt';
  }

  #passed(at: number, size: number): void {
    const view = this.#view;
    this.leaderEpoch = leaderEpochOf(view, at);
    this.timestampMs = maxTimestampOf(view, at);
    this.nextOffset += lastOffsetDeltaOf(view, at) + 1;
    this.position += size;
  }

  #records(view: DataView, start: number, end: number, sink: MetadataSink): ReadOutcome | null {
    const reader = this.#reader;
    const isControlBatch = isControl(view, start);
    let at = start + RECORDS_AT;
    for (let left = recordCountOf(view, start); left > 0; left--) {
      reader.reset(view, this.#bytes, at, end);
      const bodyBytes = reader.varint();
      const next = reader.position + bodyBytes;
      if (reader.failed || bodyBytes < 0 || next > end) return 'corrupt';
      reader.int8();
      reader.bigVarlong();
      reader.varint();
      const keyBytes = reader.varint();
      const key = keyBytes > 0 ? reader.take(keyBytes) : reader.position;
      const valueBytes = reader.varint();
      const value = reader.take(valueBytes);
      if (reader.failed || reader.position > next) return 'corrupt';
      reader.reset(view, this.#bytes, value, value + valueBytes);
      const problem = isControlBatch ? this.#control(view, key, keyBytes, sink) : this.#record(sink);
      if (problem === CORRUPT) return 'corrupt';
      if (problem !== null) {
        this.problem = problem;
        return 'refused';
      }
      at = next;
    }
    return at === end ? null : 'corrupt';
  }

  #record(sink: MetadataSink): string | null {
    const reader = this.#reader;
    const frameVersion = reader.unsignedVarint();
    const type = reader.unsignedVarint();
    const version = reader.unsignedVarint();
    if (reader.failed || frameVersion !== FRAME_VERSION) return CORRUPT;
    return sink.record(type, version, reader);
  }

  #control(view: DataView, key: number, keyBytes: number, sink: MetadataSink): string | null {
    return keyBytes < 4 ? CORRUPT : sink.control(view.getInt16(key + 2) as ControlType, this.#reader);
  }

  /** Makes up to `length` bytes from `position` lie in memory; how many do, or -1 where the disk failed. */
  #load(length: number): number {
    const { position } = this;
    const known = this.#loadedTo - position;
    if (known >= length && position >= this.#loadedFrom) return length;
    const size = this.#file.size();
    if (size instanceof DiskError) return this.#failed(size);
    const rest = Math.max(0, size - position);
    const wanted = Math.min(rest, Math.max(length, CHUNK_BYTES));
    if (wanted > this.#bytes.length) {
      this.#bytes = new Uint8Array(wanted);
      this.#view = new DataView(this.#bytes.buffer);
    }
    const got = this.#file.read(this.#bytes, 0, wanted, position);
    if (got instanceof DiskError) return this.#failed(got);
    this.#loadedFrom = position;
    this.#loadedTo = position + got;
    return Math.min(got, length);
  }

  #failed(error: DiskError): number {
    this.problem = error.toString();
    return -1;
  }
}

function isHeadOf(view: DataView, at: number, offset: number): boolean {
  const isOfLog = magicOf(view, at) === CURRENT_MAGIC && baseOffsetOf(view, at) === offset;
  const isSound = sizeOf(view, at) >= RECORDS_AT && lastOffsetDeltaOf(view, at) >= 0;
  return isOfLog && isSound && codecOf(view, at) === CODEC_NONE;
}

/** No sentence of a sink is empty. */
const CORRUPT = '';

/**
 * Whether anything of another batch lies behind the damaged one at `position`, which is to begin at `offset`: a whole one
 * anywhere, or any byte behind its end, where its head still tells that. At most one append was under way when the node
 * ended, so that is not the work of a crash.
 */
export function holdsBatchBehind(kernels: Kernels, bytes: Uint8Array, position: number, offset: number): boolean {
  const view = viewOf(bytes);
  const hasHead = position + RECORDS_AT <= bytes.length && isHeadOf(view, position, offset);
  if (hasHead && position + sizeOf(view, position) < bytes.length) return true;
  return holdsWholeBatch(kernels, bytes, view, position, offset);
}

function holdsWholeBatch(
  kernels: Kernels,
  bytes: Uint8Array,
  view: DataView,
  position: number,
  offsetMin: number,
): boolean {
  for (let at = position + 1; at + RECORDS_AT <= bytes.length; at++) {
    if (magicOf(view, at) !== CURRENT_MAGIC || baseOffsetOf(view, at) < offsetMin) continue;
    const size = sizeOf(view, at);
    if (size < RECORDS_AT || at + size > bytes.length) continue;
    if (computeCrc(bytes, at, size, kernels) === crcOf(view, at)) return true;
  }
  return false;
}
