import { accessControlEntryRecord } from '../protocol/schema/metadata/access_control_entry_record.ts';
import { clientQuotaRecord } from '../protocol/schema/metadata/client_quota_record.ts';
import { configRecord } from '../protocol/schema/metadata/config_record.ts';
import { delegationTokenRecord } from '../protocol/schema/metadata/delegation_token_record.ts';
import { featureLevelRecord } from '../protocol/schema/metadata/feature_level_record.ts';
import { partitionRecord } from '../protocol/schema/metadata/partition_record.ts';
import { producerIdsRecord } from '../protocol/schema/metadata/producer_ids_record.ts';
import { registerBrokerRecord } from '../protocol/schema/metadata/register_broker_record.ts';
import { registerControllerRecord } from '../protocol/schema/metadata/register_controller_record.ts';
import { topicRecord } from '../protocol/schema/metadata/topic_record.ts';
import { userScramCredentialRecord } from '../protocol/schema/metadata/user_scram_credential_record.ts';
import { PartitionState, type PartitionColumns } from '../shared-memory/partition_columns.ts';
import type { BrokerImage, ClusterImage, ControllerImage } from './cluster_image.ts';
import { METADATA_VERSION } from './features.ts';
import type { FeaturesImage } from './features_image.ts';
import type { MetadataImage } from './metadata_image.ts';
import { metadataRecord } from './metadata_record.ts';
import { recordVersions, type RecordVersions } from './record_versions.ts';
import type { MetadataRecord } from './records.ts';
import type { TopicImage } from './topic_image.ts';

/**
 * The image as the records of a snapshot (KIP-630): applied to an empty image, they make the same one. In Kafka's order of
 * subjects, `metadata.version` first, because it says in which versions the others are written. What those versions
 * cannot express is left out: a cluster with that `metadata.version` has nothing of the kind.
 *
 * The image must not change while its records are taken, and no metadata transaction may be open: what it would add is in
 * no image yet, and its beginning would be missing behind the snapshot.
 */
export function* recordsOfImage(image: MetadataImage, columns: PartitionColumns): IterableIterator<MetadataRecord> {
  const versions = recordVersions(image.features.metadataVersion);
  yield* featureRecords(image.features);
  yield* clusterRecords(image.cluster, versions);
  for (const topic of image.topics()) yield* topicRecords(topic, columns, versions);
  for (const { type, name: resourceName, settings } of image.configs.resources()) {
    for (const [name, value] of settings) {
      yield metadataRecord(configRecord, 0, { resourceType: type, resourceName, name, value });
    }
  }
  for (const { parts, values } of image.quotas.entities()) {
    for (const [key, value] of values) {
      yield metadataRecord(clientQuotaRecord, 0, { entity: parts, key, value, remove: false });
    }
  }
  if (image.nextProducerId > 0) {
    yield metadataRecord(producerIdsRecord, 0, { brokerId: -1, nextProducerId: BigInt(image.nextProducerId) });
  }
  for (const entry of image.acls.entries.values()) yield metadataRecord(accessControlEntryRecord, 0, entry);
  if (versions.userScramCredential >= 0) {
    for (const credential of image.scram.credentials()) {
      yield metadataRecord(userScramCredentialRecord, versions.userScramCredential, credential);
    }
  }
  if (versions.delegationToken >= 0) {
    for (const token of image.tokens.tokens.values()) {
      yield metadataRecord(delegationTokenRecord, versions.delegationToken, token);
    }
  }
}

function* featureRecords(features: FeaturesImage): IterableIterator<MetadataRecord> {
  const { metadataVersion } = features;
  if (metadataVersion > 0) yield featureRecord(METADATA_VERSION, metadataVersion);
  for (const [name, level] of features.levels) if (name !== METADATA_VERSION) yield featureRecord(name, level);
}

function featureRecord(name: string, featureLevel: number): MetadataRecord {
  return metadataRecord(featureLevelRecord, 0, { name, featureLevel });
}

function* clusterRecords(cluster: ClusterImage, versions: RecordVersions): IterableIterator<MetadataRecord> {
  for (const broker of cluster.brokers.values()) yield brokerRecord(broker, versions);
  if (versions.registerController < 0) return;
  for (const controller of cluster.controllers.values()) yield controllerRecord(controller, versions);
}

function brokerRecord(broker: BrokerImage, { registerBroker }: RecordVersions): MetadataRecord {
  return metadataRecord(registerBrokerRecord, registerBroker, {
    brokerId: broker.id,
    isMigratingZkBroker: registerBroker >= 2 && broker.isMigratingZkBroker,
    incarnationId: broker.incarnationId,
    brokerEpoch: broker.epoch,
    endPoints: broker.endpoints,
    features: broker.features,
    rack: broker.rack,
    fenced: broker.isFenced,
    inControlledShutdown: registerBroker >= 1 && broker.isInControlledShutdown,
    logDirs: registerBroker >= 3 ? broker.logDirectories : [],
    cordonedLogDirs: registerBroker >= 4 ? broker.cordonedLogDirectories : null,
  });
}

function controllerRecord(controller: ControllerImage, versions: RecordVersions): MetadataRecord {
  return metadataRecord(registerControllerRecord, versions.registerController, {
    controllerId: controller.id,
    incarnationId: controller.incarnationId,
    zkMigrationReady: controller.isZkMigrationReady,
    endPoints: controller.endpoints,
    features: controller.features,
  });
}

function* topicRecords(
  topic: TopicImage,
  columns: PartitionColumns,
  versions: RecordVersions,
): IterableIterator<MetadataRecord> {
  const { name, id: topicId } = topic;
  yield metadataRecord(topicRecord, 0, { name, topicId });
  const state = new PartitionState();
  for (const [partitionId, slot] of topic.slots.entries()) {
    if (slot < 0 || !columns.read(slot, state)) continue;
    yield partitionRecordOf(topic, partitionId, state, versions.partition);
  }
}

function partitionRecordOf(
  topic: TopicImage,
  partitionId: number,
  state: PartitionState,
  version: number,
): MetadataRecord {
  const { eligibleLeaderReplicas, lastKnownElr } = state;
  const hasElr = version >= 2;
  return metadataRecord(partitionRecord, version, {
    partitionId,
    topicId: topic.id,
    replicas: state.replicas,
    isr: state.isr,
    removingReplicas: state.removingReplicas,
    addingReplicas: state.addingReplicas,
    leader: state.leader,
    leaderRecoveryState: state.leaderRecoveryState,
    leaderEpoch: state.leaderEpoch,
    partitionEpoch: state.partitionEpoch,
    directories: version >= 1 ? state.directories : [],
    // Tagged, and not written when there are none.
    eligibleLeaderReplicas: hasElr && eligibleLeaderReplicas.length > 0 ? eligibleLeaderReplicas : null,
    lastKnownElr: hasElr && lastKnownElr.length > 0 ? lastKnownElr : null,
  });
}
