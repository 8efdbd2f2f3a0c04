import { ByteReader, ByteWriter } from '../../src/base/bytes.ts';
import { uuidOfWords, type Uuid } from '../../src/base/uuid.ts';
import { MetadataImage, type MetadataChanges } from '../../src/metadata/metadata_image.ts';
import { metadataRecord } from '../../src/metadata/metadata_record.ts';
import { privatePartitions } from '../../src/metadata/partition_store.ts';
import type { MetadataRecord } from '../../src/metadata/records.ts';
import { configRecord } from '../../src/protocol/schema/metadata/config_record.ts';
import { partitionRecord } from '../../src/protocol/schema/metadata/partition_record.ts';
import { producerIdsRecord } from '../../src/protocol/schema/metadata/producer_ids_record.ts';
import { removeTopicRecord } from '../../src/protocol/schema/metadata/remove_topic_record.ts';
import { topicRecord } from '../../src/protocol/schema/metadata/topic_record.ts';
import type { PartitionColumns } from '../../src/shared-memory/partition_columns.ts';
import { simKernels } from '../simulation/sim_kernels.ts';

export const encodeText = (text: string): Uint8Array => simKernels.encodeText(text);
export const decodeText = (bytes: Uint8Array, start: number, end: number): string =>
  simKernels.decodeText(bytes, start, end);

export const topicId = (number: number): Uuid => uuidOfWords(0x1234_5678, number, ~number, number * 7);

export const topic = (name: string, id: Uuid): MetadataRecord => metadataRecord(topicRecord, 0, { name, topicId: id });
export const removal = (id: Uuid): MetadataRecord => metadataRecord(removeTopicRecord, 0, { topicId: id });
export const producerIds = (next: bigint): MetadataRecord =>
  metadataRecord(producerIdsRecord, 0, { brokerId: 1, nextProducerId: next });
export const setting = (resourceName: string, name: string, value: string | null): MetadataRecord =>
  metadataRecord(configRecord, 0, { resourceType: 2, resourceName, name, value });
export const partition = (id: Uuid, partitionId: number, leaderEpoch = 0): MetadataRecord =>
  metadataRecord(partitionRecord, 1, {
    partitionId,
    topicId: id,
    replicas: [1],
    isr: [1],
    removingReplicas: [],
    addingReplicas: [],
    leader: 1,
    leaderEpoch,
    partitionEpoch: 0,
    directories: [topicId(99)],
  });

/** An image with columns of its own. */
export function imageWithColumns(partitionsMax = 64): { image: MetadataImage; columns: PartitionColumns } {
  const { store, columns } = privatePartitions(partitionsMax);
  return { image: new MetadataImage(simKernels, store), columns };
}

/** Keeps what it was told, as lines. */
export class NotedChanges implements MetadataChanges {
  readonly lines: string[] = [];

  partitionAdded: MetadataChanges['partitionAdded'] = (of, index) => {
    this.lines.push(`partition ${of.name}-${index}`);
  };

  partitionChanged: MetadataChanges['partitionChanged'] = (of, index) => {
    this.lines.push(`changed ${of.name}-${index}`);
  };

  topicRemoved: MetadataChanges['topicRemoved'] = (of) => {
    this.lines.push(`removed ${of.name}`);
  };

  topicConfigured: MetadataChanges['topicConfigured'] = (of) => {
    this.lines.push(`configured ${of.name} ${JSON.stringify([...of.configs])}`);
  };

  brokerConfigured: MetadataChanges['brokerConfigured'] = (name) => {
    this.lines.push(`broker '${name}' configured`);
  };

  brokersChanged: MetadataChanges['brokersChanged'] = () => {
    this.lines.push('brokers changed');
  };

  featuresChanged: MetadataChanges['featuresChanged'] = () => {
    this.lines.push('features changed');
  };
}

/** The fields of a record, as the applier reads them. */
export function fieldsOf(record: MetadataRecord): ByteReader {
  const writer = new ByteWriter(encodeText);
  record.write(writer);
  return new ByteReader(decodeText).resetTo(writer.copyWritten());
}

export function apply(image: MetadataImage, changes: MetadataChanges, ...records: MetadataRecord[]): string | null {
  for (const record of records) {
    const problem = image.apply(record.type, record.version, fieldsOf(record), changes);
    if (problem !== null) return problem;
  }
  return null;
}
