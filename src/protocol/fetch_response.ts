import type { ByteWriter } from '../base/bytes.ts';
import { ApiKey } from './api_keys.ts';
import { beginFrame, endFrame } from './framing.ts';
import { writeResponseHeader } from './headers.ts';
import { writeLeaderEndpoints, type LeaderEndpoint } from './leader_endpoints.ts';
import { TopicsWriter } from './topics_writer.ts';

const FLEXIBLE_FROM = 12;
const TWO_32 = 0x1_0000_0000;

const DIVERGING_EPOCH_TAG = 0;
const CURRENT_LEADER_TAG = 1;
const SNAPSHOT_ID_TAG = 2;

/** Sizes of the tagged structs: their fields and an empty section of tags of their own. */
const DIVERGING_EPOCH_BYTES = 4 + 8 + 1;
const CURRENT_LEADER_BYTES = 4 + 4 + 1;
const SNAPSHOT_ID_BYTES = 8 + 4 + 1;

/**
 * Writes a Fetch response, all versions, without its records: these follow from other memory.
 *
 *     response.begin(writer, version, correlationId, throttleTimeMs, errorCode, sessionId, topicCount);
 *     for each topic:   response.topicName(bytes, start, end, partitionCount)  or  response.topicId(…)
 *       for each partition:
 *         response.partition(index, errorCode, highWatermark, lastStableOffset, logStartOffset, abortedCount);
 *         abortedCount times:   response.abortedTransaction(producerIdHigh, producerIdLow, firstOffset)
 *         (response.divergingEpoch(…), response.currentLeader(…), response.snapshotId(…) when there is such a thing)
 *         splice = response.records(preferredReadReplica, recordsBytes)
 *     response.end(nodeEndpoints)
 *
 * `records` returns the splice: the bytes of this writer before it, then `recordsBytes` bytes of records, then the
 * bytes behind it. The length of the frame counts them. Only `end` with endpoints allocates.
 */
export class FetchResponseWriter extends TopicsWriter {
  /** Bytes of records that the frame announces. */
  recordsBytes = 0;
  #frame = 0;
  /** Something below was set for the current partition. */
  #tagged = false;
  #divergingEpoch = -1;
  #divergingEndOffset = -1;
  #leaderId = -1;
  #leaderEpoch = -1;
  #snapshotEndOffset = -1;
  #snapshotEpoch = -1;

  /** `errorCode` and `sessionId` are on the wire from version 7 on. */
  begin(
    writer: ByteWriter,
    version: number,
    correlationId: number,
    throttleTimeMs: number,
    errorCode: number,
    sessionId: number,
    topicCount: number,
  ): void {
    this.recordsBytes = 0;
    this.open(writer, version, FLEXIBLE_FROM);
    this.#frame = beginFrame(writer);
    this.#forgetTags();
    writeResponseHeader(writer, ApiKey.Fetch, version, correlationId);
    writer.int32(throttleTimeMs);
    if (version >= 7) {
      writer.int16(errorCode);
      writer.int32(sessionId);
    }
    this.count(writer, topicCount);
  }

  /** `abortedCount` is -1 (null) unless the request reads committed records only. */
  partition(
    index: number,
    errorCode: number,
    highWatermark: number,
    lastStableOffset: number,
    logStartOffset: number,
    abortedCount: number,
  ): void {
    const writer = this.writer!;
    const at = writer.take(this.version >= 5 ? 30 : 22);
    if (at < 0) return;
    const view = writer.view;
    view.setInt32(at, index);
    view.setInt16(at + 4, errorCode);
    view.setInt32(at + 6, Math.floor(highWatermark / TWO_32));
    view.setInt32(at + 10, highWatermark | 0);
    view.setInt32(at + 14, Math.floor(lastStableOffset / TWO_32));
    view.setInt32(at + 18, lastStableOffset | 0);
    if (this.version >= 5) {
      view.setInt32(at + 22, Math.floor(logStartOffset / TWO_32));
      view.setInt32(at + 26, logStartOffset | 0);
    }
    this.count(writer, abortedCount);
  }

