import fc from 'fast-check';
import { uuidOfWords, type Uuid } from '../../src/base/uuid.ts';
import type { BrokerImage, ControllerImage } from '../../src/metadata/cluster_image.ts';
import type { MetadataImage } from '../../src/metadata/metadata_image.ts';
import { metadataRecord } from '../../src/metadata/metadata_record.ts';
import { recordVersions, type RecordVersions } from '../../src/metadata/record_versions.ts';
import type { MetadataRecord } from '../../src/metadata/records.ts';
import { accessControlEntryRecord } from '../../src/protocol/schema/metadata/access_control_entry_record.ts';
import { brokerRegistrationChangeRecord } from '../../src/protocol/schema/metadata/broker_registration_change_record.ts';
import { clearElrRecord } from '../../src/protocol/schema/metadata/clear_elr_record.ts';
import { clientQuotaRecord } from '../../src/protocol/schema/metadata/client_quota_record.ts';
import { configRecord } from '../../src/protocol/schema/metadata/config_record.ts';
import { delegationTokenRecord } from '../../src/protocol/schema/metadata/delegation_token_record.ts';
import { featureLevelRecord } from '../../src/protocol/schema/metadata/feature_level_record.ts';
import { fenceBrokerRecord } from '../../src/protocol/schema/metadata/fence_broker_record.ts';
import { noOpRecord } from '../../src/protocol/schema/metadata/no_op_record.ts';
import { partitionChangeRecord } from '../../src/protocol/schema/metadata/partition_change_record.ts';
import { partitionRecord } from '../../src/protocol/schema/metadata/partition_record.ts';
import { producerIdsRecord } from '../../src/protocol/schema/metadata/producer_ids_record.ts';
import { registerBrokerRecord } from '../../src/protocol/schema/metadata/register_broker_record.ts';
import { registerControllerRecord } from '../../src/protocol/schema/metadata/register_controller_record.ts';
import { removeAccessControlEntryRecord } from '../../src/protocol/schema/metadata/remove_access_control_entry_record.ts';
import { removeDelegationTokenRecord } from '../../src/protocol/schema/metadata/remove_delegation_token_record.ts';
import { removeTopicRecord } from '../../src/protocol/schema/metadata/remove_topic_record.ts';
import { removeUserScramCredentialRecord } from '../../src/protocol/schema/metadata/remove_user_scram_credential_record.ts';
import { topicRecord } from '../../src/protocol/schema/metadata/topic_record.ts';
import { unfenceBrokerRecord } from '../../src/protocol/schema/metadata/unfence_broker_record.ts';
import { unregisterBrokerRecord } from '../../src/protocol/schema/metadata/unregister_broker_record.ts';
import { userScramCredentialRecord } from '../../src/protocol/schema/metadata/user_scram_credential_record.ts';
import { zkMigrationStateRecord } from '../../src/protocol/schema/metadata/zk_migration_state_record.ts';
import type { PartitionColumns } from '../../src/shared-memory/partition_columns.ts';
import { PartitionState } from '../../src/shared-memory/partition_columns.ts';
import { valuesIn } from '../shared-memory/partition_values.ts';

/** Few of everything, so that records speak of what others have made. */
const id = fc.nat(4).map((number): Uuid => uuidOfWords(number + 1, -5, number, 2 ** 31));
const name = fc.constantFrom('a', 'b', 'ü', 'one.two_three');
const brokerId = fc.nat(3);
const epoch = fc.nat(2);
const partitionId = fc.nat(3);
const brokers = fc.uniqueArray(brokerId, { maxLength: 4 });
const bytes = fc.uint8Array({ maxLength: 12 });
const int8 = fc.integer({ min: -128, max: 127 });
const timestamp = fc.nat({ max: 2 ** 45 });

const endPoints = fc.uniqueArray(
  fc.record({ name, host: fc.string(), port: fc.nat(65_535), securityProtocol: fc.nat(3) }),
  { maxLength: 3, selector: (endpoint) => endpoint.name },
);
const features = fc.uniqueArray(fc.record({ name, minSupportedVersion: fc.nat(3), maxSupportedVersion: fc.nat(30) }), {
  maxLength: 3,
  selector: (feature) => feature.name,
});

const none: fc.Arbitrary<MetadataRecord>[] = [];

