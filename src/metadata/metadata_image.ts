import { ByteReader } from '../base/bytes.ts';
import { writeUuid, type Uuid } from '../base/uuid.ts';
import type { Kernels } from '../port/kernels.ts';
import { ClusterImage } from './cluster_image.ts';
import { ConfigsImage } from './configs_image.ts';
import { FeaturesImage } from './features_image.ts';
import type { PartitionStore } from './partition_store.ts';
import { QuotasImage } from './quotas_image.ts';
import { OUTSIDE_TRANSACTION, RECORD_APPLIERS, TRANSACTION_RECORDS } from './record_appliers.ts';
import { AclsImage, ScramImage, TokensImage } from './security_image.ts';
import { TopicImage } from './topic_image.ts';
import { TopicIndex } from './topic_index.ts';

/**
 * What applying a record changed, for whoever must act on it. Of partitions, everything stands in the columns, at
 * `topic.slotOf(partition)`: in this state or, where the thread lags behind, in a later one.
 */
export interface MetadataChanges {
  /** A partition was added and has a slot. */
  partitionAdded(topic: TopicImage, partition: number): void;
  /** Its leader, epochs or replicas may be others. */
  partitionChanged(topic: TopicImage, partition: number): void;
  /** The topic is gone. It still tells the slots that its partitions had; the columns of them are cleared. */
  topicRemoved(topic: TopicImage): void;
  /** A setting of the topic is another. */
  topicConfigured(topic: TopicImage): void;
  /** A setting of a broker is another: its id, or '' for the default of all. */
  brokerConfigured(name: string): void;
  /** A broker or controller came, went, or registered something else. */
  brokersChanged(): void;
  /** The finalized level of a feature, `metadata.version` among them, is another. */
  featuresChanged(): void;
}

/** A record that waits for the end of its transaction. */
interface PendingRecord {
  readonly type: number;
  readonly version: number;
  readonly fields: Uint8Array;
}

/**
 * What a thread knows of the cluster: the committed records of the metadata log, applied in order by the same code in
 * every thread. A record type or version that this build does not know stops the applier: it never guesses.
 *
 * Records between the beginning and the end of a metadata transaction (KIP-868) take effect together at its end, or not
 * at all; they are kept as bytes until then.
 *
 *     none ── begin ──► open ── end: all of it is applied ──► none
 *                         └──── abort: all of it is dropped ─► none
 */
export class MetadataImage {
  readonly features = new FeaturesImage();
  readonly cluster = new ClusterImage();
  readonly configs = new ConfigsImage();
  readonly quotas = new QuotasImage();
  readonly acls = new AclsImage();
  readonly scram = new ScramImage();
  readonly tokens = new TokensImage();
  /** Topics by the bytes of a request. */
  readonly index = new TopicIndex();
  readonly partitions: PartitionStore;
  /** Producer ids below it were handed out to some broker; 0: none was yet. */
  nextProducerId = 0;
  readonly #kernels: Kernels;
  readonly #byName = new Map<string, TopicImage>();
  readonly #byId = new Map<Uuid, TopicImage>();
  readonly #pendingFields: ByteReader;
  /** Null: no transaction is open. */
  #pending: PendingRecord[] | null = null;

  constructor(kernels: Kernels, partitions: PartitionStore) {
    this.#kernels = kernels;
    this.partitions = partitions;
    this.#pendingFields = new ByteReader((bytes, start, end) => kernels.decodeText(bytes, start, end));
  }

  topicByName(name: string): TopicImage | undefined {
    return this.#byName.get(name);
  }

  topicById(id: Uuid): TopicImage | undefined {
    return this.#byId.get(id);
  }

  /** In the order in which they were created. */
  topics(): IterableIterator<TopicImage> {
    return this.#byName.values();
  }

  get topicCount(): number {
    return this.#byName.size;
  }

  /** Records were read that take effect with others that were not: no snapshot can be made of this image. */
  get isInTransaction(): boolean {
    return this.#pending !== null;
  }

  /** Applies one record whose fields `reader` stands at, to its end. Null, or why it cannot be applied. */
  apply(type: number, version: number, reader: ByteReader, changes: MetadataChanges): string | null {
    const applier = RECORD_APPLIERS.get(type);
    if (applier === undefined) return `a metadata record of the unknown type ${type}`;
    if (version > applier.versionMax) return `${applier.name} version ${version}, newer than this build knows`;
    if (this.#pending !== null && !TRANSACTION_RECORDS.has(type)) {
      this.#pending.push({ type, version, fields: reader.copy(reader.remaining) });
      return null;
    }
    const problem = applier.apply(this, version, reader, changes);
    return problem === null ? null : `${applier.name} ${problem}`;
  }

  /** False: one is open already. */
  beginTransaction(): boolean {
    if (this.#pending !== null) return false;
    this.#pending = [];
    return true;
  }

  /** Applies what the transaction holds. Null, or why it cannot. */
  endTransaction(changes: MetadataChanges): string | null {
    const pending = this.#pending;
    if (pending === null) return OUTSIDE_TRANSACTION;
    this.#pending = null;
    for (const { type, version, fields } of pending) {
      const problem = this.apply(type, version, this.#pendingFields.resetTo(fields), changes);
      if (problem !== null) return `ends a transaction that cannot be: ${problem}`;
    }
    return null;
  }

  /** False: none is open. */
  abortTransaction(): boolean {
    const wasOpen = this.#pending !== null;
    this.#pending = null;
    return wasOpen;
  }

  addTopic(name: string, id: Uuid): void {
    const words = new Int32Array(4);
    const view = new DataView(new ArrayBuffer(16));
    writeUuid(view, 0, id);
    for (let word = 0; word < 4; word++) words[word] = view.getInt32(word * 4);
    const topic = new TopicImage(name, this.#kernels.encodeText(name), id, words, this.configs.ofTopic(name));
    this.#byName.set(name, topic);
    this.#byId.set(id, topic);
    this.index.add(topic);
  }

  /** With its partitions and its settings. */
  removeTopic(topic: TopicImage): void {
    this.#byName.delete(topic.name);
    this.#byId.delete(topic.id);
    this.index.remove(topic);
    this.configs.removeTopic(topic.name);
    this.partitions.remove(topic);
  }
}
