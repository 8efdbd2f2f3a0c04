import type { ByteWriter } from '../base/bytes.ts';
import { ApiKey } from './api_keys.ts';
import { beginFrame, endFrame } from './framing.ts';
import { writeResponseHeader } from './headers.ts';

const FLEXIBLE_FROM = 9;
const LOG_START_OFFSET_FROM = 5;
const RECORD_ERRORS_FROM = 8;

const TWO_32 = 0x1_0000_0000;

/**
 * Writes the response of a Produce request as a template, in the order of the request: the length of the frame is
 * right, every partition says "no error" with unknown offsets, and `patchProducePartition` fills in what became of it.
 *
 *     template.begin(writer, version, correlationId, topicCount);
 *     for each topic:     template.topicName(bytes, start, end, partitionCount)  or  template.topicId(…)
 *       for each partition:   places[n] = template.partition(index)
 *     template.end(throttleTimeMs)
 *
 * Positions are in the writer's memory and survive its growing (its `view` does not: patch through `writer.view`).
 *
 * What does not have one size is not in the template: errors of single records and their message (from version 8 on),
 * which `insertRecordErrors` puts in when they are all known, and the leader to go to and its address (from 10 on,
 * KIP-951). When a partition needs these, decode the body with `codecOf(produceResponse)`, set `currentLeader` and
 * `nodeEndpoints`, and encode it again behind the same header.
 */
export class ProduceResponseTemplate {
  #writer: ByteWriter | null = null;
  #version = 0;
  #frame = 0;
  #partitionsLeft = 0;

  begin(writer: ByteWriter, version: number, correlationId: number, topicCount: number): void {
    this.#writer = writer;
    this.#version = version;
    this.#frame = beginFrame(writer);
    writeResponseHeader(writer, ApiKey.Produce, version, correlationId);
    this.#count(writer, topicCount);
  }

  /** Before version 13. The name's bytes are copied, as the request has them. */
  topicName(bytes: Uint8Array, start: number, end: number, partitionCount: number): void {
    const writer = this.#writer!;
    const length = end - start;
    if (this.#version >= FLEXIBLE_FROM) writer.unsignedVarint(length + 1);
    else writer.int16(length);
    const at = writer.take(length);
    for (let index = 0; index < length; index++) writer.bytes[at + index] = bytes[start + index]!;
    this.#partitions(writer, partitionCount);
  }

  /** From version 13 on: the id as four words. */
  topicId(word0: number, word1: number, word2: number, word3: number, partitionCount: number): void {
    const writer = this.#writer!;
    writer.int32(word0);
    writer.int32(word1);
    writer.int32(word2);
    writer.int32(word3);
    this.#partitions(writer, partitionCount);
  }

  /** Returns the place for `patchProducePartition`; -1 if a fixed writer is full. */
  partition(index: number): number {
    const writer = this.#writer!;
    const version = this.#version;
    const flexible = version >= FLEXIBLE_FROM;
    // Index, error code, base offset and time are in every version; then what `partitionBytes` counts.
    const at = writer.take(partitionBytes(version));
    if (at < 0) return -1;
    const view = writer.view;
    view.setInt32(at, index);
    view.setInt16(at + 4, 0);
    for (let unknown = at + 6; unknown < at + 22; unknown += 4) view.setInt32(unknown, -1);
    let behind = at + 22;
    if (version >= LOG_START_OFFSET_FROM) {
      view.setInt32(behind, -1);
      view.setInt32(behind + 4, -1);
      behind += 8;
    }
    if (flexible) {
      // An empty array is 1, a null text 0, no tags 0.
      view.setInt16(behind, 0x0100);
      view.setInt8(behind + 2, 0);
    } else if (version >= RECORD_ERRORS_FROM) {
      view.setInt32(behind, 0);
      view.setInt16(behind + 4, -1);
    }
    this.#partitionsLeft--;
    if (this.#partitionsLeft === 0) this.#tags(writer);
    return at + 4;
  }

  /** Returns the place of the throttle time (int32), should it be known only later. */
  end(throttleTimeMs: number): number {
    const writer = this.#writer!;
    const place = writer.position;
    writer.int32(throttleTimeMs);
    this.#tags(writer);
    endFrame(writer, this.#frame);
    this.#writer = null;
    return place;
  }

  #partitions(writer: ByteWriter, count: number): void {
    this.#count(writer, count);
    this.#partitionsLeft = count;
    if (count === 0) this.#tags(writer);
  }

  #count(writer: ByteWriter, count: number): void {
    if (this.#version >= FLEXIBLE_FROM) writer.compactArrayCount(count);
    else writer.arrayCount(count);
  }

  #tags(writer: ByteWriter): void {
    if (this.#version >= FLEXIBLE_FROM) writer.noTaggedFields();
  }
}

/** What a partition without errors takes. */
function partitionBytes(version: number): number {
  if (version >= FLEXIBLE_FROM) return 33;
  if (version >= RECORD_ERRORS_FROM) return 36;
  return version >= LOG_START_OFFSET_FROM ? 30 : 22;
}

/**
 * Fills in a partition of a template. On an error offsets and time are -1.
 *
 * @param logAppendTimeMs -1 for a topic with create time
 */
export function patchProducePartition(
  view: DataView,
  place: number,
  version: number,
  errorCode: number,
  baseOffset: number,
  logAppendTimeMs: number,
  logStartOffset: number,
): void {
  view.setInt16(place, errorCode);
  view.setInt32(place + 2, Math.floor(baseOffset / TWO_32));
  view.setInt32(place + 6, baseOffset | 0);
  view.setInt32(place + 10, Math.floor(logAppendTimeMs / TWO_32));
  view.setInt32(place + 14, logAppendTimeMs | 0);
  if (version < LOG_START_OFFSET_FROM) return;
  view.setInt32(place + 18, Math.floor(logStartOffset / TWO_32));
  view.setInt32(place + 22, logStartOffset | 0);
}

/** Single records for which a partition's batch was refused (KIP-467). */
export interface PartitionRecordErrors {
  /** Of the partition in the template. */
  readonly place: number;
  /** Of the batch. */
  readonly message: string;
  readonly records: readonly { readonly batchIndex: number; readonly message: string }[];
}

/**
 * Puts the errors of single records into a complete template: what follows them moves, and the length of the frame is
 * to be set anew. Versions before 8 tell the error of the batch alone.
 */
export function insertRecordErrors(writer: ByteWriter, version: number, partitions: PartitionRecordErrors[]): void {
  if (version < RECORD_ERRORS_FROM) return;
  const template = writer.copyWritten();
  const flexible = version >= FLEXIBLE_FROM;
  let copied = 0;
  writer.clear();
  for (const { place, message, records } of partitions.toSorted((a, b) => a.place - b.place)) {
    const errorsAt = place + RECORD_ERRORS_AT;
    writer.raw(template.subarray(copied, errorsAt));
    if (flexible) writer.compactArrayCount(records.length);
    else writer.arrayCount(records.length);
    for (const record of records) {
      writer.int32(record.batchIndex);
      writeText(writer, record.message, flexible);
      if (flexible) writer.noTaggedFields();
    }
    writeText(writer, message, flexible);
    // Behind the empty array and the null message of the template.
    copied = errorsAt + (flexible ? 2 : 6);
  }
  writer.raw(template.subarray(copied));
}

function writeText(writer: ByteWriter, text: string, flexible: boolean): void {
  if (flexible) writer.compactNullableString(text);
  else writer.nullableString(text);
}

/** From a partition's place on: behind error code, base offset, time and log start offset. */
const RECORD_ERRORS_AT = 26;
