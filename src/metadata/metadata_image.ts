import type { ByteReader } from '../base/bytes.ts';
import { writeUuid, type Uuid } from '../base/uuid.ts';
import type { Kernels } from '../port/kernels.ts';
import { codecOf } from '../protocol/codec.ts';
import { configRecord } from '../protocol/schema/metadata/config_record.ts';
import { partitionChangeRecord } from '../protocol/schema/metadata/partition_change_record.ts';
import { partitionRecord } from '../protocol/schema/metadata/partition_record.ts';
import { producerIdsRecord } from '../protocol/schema/metadata/producer_ids_record.ts';
import { removeTopicRecord } from '../protocol/schema/metadata/remove_topic_record.ts';
import { topicRecord } from '../protocol/schema/metadata/topic_record.ts';
import type { PartitionStore } from './partition_store.ts';
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

/**
 * What a thread knows of the cluster: the committed records of the metadata log, applied in order by the same code in
 * every thread. A record type or version that this build does not know stops the applier: it never guesses.
 */
export class MetadataImage {
  readonly index = new TopicIndex();
  readonly partitions: PartitionStore;
  readonly #kernels: Kernels;
  readonly #byName = new Map<string, TopicImage>();
  readonly #byId = new Map<Uuid, TopicImage>();
  /** Producer ids below it were handed out to some broker. */
  nextProducerId = 0;

  constructor(kernels: Kernels, partitions: PartitionStore) {
    this.#kernels = kernels;
    this.partitions = partitions;
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

  /** Applies one record whose fields `reader` stands at. Null, or why it cannot be applied. */
  apply(type: number, version: number, reader: ByteReader, changes: MetadataChanges): string | null {
    const applier = APPLIERS.get(type);
    if (applier === undefined) return `a metadata record of the unknown type ${type}`;
    if (version > applier.versionMax) return `${applier.name} version ${version}, newer than this build knows`;
    return applier.apply(this, version, reader, changes) ? null : `a malformed ${applier.name}`;
  }

  addTopic(name: string, id: Uuid): void {
    const words = new Int32Array(4);
    const view = new DataView(new ArrayBuffer(16));
    writeUuid(view, 0, id);
    for (let word = 0; word < 4; word++) words[word] = view.getInt32(word * 4);
    const topic = new TopicImage(name, this.#kernels.encodeText(name), id, words);
    this.#byName.set(name, topic);
    this.#byId.set(id, topic);
    this.index.add(topic);
  }

  removeTopic(topic: TopicImage): void {
    this.#byName.delete(topic.name);
    this.#byId.delete(topic.id);
    this.index.remove(topic);
  }
}

interface Applier {
  readonly name: string;
  readonly versionMax: number;
  /** False: the record is malformed, or speaks of what is not there. */
  apply(image: MetadataImage, version: number, reader: ByteReader, changes: MetadataChanges): boolean;
}

/** `ConfigResource.Type` on the wire. */
const TOPIC_RESOURCE = 2;

const APPLIERS: ReadonlyMap<number, Applier> = new Map([
  applierOf(topicRecord, (image, version, reader) => {
    const record = codecOf(topicRecord).decode(reader, version);
    if (record === null || image.topicByName(record.name) !== undefined) return false;
    image.addTopic(record.name, record.topicId);
    return true;
  }),
  applierOf(partitionRecord, (image, version, reader, changes) => {
    const record = codecOf(partitionRecord).decode(reader, version);
    const topic = record === null ? undefined : image.topicById(record.topicId);
    if (record === null || topic === undefined) return false;
    const isNew = topic.slotOf(record.partitionId) < 0;
    const slot = image.partitions.put(topic, record);
    topic.addPartition(record.partitionId, slot);
    if (slot >= 0 && isNew) changes.partitionAdded(topic, record.partitionId);
    else if (slot >= 0) changes.partitionChanged(topic, record.partitionId);
    return true;
  }),
  applierOf(partitionChangeRecord, (image, version, reader, changes) => {
    const record = codecOf(partitionChangeRecord).decode(reader, version);
    const topic = record === null ? undefined : image.topicById(record.topicId);
    if (record === null || topic === undefined || !image.partitions.change(topic, record)) return false;
    if (topic.slotOf(record.partitionId) >= 0) changes.partitionChanged(topic, record.partitionId);
    return true;
  }),
  applierOf(configRecord, (image, version, reader, changes) => {
    const record = codecOf(configRecord).decode(reader, version);
    if (record === null) return false;
    if (record.resourceType !== TOPIC_RESOURCE) return true;
    const topic = image.topicByName(record.resourceName);
    if (topic === undefined) return false;
    topic.configure(record.name, record.value);
    changes.topicConfigured(topic);
    return true;
  }),
  applierOf(removeTopicRecord, (image, version, reader, changes) => {
    const record = codecOf(removeTopicRecord).decode(reader, version);
    const topic = record === null ? undefined : image.topicById(record.topicId);
    if (topic === undefined) return false;
    image.removeTopic(topic);
    image.partitions.remove(topic);
    changes.topicRemoved(topic);
    return true;
  }),
  applierOf(producerIdsRecord, (image, version, reader) => {
    const record = codecOf(producerIdsRecord).decode(reader, version);
    if (record === null) return false;
    image.nextProducerId = Number(record.nextProducerId);
    return true;
  }),
]);

function applierOf(
  message: { readonly name: string; readonly apiKey?: number; readonly maxVersion: number },
  apply: Applier['apply'],
): [number, Applier] {
  return [message.apiKey!, { name: message.name, versionMax: message.maxVersion, apply }];
}
