import { ReadPosition } from '../log/read_position.ts';
import type { TopicImage } from '../metadata/topic_image.ts';

/**
 * A Fetch request taken apart once: what is asked for in parallel arrays, so that the frame's memory can go back while
 * the request waits for data, and, when it is answered, what each partition gives.
 */
export class FetchPlan {
  version = 0;
  maxWaitMs = 0;
  minBytes = 0;
  maxBytes = 0;
  readCommitted = false;
  replicaId = -1;
  sessionId = 0;
  sessionEpoch = -1;

  topicCount = 0;
  topics: TopicPlan[] = [];

  partitionCount = 0;
  /** By partition, in request order: which of `topics`. */
  topicOf = new Int32Array(4);
  partitionIndex = new Int32Array(4);
  slot = new Int32Array(4);
  leaderEpoch = new Int32Array(4);
  fetchOffset = new Float64Array(4);
  maxBytesOf = new Int32Array(4);

  /** It stands in the shard's lists of fetches that wait for these partitions. */
  isParked = false;
  /** The next partition to read, while the answer is put together. */
  cursor = 0;
  /** Bytes of records that the answer may still take. */
  bytesLeft = 0;
  /** Nothing was read yet: the first batch comes whole, however large. */
  isFirst = true;

  // The outcome of the last evaluation, by partition.
  errorCode = new Int32Array(4);
  highWatermark = new Float64Array(4);
  lastStableOffset = new Float64Array(4);
  logStartOffset = new Float64Array(4);
  incarnation = new Int32Array(4);
  /** Bytes that a read from `positions` would find, as far as they count for this request; 0 for nothing to read. */
  available = new Float64Array(4);
  positions: ReadPosition[] = [];
  /** Which piece of the answer holds its records, -1 for none. */
  piece = new Int32Array(4);

  reset(): void {
    this.topicCount = 0;
    this.partitionCount = 0;
    this.isParked = false;
  }

  addTopic(): TopicPlan {
    if (this.topicCount === this.topics.length) this.topics.push(new TopicPlan());
    const topic = this.topics[this.topicCount++]!;
    topic.partitions = 0;
    return topic;
  }

  /** Adds a partition to the topic added last and returns its number. */
  addPartition(): number {
    if (this.partitionCount === this.slot.length) this.#grow();
    this.topics[this.topicCount - 1]!.partitions++;
    this.topicOf[this.partitionCount] = this.topicCount - 1;
    if (this.positions.length === this.partitionCount) this.positions.push(new ReadPosition());
    return this.partitionCount++;
  }

  #grow(): void {
    this.topicOf = grown(this.topicOf);
    this.partitionIndex = grown(this.partitionIndex);
    this.slot = grown(this.slot);
    this.leaderEpoch = grown(this.leaderEpoch);
    this.fetchOffset = grownFloats(this.fetchOffset);
    this.maxBytesOf = grown(this.maxBytesOf);
    this.errorCode = grown(this.errorCode);
    this.highWatermark = grownFloats(this.highWatermark);
    this.lastStableOffset = grownFloats(this.lastStableOffset);
    this.logStartOffset = grownFloats(this.logStartOffset);
    this.incarnation = grown(this.incarnation);
    this.available = grownFloats(this.available);
    this.piece = grown(this.piece);
  }
}

/** A topic of the request: known, or the bytes by which it was named. */
export class TopicPlan {
  topic: TopicImage | null = null;
  /** The name as sent, where the topic is unknown and the version names topics. */
  nameBytes: Uint8Array = NO_BYTES;
  /** The id as sent, from version 13. */
  readonly idWords = new Int32Array(4);
  partitions = 0;
}

const NO_BYTES = new Uint8Array(0);

function grown(from: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const into = new Int32Array(from.length * 2);
  into.set(from);
  return into;
}

function grownFloats(from: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const into = new Float64Array(from.length * 2);
  into.set(from);
  return into;
}
