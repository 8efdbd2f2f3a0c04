import { ErrorCode } from '../protocol/errors.ts';
import type { TopicImage } from '../metadata/topic_image.ts';
import type { TopicIndex } from '../metadata/topic_index.ts';

/** A topic of a session, as the client named it and as the node knows it now. */
export class SessionTopic {
  readonly key: string;
  /** As sent, from version 13 on. */
  readonly idWords = new Int32Array(4);
  /** As sent before version 13; later the name that the id had when it was last known. */
  nameBytes: Uint8Array = NO_BYTES;
  image: TopicImage | null = null;
  /** What its partitions are answered with while there is no image. */
  missing: ErrorCode = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
  readonly partitions = new Map<number, SessionPartition>();

  constructor(key: string) {
    this.key = key;
  }

  /** Topics come and go while a session lives: looks it up again. */
  resolve(index: TopicIndex, usesTopicIds: boolean): void {
    const [a, b, c, d] = this.idWords as unknown as readonly [number, number, number, number];
    this.image = usesTopicIds ? index.byId(a, b, c, d) : index.byName(this.nameBytes, 0, this.nameBytes.length);
    if (!usesTopicIds) return;
    if (this.image !== null) this.nameBytes = this.image.nameBytes;
    else if (this.nameBytes.length === 0) this.missing = ErrorCode.UNKNOWN_TOPIC_ID;
    else {
      // It was known: its name may belong to another topic by now.
      const isTaken = index.byName(this.nameBytes, 0, this.nameBytes.length) !== null;
      this.missing = isTaken ? ErrorCode.INCONSISTENT_TOPIC_ID : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
    }
  }
}

/** What a session remembers of one partition: what the client wants, and what it was told last. */
export class SessionPartition {
  readonly topic: SessionTopic;
  readonly partitionIndex: number;
  leaderEpoch = -1;
  fetchOffset = 0;
  lastFetchedEpoch = -1;
  maxBytes = 0;
  highWatermark = -1;
  logStartOffset = -1;
  previous: SessionPartition | null = null;
  next: SessionPartition | null = null;

  constructor(topic: SessionTopic, partitionIndex: number) {
    this.topic = topic;
    this.partitionIndex = partitionIndex;
  }

  /** Whether an incremental answer must name the partition; remembers that it was told. */
  tell(errorCode: number, highWatermark: number, logStartOffset: number, recordsBytes: number): boolean {
    const isNews = highWatermark !== this.highWatermark || logStartOffset !== this.logStartOffset;
    // After an error everything is told again.
    this.highWatermark = errorCode === ErrorCode.NONE ? highWatermark : -1;
    this.logStartOffset = logStartOffset;
    return isNews || recordsBytes > 0 || errorCode !== ErrorCode.NONE;
  }
}

/**
 * A fetch session (KIP-227): the partitions that a consumer or follower fetches, so that its requests name changes only
 * and answers only what is new. Owned by the shard that made it.
 *
 * Partitions are kept in the order in which they are to be read: one that gave records goes to the end, so that an
 * answer which is full does not starve those behind.
 */
export class FetchSession {
  readonly id: number;
  readonly usesTopicIds: boolean;
  /** A follower's: it gives way to nobody but a larger or older follower. */
  readonly isPrivileged: boolean;
  readonly createdMs: number;
  lastUsedMs: number;
  /** What the next request must say. */
  epoch = 1;
  /** Partitions in the session. */
  size = 0;
  /** Memory that it takes, about. */
  bytes = 0;
  first: SessionPartition | null = null;
  #last: SessionPartition | null = null;
  readonly #topics = new Map<string, SessionTopic>();

  constructor(id: number, usesTopicIds: boolean, isPrivileged: boolean, nowMs: number) {
    this.id = id;
    this.usesTopicIds = usesTopicIds;
    this.isPrivileged = isPrivileged;
    this.createdMs = nowMs;
    this.lastUsedMs = nowMs;
  }

  /** The topic with this id, made when it is not in the session. */
  topicOfId(a: number, b: number, c: number, d: number): SessionTopic {
    const key = `${a},${b},${c},${d}`;
    const known = this.#topics.get(key);
    if (known !== undefined) return known;
    const topic = this.#addTopic(key);
    topic.idWords[0] = a;
    topic.idWords[1] = b;
    topic.idWords[2] = c;
    topic.idWords[3] = d;
    return topic;
  }

  /** The topic of this name, made when it is not in the session. */
  topicOfName(bytes: Uint8Array, start: number, end: number): SessionTopic {
    let key = '';
    // Byte by byte: names that are no UTF-8 stay different.
    for (let at = start; at < end; at++) key += String.fromCharCode(bytes[at]!);
    const known = this.#topics.get(key);
    if (known !== undefined) return known;
    const topic = this.#addTopic(key);
    topic.nameBytes = new Uint8Array(end - start);
    topic.nameBytes.set(bytes.subarray(start, end));
    return topic;
  }

  /** The partition, added at the end when it is not in the session. */
  put(topic: SessionTopic, partitionIndex: number): SessionPartition {
    const known = topic.partitions.get(partitionIndex);
    if (known !== undefined) return known;
    const partition = new SessionPartition(topic, partitionIndex);
    topic.partitions.set(partitionIndex, partition);
    this.size++;
    this.bytes += PARTITION_BYTES;
    this.#append(partition);
    return partition;
  }

  /** The client wants it no more. */
  forget(topic: SessionTopic, partitionIndex: number): void {
    const partition = topic.partitions.get(partitionIndex);
    if (partition === undefined) return;
    topic.partitions.delete(partitionIndex);
    this.size--;
    this.bytes -= PARTITION_BYTES;
    this.#unlink(partition);
  }

  /** A request is over: topics without a partition go. */
  dropIfEmpty(topic: SessionTopic): void {
    if (topic.partitions.size === 0 && this.#topics.delete(topic.key)) this.bytes -= bytesOf(topic.key);
  }

  /** It gave records: others are read before it the next time. */
  moveToEnd(partition: SessionPartition): void {
    // It may have been forgotten while its answer was put together.
    if (partition === this.#last || partition.topic.partitions.get(partition.partitionIndex) !== partition) return;
    this.#unlink(partition);
    this.#append(partition);
  }

  /** Whether a request of this epoch is the one that follows the last; all others are old, or from nowhere. */
  isNext(epoch: number): boolean {
    return epoch === this.epoch;
  }

  advanceEpoch(): void {
    this.epoch = this.epoch === EPOCH_MAX ? 1 : this.epoch + 1;
  }

  #addTopic(key: string): SessionTopic {
    const topic = new SessionTopic(key);
    this.#topics.set(key, topic);
    this.bytes += bytesOf(key);
    return topic;
  }

  #append(partition: SessionPartition): void {
    partition.previous = this.#last;
    partition.next = null;
    if (this.#last === null) this.first = partition;
    else this.#last.next = partition;
    this.#last = partition;
  }

  #unlink(partition: SessionPartition): void {
    const { previous, next } = partition;
    if (previous === null) this.first = next;
    else previous.next = next;
    if (next === null) this.#last = previous;
    else next.previous = previous;
  }
}

const NO_BYTES = new Uint8Array(0);
const EPOCH_MAX = 0x7fff_ffff;
/** About what an entry takes in the heap, with its place in the map. */
const PARTITION_BYTES = 160;
const TOPIC_BYTES = 320;
const bytesOf = (key: string): number => TOPIC_BYTES + 2 * key.length;
