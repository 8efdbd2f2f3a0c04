import type { AbortedTransaction } from '../log/transaction_index.ts';
import { ReadPosition } from '../log/read_position.ts';
import type { TopicImage } from '../metadata/topic_image.ts';
import { ErrorCode } from '../protocol/errors.ts';
import type { FetchSession, SessionPartition } from './fetch_session.ts';
import type { PartitionOutcome } from './host.ts';

/** From this version on Fetch names topics by id (KIP-516). */
export const TOPIC_IDS_FROM = 13;

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
  /** The session that the request goes on with; null for a full request. */
  session: FetchSession | null = null;
  /** Of `session`, from this request on. */
  epochAfter = 0;

  topicCount = 0;
  topics: TopicPlan[] = [];

  partitionCount = 0;
  /** By partition, in request order: which of `topics`. */
  topicOf = new Int32Array(4);
  partitionIndex = new Int32Array(4);
  slot = new Int32Array(4);
  leaderEpoch = new Int32Array(4);
  fetchOffset = new Float64Array(4);
  /** Of the record before `fetchOffset`; -1 when the client does not say. */
  lastFetchedEpoch = new Int32Array(4);
  /** Where `lastFetchedEpoch` ends in the leader's log, of partitions where that is an epoch before the leader's. */
  readonly epochEnds = new Map<number, PartitionOutcome>();
  maxBytesOf = new Int32Array(4);
  /** What the session has of it; null in a full request. */
  members: (SessionPartition | null)[] = [];

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
  /** Transactions that read_committed leaves out, of partitions that have any in what was read. */
  readonly aborted = new Map<number, readonly AbortedTransaction[]>();
  /** Where the logs of client and leader part, of partitions where they do (KIP-595). */
  readonly diverging = new Map<number, PartitionOutcome>();
  /** 1: it stands in the answer. */
  isTold = new Uint8Array(4);

  /** Partitions without news are left out of the answer. */
  get isIncremental(): boolean {
    return this.session !== null;
  }

  reset(): void {
    this.session = null;
    if (this.aborted.size > 0) this.aborted.clear();
    if (this.epochEnds.size > 0) this.epochEnds.clear();
    if (this.diverging.size > 0) this.diverging.clear();
    // What is kept for the next request must not keep sessions alive.
    this.members.length = 0;
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
    this.members.push(null);
    this.isTold[this.partitionCount] = 1;
    return this.partitionCount++;
  }

  /** What counts for `min.bytes`: of all partitions together, of each what the client would take of it. */
  availableBytes(): number {
    let sum = 0;
    for (let at = 0; at < this.partitionCount; at++) {
      sum += Math.min(this.available[at]!, Math.max(this.maxBytesOf[at]!, 1));
    }
    return sum;
  }

  /** Topics of which the answer tells something; of a full request all. */
  toldTopics(): number {
    let told = 0;
    let at = 0;
    for (let index = 0; index < this.topicCount; index++) {
      const end = at + this.topics[index]!.partitions;
      if (this.toldPartitions(at, end) > 0) told++;
      at = end;
    }
    return told;
  }

  toldPartitions(from: number, to: number): number {
    if (!this.isIncremental) return to - from;
    let told = 0;
    for (let at = from; at < to; at++) told += this.isTold[at]!;
    return told;
  }

  #grow(): void {
    this.topicOf = grown(this.topicOf);
    this.partitionIndex = grown(this.partitionIndex);
    this.slot = grown(this.slot);
    this.leaderEpoch = grown(this.leaderEpoch);
    this.fetchOffset = grownFloats(this.fetchOffset);
    this.lastFetchedEpoch = grown(this.lastFetchedEpoch);
    this.maxBytesOf = grown(this.maxBytesOf);
    this.errorCode = grown(this.errorCode);
    this.highWatermark = grownFloats(this.highWatermark);
    this.lastStableOffset = grownFloats(this.lastStableOffset);
    this.logStartOffset = grownFloats(this.logStartOffset);
    this.incarnation = grown(this.incarnation);
    this.available = grownFloats(this.available);
    this.piece = grown(this.piece);
    const isTold = new Uint8Array(this.isTold.length * 2);
    isTold.set(this.isTold);
    this.isTold = isTold;
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
  /** What its partitions are answered with when it is unknown. */
  missing: ErrorCode = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
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
