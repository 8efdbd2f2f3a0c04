import type { ByteReader } from '../base/bytes.ts';
import { codecOf } from '../protocol/codec.ts';
import { abortTransactionRecord } from '../protocol/schema/metadata/abort_transaction_record.ts';
import { accessControlEntryRecord } from '../protocol/schema/metadata/access_control_entry_record.ts';
import { beginTransactionRecord } from '../protocol/schema/metadata/begin_transaction_record.ts';
import { brokerRegistrationChangeRecord } from '../protocol/schema/metadata/broker_registration_change_record.ts';
import { clearElrRecord } from '../protocol/schema/metadata/clear_elr_record.ts';
import { clientQuotaRecord } from '../protocol/schema/metadata/client_quota_record.ts';
import { configRecord } from '../protocol/schema/metadata/config_record.ts';
import { delegationTokenRecord } from '../protocol/schema/metadata/delegation_token_record.ts';
import { endTransactionRecord } from '../protocol/schema/metadata/end_transaction_record.ts';
import { featureLevelRecord } from '../protocol/schema/metadata/feature_level_record.ts';
import { fenceBrokerRecord } from '../protocol/schema/metadata/fence_broker_record.ts';
import { noOpRecord } from '../protocol/schema/metadata/no_op_record.ts';
import { partitionChangeRecord } from '../protocol/schema/metadata/partition_change_record.ts';
import { partitionRecord } from '../protocol/schema/metadata/partition_record.ts';
import { producerIdsRecord } from '../protocol/schema/metadata/producer_ids_record.ts';
import { registerBrokerRecord } from '../protocol/schema/metadata/register_broker_record.ts';
import { registerControllerRecord } from '../protocol/schema/metadata/register_controller_record.ts';
import { removeAccessControlEntryRecord } from '../protocol/schema/metadata/remove_access_control_entry_record.ts';
import { removeDelegationTokenRecord } from '../protocol/schema/metadata/remove_delegation_token_record.ts';
import { removeTopicRecord } from '../protocol/schema/metadata/remove_topic_record.ts';
import { removeUserScramCredentialRecord } from '../protocol/schema/metadata/remove_user_scram_credential_record.ts';
import { topicRecord } from '../protocol/schema/metadata/topic_record.ts';
import { unfenceBrokerRecord } from '../protocol/schema/metadata/unfence_broker_record.ts';
import { unregisterBrokerRecord } from '../protocol/schema/metadata/unregister_broker_record.ts';
import { userScramCredentialRecord } from '../protocol/schema/metadata/user_scram_credential_record.ts';
import { zkMigrationStateRecord } from '../protocol/schema/metadata/zk_migration_state_record.ts';
import type { Decoded, Fields, Message } from '../protocol/schema_language.ts';
import { configResourceType } from './configs_image.ts';
import type { MetadataChanges, MetadataImage } from './metadata_image.ts';
import { NO_SLOT_LEFT } from './partition_store.ts';
import type { TopicImage } from './topic_image.ts';

/** What each type of metadata record does to an image (KIP-631 and its successors). */
export interface RecordApplier {
  /** Of the record type. */
  readonly name: string;
  readonly versionMax: number;
  /** Null, or what is wrong with the record, as the end of a sentence that begins with its name. */
  apply(image: MetadataImage, version: number, fields: ByteReader, changes: MetadataChanges): string | null;
}

const MALFORMED = 'is malformed';
const UNKNOWN_TOPIC = 'speaks of a topic that is not there';
const UNKNOWN_BROKER = 'speaks of a registration that is not there';

const nodes: readonly [number, RecordApplier][] = [
  applier(registerBrokerRecord, (record, image, changes) => {
    image.cluster.registerBroker(record);
    changes.brokersChanged();
    return null;
  }),
  applier(unregisterBrokerRecord, ({ brokerId }, image, changes) => {
    image.cluster.unregisterBroker(brokerId);
    changes.brokersChanged();
    return null;
  }),
  applier(fenceBrokerRecord, ({ id, epoch }, image, changes) => {
    if (!image.cluster.fence(id, epoch, true)) return UNKNOWN_BROKER;
    changes.brokersChanged();
    return null;
  }),
  applier(unfenceBrokerRecord, ({ id, epoch }, image, changes) => {
    if (!image.cluster.fence(id, epoch, false)) return UNKNOWN_BROKER;
    changes.brokersChanged();
    return null;
  }),
  applier(brokerRegistrationChangeRecord, (record, image, changes) => {
    if (!image.cluster.changeBroker(record)) return UNKNOWN_BROKER;
    changes.brokersChanged();
    return null;
  }),
  applier(registerControllerRecord, (record, image, changes) => {
    image.cluster.registerController(record);
    changes.brokersChanged();
    return null;
  }),
];

