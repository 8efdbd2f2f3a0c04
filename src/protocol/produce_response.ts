import type { ByteWriter } from '../base/bytes.ts';
import { ApiKey } from './api_keys.ts';
import { beginFrame, endFrame } from './framing.ts';
import { writeResponseHeader } from './headers.ts';
import { writeLeaderEndpoints, type LeaderEndpoint } from './leader_endpoints.ts';
import { TopicsWriter } from './topics_writer.ts';

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
 * What does not have one size is not in the template: errors of single records and their message (from version 8 on), the
 * leader to go to and its address (from 10 on, KIP-951). `insertDetails` puts it in when all of it is known.
 */
export class ProduceResponseTemplate extends TopicsWriter {
  #frame = 0;

  begin(writer: ByteWriter, version: number, correlationId: number, topicCount: number): void {
    this.open(writer, version, FLEXIBLE_FROM);
    this.#frame = beginFrame(writer);
    writeResponseHeader(writer, ApiKey.Produce, version, correlationId);
    this.count(writer, topicCount);
  }

  /** Returns the place for `patchProducePartition`; -1 if a fixed writer is full. */
  partition(index: number): number {
    const writer = this.writer!;
    const { version, flexible } = this;
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
    this.endPartition(writer);
    return at + 4;
  }

  /** Returns the place of the throttle time (int32), should it be known only later. */
  end(throttleTimeMs: number): number {
    const writer = this.writer!;
    const place = writer.position;
    writer.int32(throttleTimeMs);
    this.tags(writer);
    endFrame(writer, this.#frame);
    this.writer = null;
    return place;
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

/** What an answer says of a partition beyond its error code. */
export interface PartitionDetails {
  /** Of the partition in the template. */
  readonly place: number;
  /** Single records for which the batch was refused (KIP-467). */
  readonly records: readonly { readonly batchIndex: number; readonly message: string }[];
  /** Of the batch. */
  readonly message: string | null;
  /** Who leads the partition now (KIP-951). */
  readonly leader: { readonly id: number; readonly epoch: number } | null;
}

/**
 * Puts what has no fixed size into a complete template: what follows it moves, and the length of the frame is to be set
 * anew. Versions tell as much of it as they know.
 */
export function insertDetails(
  writer: ByteWriter,
  version: number,
  partitions: readonly PartitionDetails[],
  endpoints: readonly LeaderEndpoint[],
): void {
  if (version < RECORD_ERRORS_FROM) return;
  const template = writer.copyWritten();
  let copied = 0;
  writer.clear();
  for (const details of partitions.toSorted((a, b) => a.place - b.place)) {
    const errorsAt = details.place + RECORD_ERRORS_AT;
    writer.raw(template.subarray(copied, errorsAt));
    writeDetails(writer, version, details);
    copied = errorsAt + (version >= FLEXIBLE_FROM ? FLEXIBLE_DETAILS_BYTES : DETAILS_BYTES);
  }
  if (version < LEADERS_FROM || endpoints.length === 0) return writer.raw(template.subarray(copied));
  // The last byte says that there are no tagged fields.
  writer.raw(template.subarray(copied, template.length - 1));
  writeLeaderEndpoints(writer, endpoints);
}

function writeDetails(writer: ByteWriter, version: number, { records, message, leader }: PartitionDetails): void {
  const flexible = version >= FLEXIBLE_FROM;
  if (flexible) writer.compactArrayCount(records.length);
  else writer.arrayCount(records.length);
  for (const record of records) {
    writer.int32(record.batchIndex);
    writeText(writer, record.message, flexible);
    if (flexible) writer.noTaggedFields();
  }
  writeText(writer, message, flexible);
  if (!flexible) return;
  if (leader === null || version < LEADERS_FROM) return writer.noTaggedFields();
  writer.unsignedVarint(1);
  writer.unsignedVarint(CURRENT_LEADER_TAG);
  writer.unsignedVarint(CURRENT_LEADER_BYTES);
  writer.int32(leader.id);
  writer.int32(leader.epoch);
  writer.noTaggedFields();
}

function writeText(writer: ByteWriter, text: string | null, flexible: boolean): void {
  if (flexible) writer.compactNullableString(text);
  else writer.nullableString(text);
}

/** From a partition's place on: behind error code, base offset, time and log start offset. */
const RECORD_ERRORS_AT = 26;
/** Of the template: the empty array, the null message, and, where they are, no tagged fields. */
const DETAILS_BYTES = 6;
const FLEXIBLE_DETAILS_BYTES = 3;
/** From this version on leaders and their addresses are told (KIP-951). */
const LEADERS_FROM = 10;
const CURRENT_LEADER_TAG = 0;
/** Two numbers and an empty section of tags. */
const CURRENT_LEADER_BYTES = 4 + 4 + 1;