  /** The producer id as two 32-bit halves. */
  abortedTransaction(producerIdHigh: number, producerIdLow: number, firstOffset: number): void {
    const writer = this.writer!;
    writer.int32(producerIdHigh);
    writer.int32(producerIdLow);
    writer.int64(firstOffset);
    this.tags(writer);
  }

  /** From version 12 on: up to where the follower's log may agree with the leader's. Before `records`. */
  divergingEpoch(epoch: number, endOffset: number): void {
    this.#divergingEpoch = epoch;
    this.#divergingEndOffset = endOffset;
    this.#tagged = true;
  }

  /** From version 12 on: who leads now, -1 if nobody knows. Before `records`. */
  currentLeader(leaderId: number, leaderEpoch: number): void {
    this.#leaderId = leaderId;
    this.#leaderEpoch = leaderEpoch;
    this.#tagged = true;
  }

  /** From version 12 on: the snapshot to fetch instead of offsets that are gone. Before `records`. */
  snapshotId(endOffset: number, epoch: number): void {
    this.#snapshotEndOffset = endOffset;
    this.#snapshotEpoch = epoch;
    this.#tagged = true;
  }

  /**
   * Ends a partition. Returns the position at which `recordsBytes` bytes of records are to be spliced in.
   *
   * @param preferredReadReplica from version 11 on; -1 for none
   * @param recordsBytes -1 for null
   */
  records(preferredReadReplica: number, recordsBytes: number): number {
    const writer = this.writer!;
    const { flexible } = this;
    if (this.version >= 11) writer.int32(preferredReadReplica);
    if (flexible) writer.unsignedVarint(recordsBytes + 1);
    else writer.int32(recordsBytes);
    if (recordsBytes > 0) this.recordsBytes += recordsBytes;
    const splice = writer.position;
    if (this.#tagged) {
      if (flexible) this.#writeTags(writer);
      this.#forgetTags();
    } else if (flexible) writer.noTaggedFields();
    this.endPartition(writer);
    return splice;
  }

  /** `nodeEndpoints` are told from version 16 on: those of all current leaders named above. */
  end(nodeEndpoints: readonly LeaderEndpoint[] = []): void {
    const writer = this.writer!;
    if (nodeEndpoints.length > 0 && this.version >= 16) writeLeaderEndpoints(writer, nodeEndpoints);
    else this.tags(writer);
    endFrame(writer, this.#frame, this.recordsBytes);
    this.writer = null;
  }

  #writeTags(writer: ByteWriter): void {
    const diverging = this.#divergingEpoch !== -1 || this.#divergingEndOffset !== -1;
    const leader = this.#leaderId !== -1 || this.#leaderEpoch !== -1;
    const snapshot = this.#snapshotEpoch !== -1 || this.#snapshotEndOffset !== -1;
    writer.unsignedVarint((diverging ? 1 : 0) + (leader ? 1 : 0) + (snapshot ? 1 : 0));
    if (diverging) {
      writer.unsignedVarint(DIVERGING_EPOCH_TAG);
      writer.unsignedVarint(DIVERGING_EPOCH_BYTES);
      writer.int32(this.#divergingEpoch);
      writer.int64(this.#divergingEndOffset);
      writer.noTaggedFields();
    }
    if (leader) {
      writer.unsignedVarint(CURRENT_LEADER_TAG);
      writer.unsignedVarint(CURRENT_LEADER_BYTES);
      writer.int32(this.#leaderId);
      writer.int32(this.#leaderEpoch);
      writer.noTaggedFields();
    }
    if (snapshot) {
      writer.unsignedVarint(SNAPSHOT_ID_TAG);
      writer.unsignedVarint(SNAPSHOT_ID_BYTES);
      writer.int64(this.#snapshotEndOffset);
      writer.int32(this.#snapshotEpoch);
      writer.noTaggedFields();
    }
  }

  #forgetTags(): void {
    this.#tagged = false;
    this.#divergingEpoch = -1;
    this.#divergingEndOffset = -1;
    this.#leaderId = -1;
    this.#leaderEpoch = -1;
    this.#snapshotEndOffset = -1;
    this.#snapshotEpoch = -1;
  }
}