const topics: readonly [number, RecordApplier][] = [
  applier(topicRecord, ({ name, topicId }, image) => {
    if (image.topicByName(name) !== undefined || image.topicById(topicId) !== undefined) {
      return 'speaks of a topic that is there already';
    }
    image.addTopic(name, topicId);
    return null;
  }),
  applier(partitionRecord, (record, image, changes) => {
    const topic = image.topicById(record.topicId);
    if (topic === undefined) return UNKNOWN_TOPIC;
    const { partitionId, replicas, directories } = record;
    if (partitionId < 0 || partitionId >= PARTITION_IDS) return MALFORMED;
    if (directories.length > 0 && directories.length !== replicas.length) return MALFORMED;
    const isNew = topic.slotOf(partitionId) < 0;
    const slot = image.partitions.put(topic, record);
    if (slot === NO_SLOT_LEFT) return 'has no room: millrace.partitions.max is below the number of partitions';
    topic.addPartition(partitionId, slot);
    if (slot >= 0 && isNew) changes.partitionAdded(topic, partitionId);
    else if (slot >= 0) changes.partitionChanged(topic, partitionId);
    return null;
  }),
  applier(partitionChangeRecord, (record, image, changes) => {
    const topic = image.topicById(record.topicId);
    if (topic === undefined) return UNKNOWN_TOPIC;
    if (!image.partitions.change(topic, record)) return 'speaks of a partition that is not there, or is malformed';
    if (topic.slotOf(record.partitionId) >= 0) changes.partitionChanged(topic, record.partitionId);
    return null;
  }),
  applier(clearElrRecord, ({ topicName }, image, changes) => {
    const named = image.topicByName(topicName);
    if (topicName !== '' && named === undefined) return UNKNOWN_TOPIC;
    for (const topic of named === undefined ? image.topics() : [named]) clearElr(topic, image, changes);
    return null;
  }),
  applier(removeTopicRecord, ({ topicId }, image, changes) => {
    const topic = image.topicById(topicId);
    if (topic === undefined) return UNKNOWN_TOPIC;
    image.removeTopic(topic);
    changes.topicRemoved(topic);
    return null;
  }),
];

const settings: readonly [number, RecordApplier][] = [
  applier(featureLevelRecord, (record, image, changes) => {
    const { name, featureLevel } = record;
    if (!image.features.apply(record)) return `sets ${name} to ${featureLevel}, which this build does not know`;
    changes.featuresChanged();
    return null;
  }),
  applier(configRecord, ({ resourceType, resourceName, name, value }, image, changes) => {
    if (!image.configs.set(resourceType, resourceName, name, value)) {
      return `sets something of a resource of type ${resourceType}, which this build does not know`;
    }
    const topic = resourceType === configResourceType.topic ? image.topicByName(resourceName) : undefined;
    if (topic !== undefined) changes.topicConfigured(topic);
    if (resourceType === configResourceType.broker) changes.brokerConfigured(resourceName);
    return null;
  }),
  applier(clientQuotaRecord, (record, image) => {
    image.quotas.apply(record);
    return null;
  }),
  applier(producerIdsRecord, ({ nextProducerId }, image) => {
    const next = Number(nextProducerId);
    if (next < 0 || !Number.isSafeInteger(next)) return MALFORMED;
    image.nextProducerId = next;
    return null;
  }),
];

const security: readonly [number, RecordApplier][] = [
  applier(accessControlEntryRecord, (record, image) => {
    image.acls.add(record);
    return null;
  }),
  applier(removeAccessControlEntryRecord, ({ id }, image) =>
    image.acls.remove(id) ? null : 'speaks of an entry that is not there',
  ),
  applier(userScramCredentialRecord, (record, image) => (image.scram.set(record) ? null : MALFORMED)),
  applier(removeUserScramCredentialRecord, ({ mechanism, name }, image) =>
    image.scram.remove(mechanism, name) ? null : MALFORMED,
  ),
  applier(delegationTokenRecord, (record, image) => {
    image.tokens.set(record);
    return null;
  }),
  applier(removeDelegationTokenRecord, ({ tokenId }, image) => {
    image.tokens.remove(tokenId);
    return null;
  }),
];

const others: readonly [number, RecordApplier][] = [
  applier(beginTransactionRecord, (_, image) => (image.beginTransaction() ? null : 'comes within a transaction')),
  applier(endTransactionRecord, (_, image, changes) => image.endTransaction(changes)),
  applier(abortTransactionRecord, (_, image) => (image.abortTransaction() ? null : OUTSIDE_TRANSACTION)),
  applier(noOpRecord, () => null),
  // A migration from ZooKeeper ended before this cluster could come here.
  applier(zkMigrationStateRecord, () => null),
];

/** By record type. */
export const RECORD_APPLIERS: ReadonlyMap<number, RecordApplier> = new Map([
  ...nodes,
  ...topics,
  ...settings,
  ...security,
  ...others,
]);

/** Records that open and close transactions, and so take effect within one. */
export const TRANSACTION_RECORDS: ReadonlySet<number> = new Set(
  [beginTransactionRecord, endTransactionRecord, abortTransactionRecord].map(({ apiKey }) => apiKey!),
);

export const OUTSIDE_TRANSACTION = 'comes outside of a transaction';

/** A topic has fewer partitions: what would make an array of that length is damage. */
const PARTITION_IDS = 2 ** 24;

function clearElr(topic: TopicImage, image: MetadataImage, changes: MetadataChanges): void {
  image.partitions.clearElr(topic);
  for (const [partition, slot] of topic.slots.entries()) if (slot >= 0) changes.partitionChanged(topic, partition);
}

function applier<F extends Fields>(
  message: Message<F>,
  apply: (record: Decoded<Message<F>>, image: MetadataImage, changes: MetadataChanges) => string | null,
): [number, RecordApplier] {
  return [
    message.apiKey!,
    {
      name: message.name,
      versionMax: message.maxVersion,
      apply(image, version, fields, changes) {
        // Compiled when the first record of its type comes: a start reads few of them.
        const record = codecOf(message).decode(fields, version);
        return record === null || fields.remaining > 0 ? MALFORMED : apply(record, image, changes);
      },
    },
  ];
}
