import { TopicCursor } from './topic_cursor.ts';

const FLEXIBLE_FROM = 12;
const TWO_32 = 0x1_0000_0000;
export const FETCH_VERSION_MIN = 4;
export const FETCH_VERSION_MAX = 18;

/** `highWatermark` of a follower that does not tell its own: 2^63-1 on the wire. */
export const HIGH_WATERMARK_UNTOLD = 2 ** 63;

const CLUSTER_ID_TAG = 0;
const REPLICA_STATE_TAG = 1;
const DIRECTORY_ID_TAG = 0;
const HIGH_WATERMARK_TAG = 1;

/**
 * Walks a Fetch request in place, all versions.
 *
 *     if (!walker.reset(view, bytes, start, end, version)) close the connection
 *     while (walker.nextTopic())
 *       while (walker.nextPartition()) …
 *     while (walker.nextForgottenTopic())          // in any order with the topics, not interleaved
 *       while (walker.nextForgottenPartition()) …
 *
 * The current topic is that of the walk which moved last. `reset` walks the whole request once, checks every length to
 * the last byte, and reads what stands behind the topics; after it, the walk cannot fail.
 */
export class FetchRequestWalker extends TopicCursor {
  /** Node id of a follower, -1 for a consumer; from version 15 on out of the tagged replica state (KIP-903). */
  replicaId = -1;
  /** Broker epoch of the follower, -1 if it does not say. */
  replicaEpoch = -1;
  maxWaitMs = 0;
  minBytes = 0;
  maxBytes = 0;
  /** 0 read uncommitted, 1 read committed. */
  isolationLevel = 0;
  sessionId = 0;
  /** -1: no session; 0: a full request that begins one. */
  sessionEpoch = -1;
  /** Bounds of the consumer's rack; both -1 before version 11. */
  rackIdStart = -1;
  rackIdEnd = -1;
  /** Bounds of the cluster id that the sender believes in; both -1 if it gives none. */
  clusterIdStart = -1;
  clusterIdEnd = -1;
  topicCount = 0;
  partitionCountTotal = 0;
  forgottenTopicCount = 0;

  partitionIndex = 0;
  /** -1: the client does not know. */
  currentLeaderEpoch = -1;
  fetchOffset = 0;
  /** -1: nothing fetched yet, or before version 12. */
  lastFetchedEpoch = -1;
  /** Of a follower; -1 for consumers and before version 5. */
  logStartOffset = -1;
  partitionMaxBytes = 0;
  /** The follower's directory id as four words; 0 if it gives none. */
  directoryId0 = 0;
  directoryId1 = 0;
  directoryId2 = 0;
  directoryId3 = 0;
  /** Known to the follower (KIP-1166): -1 unknown, HIGH_WATERMARK_UNTOLD if it does not say. */
  highWatermark = HIGH_WATERMARK_UNTOLD;

  #topicsAt = 0;
  #topicsLeft = 0;
  #partitionsLeft = 0;
  #forgottenAt = 0;
  #forgottenTopicsLeft = 0;
  #forgottenPartitionsLeft = 0;

  /** Goes to the body of a request, behind its header. False: malformed, or a version outside 4 to 18. */
  reset(view: DataView, bytes: Uint8Array, start: number, end: number, version: number): boolean {
    this.open(view, bytes, start, end, version, FLEXIBLE_FROM);
    if (version < FETCH_VERSION_MIN || version > FETCH_VERSION_MAX) this.fail();
    this.replicaId = version < 15 ? this.int32() : -1;
    this.replicaEpoch = -1;
    this.maxWaitMs = this.int32();
    this.minBytes = this.int32();
    this.maxBytes = this.int32();
    this.isolationLevel = this.int8();
    this.sessionId = version >= 7 ? this.int32() : 0;
    this.sessionEpoch = version >= 7 ? this.int32() : -1;
    this.topicCount = this.count(this.topicBytesMin());
    this.#topicsAt = this.position;
    this.rewind();
    this.partitionCountTotal = 0;
    while (this.nextTopic()) {
      this.partitionCountTotal += this.partitionCount;
      while (this.nextPartition());
    }
    this.forgottenTopicCount = version >= 7 ? this.count(this.topicBytesMin()) : 0;
    this.#forgottenAt = this.position;
    this.#forgottenTopicsLeft = this.forgottenTopicCount;
    while (this.nextForgottenTopic()) while (this.nextForgottenPartition());
    this.#readRack();
    this.#readTags();
    if (this.failed || this.position !== this.end) {
      this.failed = true;
      return false;
    }
    this.rewind();
    return true;
  }

  /** Back to before the first topic and the first forgotten topic. */
  rewind(): void {
    this.position = this.failed ? this.end : this.#topicsAt;
    this.#topicsLeft = this.failed ? 0 : this.topicCount;
    this.#partitionsLeft = 0;
    this.#forgottenTopicsLeft = this.failed ? 0 : this.forgottenTopicCount;
    this.#forgottenPartitionsLeft = 0;
  }

