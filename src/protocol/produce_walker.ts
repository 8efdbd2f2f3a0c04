import { CURRENT_MAGIC, isTransactional, magicOf, RECORDS_AT } from './record_batch.ts';
import { TopicCursor } from './topic_cursor.ts';

const FLEXIBLE_FROM = 9;
export const PRODUCE_VERSION_MIN = 3;
export const PRODUCE_VERSION_MAX = 13;

/**
 * Walks a Produce request in place, all versions.
 *
 *     if (!walker.reset(view, bytes, start, end, version)) close the connection
 *     while (walker.nextTopic())
 *       while (walker.nextPartition()) …
 *
 * `reset` walks the whole request once and checks every length to the last byte, so that nothing of a malformed
 * request takes effect; after it, the walk cannot fail. One object is reused for all requests of a shard.
 */
export class ProduceRequestWalker extends TopicCursor {
  acks = 0;
  timeoutMs = 0;
  /** Bounds in the frame; both -1 for null. */
  transactionalIdStart = -1;
  transactionalIdEnd = -1;
  topicCount = 0;
  /** Of all topics. */
  partitionCountTotal = 0;
  /** Topics with at least one partition. */
  filledTopicCount = 0;
  /** Some partition's records begin with a transactional batch. */
  hasTransactionalRecords = false;

  partitionIndex = 0;
  /** Bounds of the current partition's records; both -1 for null. */
  recordsStart = -1;
  recordsEnd = -1;

  #topicsAt = 0;
  #topicsLeft = 0;
  #partitionsLeft = 0;

  /** Goes to the body of a request, behind its header. False: malformed, or a version outside 3 to 13. */
  reset(view: DataView, bytes: Uint8Array, start: number, end: number, version: number): boolean {
    this.open(view, bytes, start, end, version, FLEXIBLE_FROM);
    if (version < PRODUCE_VERSION_MIN || version > PRODUCE_VERSION_MAX) this.fail();
    const length = this.stringLength();
    this.transactionalIdStart = length < 0 ? -1 : this.take(length);
    this.transactionalIdEnd = length < 0 ? -1 : this.position;
    this.acks = this.int16();
    this.timeoutMs = this.int32();
    this.topicCount = this.count(this.topicBytesMin());
    this.#topicsAt = this.position;
    this.rewind();
    this.partitionCountTotal = 0;
    this.filledTopicCount = 0;
    this.hasTransactionalRecords = false;
    while (this.nextTopic()) {
      if (this.partitionCount > 0) this.filledTopicCount++;
      this.partitionCountTotal += this.partitionCount;
      while (this.nextPartition()) if (this.#isTransactional()) this.hasTransactionalRecords = true;
    }
    this.skipTags();
    if (this.failed || this.position !== this.end) {
      this.failed = true;
      return false;
    }
    this.rewind();
    return true;
  }

  #isTransactional(): boolean {
    const { recordsStart: start, recordsEnd, view } = this;
    if (start < 0 || recordsEnd - start < RECORDS_AT) return false;
    return magicOf(view, start) === CURRENT_MAGIC && isTransactional(view, start);
  }

  /** Back to before the first topic. */
  rewind(): void {
    this.position = this.failed ? this.end : this.#topicsAt;
    this.#topicsLeft = this.failed ? 0 : this.topicCount;
    this.#partitionsLeft = 0;
  }

  /** Goes to the next topic, over what is left of the current one. */
  nextTopic(): boolean {
    while (this.#partitionsLeft > 0) this.nextPartition();
    if (this.#topicsLeft === 0) return false;
    this.#topicsLeft--;
    if (!this.readTopic()) return false;
    this.partitionCount = this.count(this.flexible ? 6 : 8);
    this.#partitionsLeft = this.partitionCount;
    if (this.partitionCount === 0) this.skipTags();
    return !this.failed;
  }

  /** Goes to the next partition of the current topic. */
  nextPartition(): boolean {
    if (this.#partitionsLeft === 0) return false;
    this.#partitionsLeft--;
    if (!this.flexible || !this.#nextFlexible()) this.#next();
    if (this.#partitionsLeft === 0) this.skipTags();
    if (!this.failed) return true;
    this.#partitionsLeft = 0;
    this.#topicsLeft = 0;
    return false;
  }

  #next(): void {
    this.partitionIndex = this.int32();
    const length = this.bytesLength();
    this.recordsStart = length < 0 ? -1 : this.take(length);
    this.recordsEnd = length < 0 ? -1 : this.position;
    this.skipTags();
  }

  /**
   * The same for what nearly every partition is: records of 1 byte to 2 MiB, no tags. False, and nowhere else, if it is
   * not. Half of the time of the general way.
   */
  #nextFlexible(): boolean {
    const { bytes, end } = this;
    const at = this.position;
    if (end - at < 8) return false;
    let start = at + 5;
    let length = bytes[at + 4]!;
    if (length > 127) {
      const second = bytes[at + 5]!;
      const third = second > 127 ? bytes[at + 6]! : 0;
      if (third > 127) return false;
      length = (length & 127) | ((second & 127) << 7) | (third << 14);
      start = second > 127 ? at + 7 : at + 6;
    }
    const recordsEnd = start + length - 1;
    if (length === 0 || recordsEnd >= end || bytes[recordsEnd] !== 0) return false;
    this.partitionIndex = this.view.getInt32(at);
    this.recordsStart = start;
    this.recordsEnd = recordsEnd;
    this.position = recordsEnd + 1;
    return true;
  }
}
