import type { ByteReader } from '../base/bytes.ts';
import { writeUuid, type Uuid } from '../base/uuid.ts';
import type { Kernels } from '../port/kernels.ts';
import { codecOf } from '../protocol/codec.ts';
import { configRecord } from '../protocol/schema/metadata/config_record.ts';
import { partitionRecord } from '../protocol/schema/metadata/partition_record.ts';
import { producerIdsRecord } from '../protocol/schema/metadata/producer_ids_record.ts';
import { removeTopicRecord } from '../protocol/schema/metadata/remove_topic_record.ts';
import { topicRecord } from '../protocol/schema/metadata/topic_record.ts';
import { TopicImage } from './topic_image.ts';
import { TopicIndex } from './topic_index.ts';

/** What applying a record changed, for whoever must act on it. */
export interface MetadataChanges {
  /** A partition of a topic was added. */
  partitionAdded(topic: TopicImage, partition: number, leaderEpoch: number): void;
  topicRemoved(topic: TopicImage): void;
  topicConfigured(topic: TopicImage): void;
}

/**
 * What a thread knows of the cluster: the committed records of the metadata log, applied in order by the same code in
 * every thread. A record type or version that this build does not know stops the applier: it never guesses.
 */
export class MetadataImage {
  readonly index = new TopicIndex();
  readonly #kernels: Kernels;
  readonly #byName = new Map<string, TopicImage>();
  readonly #byId = new Map<Uuid, TopicImage>();
  /** Producer ids below it were handed out to some broker. */
  nextProducerId = 0;

  constructor(kernels: Kernels) {
    this.#kernels = kernels;
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
    changes.partitionAdded(topic, record.partitionId, record.leaderEpoch);
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