  /** Goes to the next topic, over what is left of the current one. */
  nextTopic(): boolean {
    while (this.#partitionsLeft > 0) this.nextPartition();
    if (this.#topicsLeft === 0) return false;
    if (this.#topicsLeft === this.topicCount) this.position = this.#topicsAt;
    this.#topicsLeft--;
    if (!this.readTopic()) return false;
    this.partitionCount = this.count(this.#partitionFixedBytes() + (this.flexible ? 1 : 0));
    this.#partitionsLeft = this.partitionCount;
    if (this.partitionCount === 0) this.skipTags();
    return !this.failed;
  }

  /** Goes to the next partition of the current topic. */
  nextPartition(): boolean {
    if (this.#partitionsLeft === 0) return false;
    this.#partitionsLeft--;
    const at = this.take(this.#partitionFixedBytes());
    if (at >= 0) this.#readPartition(at);
    this.#readPartitionTags();
    if (this.#partitionsLeft === 0) this.skipTags();
    if (!this.failed) return true;
    this.#partitionsLeft = 0;
    this.#topicsLeft = 0;
    return false;
  }

  /** Goes to the next topic of which partitions leave the session. */
  nextForgottenTopic(): boolean {
    while (this.#forgottenPartitionsLeft > 0) this.nextForgottenPartition();
    if (this.#forgottenTopicsLeft === 0) return false;
    if (this.#forgottenTopicsLeft === this.forgottenTopicCount) this.position = this.#forgottenAt;
    this.#forgottenTopicsLeft--;
    if (!this.readTopic()) return false;
    this.partitionCount = this.count(4);
    this.#forgottenPartitionsLeft = this.partitionCount;
    if (this.partitionCount === 0) this.skipTags();
    return !this.failed;
  }

  /** Goes to the next partition of the current forgotten topic: `partitionIndex`. */
  nextForgottenPartition(): boolean {
    if (this.#forgottenPartitionsLeft === 0) return false;
    this.#forgottenPartitionsLeft--;
    this.partitionIndex = this.int32();
    if (this.#forgottenPartitionsLeft === 0) this.skipTags();
    if (!this.failed) return true;
    this.#forgottenPartitionsLeft = 0;
    this.#forgottenTopicsLeft = 0;
    return false;
  }

  /** What stands before the tags, and is all there. */
  #readPartition(start: number): void {
    const { view, version } = this;
    let at = start + 4;
    this.partitionIndex = view.getInt32(start);
    this.currentLeaderEpoch = -1;
    if (version >= 9) {
      this.currentLeaderEpoch = view.getInt32(at);
      at += 4;
    }
    this.fetchOffset = int64At(view, at);
    at += 8;
    this.lastFetchedEpoch = -1;
    if (version >= 12) {
      this.lastFetchedEpoch = view.getInt32(at);
      at += 4;
    }
    this.logStartOffset = -1;
    if (version >= 5) {
      this.logStartOffset = int64At(view, at);
      at += 8;
    }
    this.partitionMaxBytes = view.getInt32(at);
  }

  #readPartitionTags(): void {
    this.directoryId0 = 0;
    this.directoryId1 = 0;
    this.directoryId2 = 0;
    this.directoryId3 = 0;
    this.highWatermark = HIGH_WATERMARK_UNTOLD;
    if (!this.flexible) return;
    const count = this.unsignedVarint();
    if (count === 0) return;
    if (count * 2 > this.end - this.position) return this.fail();
    let previous = -1;
    for (let index = 0; index < count && !this.failed; index++) {
      const tag = this.unsignedVarint();
      if (tag <= previous) return this.fail();
      previous = tag;
      const length = this.unsignedVarint();
      const at = this.take(length);
      if (at < 0) return;
      if (tag === DIRECTORY_ID_TAG && this.version >= 17) {
        if (length !== 16) return this.fail();
        this.directoryId0 = this.view.getInt32(at);
        this.directoryId1 = this.view.getInt32(at + 4);
        this.directoryId2 = this.view.getInt32(at + 8);
        this.directoryId3 = this.view.getInt32(at + 12);
      } else if (tag === HIGH_WATERMARK_TAG && this.version >= 18) {
        if (length !== 8) return this.fail();
        this.position = at;
        this.highWatermark = this.int64();
      }
    }
  }

  #readRack(): void {
    this.rackIdStart = -1;
    this.rackIdEnd = -1;
    if (this.version < 11) return;
    const length = this.stringLength();
    if (length < 0) return this.fail();
    this.rackIdStart = this.take(length);
    this.rackIdEnd = this.position;
  }

  #readTags(): void {
    this.clusterIdStart = -1;
    this.clusterIdEnd = -1;
    if (!this.flexible) return;
    const count = this.unsignedVarint();
    if (count * 2 > this.end - this.position) return this.fail();
    let previous = -1;
    for (let index = 0; index < count && !this.failed; index++) {
      const tag = this.unsignedVarint();
      if (tag <= previous) return this.fail();
      previous = tag;
      const length = this.unsignedVarint();
      const tagEnd = this.position + length;
      if (tag === CLUSTER_ID_TAG) {
        const textLength = this.stringLength();
        this.clusterIdStart = textLength < 0 ? -1 : this.take(textLength);
        this.clusterIdEnd = textLength < 0 ? -1 : this.position;
      } else if (tag === REPLICA_STATE_TAG && this.version >= 15) {
        this.replicaId = this.int32();
        this.replicaEpoch = this.int64();
        this.skipTags();
      } else this.take(length);
      if (this.position !== tagEnd) return this.fail();
    }
  }

  /** Bytes of a partition without its tags. */
  #partitionFixedBytes(): number {
    const version = this.version;
    return 16 + (version >= 5 ? 8 : 0) + (version >= 9 ? 4 : 0) + (version >= 12 ? 4 : 0);
  }
}

/** Rounded beyond ±2^53: such offsets lie outside every log, and are answered so. */
function int64At(view: DataView, at: number): number {
  return view.getInt32(at) * TWO_32 + view.getUint32(at + 4);
}