function ofNodes(versions: RecordVersions): fc.Arbitrary<MetadataRecord>[] {
  const logDirs = fc.uniqueArray(id, { maxLength: versions.registerBroker >= 3 ? 3 : 0 });
  const cordonedLogDirs =
    versions.registerBroker >= 4 ? fc.option(fc.uniqueArray(id, { maxLength: 2 })) : fc.constant(null);
  const registration = fc
    .record({
      brokerId,
      isMigratingZkBroker: versions.registerBroker >= 2 ? fc.boolean() : fc.constant(false),
      incarnationId: id,
      brokerEpoch: epoch,
      endPoints,
      features,
      rack: fc.option(fc.string()),
      fenced: fc.boolean(),
      inControlledShutdown: fc.boolean(),
      logDirs,
      cordonedLogDirs,
    })
    .map((value) => metadataRecord(registerBrokerRecord, versions.registerBroker, value));
  const change = fc
    .record({
      brokerId,
      brokerEpoch: epoch,
      fenced: fc.integer({ min: -2, max: 2 }),
      inControlledShutdown: fc.nat(1),
      logDirs: versions.brokerRegistrationChange >= 2 ? logDirs : fc.constant([]),
      cordonedLogDirs: versions.brokerRegistrationChange >= 3 ? cordonedLogDirs : fc.constant(null),
    })
    .map((value) => metadataRecord(brokerRegistrationChangeRecord, versions.brokerRegistrationChange, value));
  const controller = fc
    .record({ controllerId: brokerId, incarnationId: id, zkMigrationReady: fc.boolean(), endPoints, features })
    .map((value) => metadataRecord(registerControllerRecord, versions.registerController, value));
  return [
    registration,
    change,
    ...(versions.registerController < 0 ? none : [controller]),
    fc.record({ id: brokerId, epoch }).map((value) => metadataRecord(fenceBrokerRecord, 0, value)),
    fc.record({ id: brokerId, epoch }).map((value) => metadataRecord(unfenceBrokerRecord, 0, value)),
    fc.record({ brokerId, brokerEpoch: epoch }).map((value) => metadataRecord(unregisterBrokerRecord, 0, value)),
  ];
}

function ofTopics(versions: RecordVersions): fc.Arbitrary<MetadataRecord>[] {
  const hasDirectories = versions.partition >= 1;
  const elr = versions.partition >= 2 ? fc.option(brokers) : fc.constant(null);
  const partition = fc
    .record({
      partitionId,
      topicId: id,
      replicas: brokers,
      isr: brokers,
      removingReplicas: brokers,
      addingReplicas: brokers,
      leader: fc.integer({ min: -1, max: 3 }),
      leaderRecoveryState: fc.nat(1),
      leaderEpoch: epoch,
      partitionEpoch: epoch,
      eligibleLeaderReplicas: elr,
      lastKnownElr: elr,
      directory: id,
    })
    .map(({ directory, ...value }) =>
      metadataRecord(partitionRecord, versions.partition, {
        ...value,
        directories: hasDirectories ? value.replicas.map(() => directory) : [],
      }),
    );
  const change = fc
    .record({
      partitionId,
      topicId: id,
      isr: fc.option(brokers),
      leader: fc.integer({ min: -2, max: 3 }),
      // A replica that is added without a directory is told from others only where directories are kept.
      replicas: hasDirectories ? fc.option(brokers) : fc.constant(null),
      removingReplicas: fc.option(brokers),
      addingReplicas: fc.option(brokers),
      leaderRecoveryState: fc.integer({ min: -1, max: 1 }),
      eligibleLeaderReplicas: elr,
      lastKnownElr: elr,
      directory: fc.option(id),
    })
    .map(({ directory, ...value }) =>
      metadataRecord(partitionChangeRecord, versions.partitionChange, {
        ...value,
        directories: hasDirectories && directory !== null ? (value.replicas?.map(() => directory) ?? null) : null,
      }),
    );
  return [
    fc.record({ name, topicId: id }).map((value) => metadataRecord(topicRecord, 0, value)),
    fc.record({ name, topicId: id }).map((value) => metadataRecord(topicRecord, 0, value)),
    partition,
    partition,
    change,
    change,
    id.map((topicId) => metadataRecord(removeTopicRecord, 0, { topicId })),
    fc.oneof(name, fc.constant('')).map((topicName) => metadataRecord(clearElrRecord, 0, { topicName })),
  ];
}

function ofSettings(): fc.Arbitrary<MetadataRecord>[] {
  const entity = fc.uniqueArray(
    fc.record({ entityType: fc.constantFrom('user', 'client-id', 'ip'), entityName: fc.option(name) }),
    { minLength: 1, maxLength: 2, selector: (part) => part.entityType },
  );
  return [
    fc
      .record({
        resourceType: fc.constantFrom(2, 4, 16, 32),
        resourceName: fc.oneof(name, fc.constant('')),
        name,
        value: fc.option(fc.string()),
      })
      .map((value) => metadataRecord(configRecord, 0, value)),
    fc
      .record({ entity, key: name, value: fc.double(), remove: fc.boolean() })
      .map((value) => metadataRecord(clientQuotaRecord, 0, value)),
    fc
      .record({ name: fc.constantFrom('group.version', 'kraft.version', 'later.version'), featureLevel: fc.nat(2) })
      .map((value) => metadataRecord(featureLevelRecord, 0, value)),
    fc
      .record({ brokerId, nextProducerId: fc.bigInt({ min: 1n, max: 2n ** 53n - 1n }) })
      .map((value) => metadataRecord(producerIdsRecord, 0, value)),
    fc.constant(metadataRecord(noOpRecord, 0, {})),
    fc.nat(3).map((zkMigrationState) => metadataRecord(zkMigrationStateRecord, 0, { zkMigrationState })),
  ];
}

function ofSecurity(versions: RecordVersions): fc.Arbitrary<MetadataRecord>[] {
  const mechanism = fc.integer({ min: 1, max: 2 });
  const credential = fc
    .record({ name, mechanism, salt: bytes, storedKey: bytes, serverKey: bytes, iterations: fc.nat() })
    .map((value) => metadataRecord(userScramCredentialRecord, 0, value));
  const token = fc
    .record({
      owner: name,
      requester: name,
      renewers: fc.array(name, { maxLength: 2 }),
      issueTimestamp: timestamp,
      maxTimestamp: timestamp,
      expirationTimestamp: timestamp,
      tokenId: name,
    })
    .map((value) => metadataRecord(delegationTokenRecord, 0, value));
  const acl = fc
    .record({
      id,
      resourceType: int8,
      resourceName: name,
      patternType: int8,
      principal: name,
      host: name,
      operation: int8,
      permissionType: int8,
    })
    .map((value) => metadataRecord(accessControlEntryRecord, 0, value));
  return [
    acl,
    id.map((entry) => metadataRecord(removeAccessControlEntryRecord, 0, { id: entry })),
    ...(versions.userScramCredential < 0 ? none : [credential]),
    fc.record({ name, mechanism }).map((value) => metadataRecord(removeUserScramCredentialRecord, 0, value)),
    ...(versions.delegationToken < 0 ? none : [token]),
    name.map((tokenId) => metadataRecord(removeDelegationTokenRecord, 0, { tokenId })),
  ];
}

/** A `metadata.version`, and records of a cluster that has it; some of them speak of what is not there. */
export const anyRecords: fc.Arbitrary<MetadataRecord[]> = fc.integer({ min: 7, max: 30 }).chain((featureLevel) => {
  const versions = recordVersions(featureLevel);
  const kinds = [...ofNodes(versions), ...ofTopics(versions), ...ofSettings(), ...ofSecurity(versions)];
  const first = metadataRecord(featureLevelRecord, 0, { name: 'metadata.version', featureLevel });
  return fc.array(fc.oneof(...kinds), { maxLength: 80, size: 'max' }).map((records) => [first, ...records]);
});

function sorted<T>(entries: Iterable<T>): T[] {
  return [...entries].toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

function withSorted<N extends BrokerImage | ControllerImage>(node: N): N {
  return { ...node, endpoints: sorted(node.endpoints), features: sorted(node.features) };
}

/** All that an image knows, as plain data; what has no order is sorted. */
export function told(image: MetadataImage, columns: PartitionColumns): object {
  const state = new PartitionState();
  return {
    features: sorted(image.features.levels),
    brokers: sorted([...image.cluster.brokers.values()].map(withSorted)),
    controllers: sorted([...image.cluster.controllers.values()].map(withSorted)),
    topics: sorted(
      [...image.topics()].map((topic) => ({
        name: topic.name,
        id: topic.id,
        settings: sorted(topic.configs),
        partitions: [...topic.slots].map((slot, partition) => {
          if (slot < 0) return null;
          return columns.read(slot, state) && state.isOf(topic.idWords, partition) ? valuesIn(state) : 'lost';
        }),
      })),
    ),
    configs: sorted(
      [...image.configs.resources()].map((resource) => ({ ...resource, settings: sorted(resource.settings) })),
    ),
    quotas: sorted(
      [...image.quotas.entities()].map(({ parts, values }) => ({
        parts,
        values: sorted([...values].map(([key, value]) => [key, String(value)])),
      })),
    ),
    nextProducerId: image.nextProducerId,
    acls: sorted(image.acls.entries.values()),
    scram: sorted(image.scram.credentials()),
    tokens: sorted(image.tokens.tokens.values()),
  };
}
