import { assert } from '../base/assert.ts';
import type { Uuid } from '../base/uuid.ts';
import { METADATA_VERSION_OF } from '../metadata/features.ts';
import type { RegisteredEndpoint, SupportedFeature } from '../metadata/cluster_image.ts';
import { metadataRecord } from '../metadata/metadata_record.ts';
import { recordVersions } from '../metadata/record_versions.ts';
import type { MetadataRecord } from '../metadata/records.ts';
import { brokerRegistrationChangeRecord } from '../protocol/schema/metadata/broker_registration_change_record.ts';
import { registerBrokerRecord } from '../protocol/schema/metadata/register_broker_record.ts';
import { registerControllerRecord } from '../protocol/schema/metadata/register_controller_record.ts';
import { isActive, type ClusterView, type PartitionOfTopic } from './cluster_view.ts';
import { ELIGIBLE_LEADER_REPLICAS } from './eligible_replicas.ts';
import { changeOfPartition, NO_LEADER, type PartitionRules } from './partition_change.ts';

export interface ControllerDescription {
  readonly controllerId: number;
  /** New with each start of the process. */
  readonly incarnationId: Uuid;
  /** Controller listeners. */
  readonly endpoints: readonly RegisteredEndpoint[];
  readonly features: readonly SupportedFeature[];
}

export interface BrokerDescription {
  readonly brokerId: number;
  /** New with each start of the process. */
  readonly incarnationId: Uuid;
  /** Advertised listeners, without those of controllers. */
  readonly endpoints: readonly RegisteredEndpoint[];
  readonly features: readonly SupportedFeature[];
  readonly rack: string | null;
  /** Ids of its data directories that are online. */
  readonly directories: readonly Uuid[];
}

/**
 * How nodes come and go: records of their registrations, and of the partitions whose leader or ISR follows from them
 * (KIP-631, KIP-841, KIP-858, KIP-919, KIP-966). Each function makes the records of one batch, and applies nothing.
 *
 *     registered, fenced ──unfence──► active ──beginControlledShutdown──► leads nothing ──fence──► fenced
 *            ▲                                                                                       │
 *            └───────────────────────────── registerBroker (the next incarnation) ◄──────────────────┘
 */
export class Registration {
  readonly #cluster: ClusterView;

  constructor(cluster: ClusterView) {
    this.#cluster = cluster;
  }

  /** Empty where `metadata.version` does not know registrations of controllers yet. */
  registerController(controller: ControllerDescription): MetadataRecord[] {
    if (recordVersions(this.#cluster.metadataVersion).registerController < 0) return [];
    return [
      metadataRecord(registerControllerRecord, 0, {
        controllerId: controller.controllerId,
        incarnationId: controller.incarnationId,
        zkMigrationReady: false,
        endPoints: controller.endpoints,
        features: controller.features,
      }),
    ];
  }

  /**
   * A broker's process has started. `brokerEpoch` is the offset at which the first of these records will lie: larger
   * than every epoch before it. A stop that was not clean (`.kafka_cleanshutdown` missing, or of another epoch than the
   * registration that is there) takes the broker out of every ISR and ELR, where eligible replicas are tracked: what it
   * lost may lie below the high watermark (KIP-966).
   */
  registerBroker(broker: BrokerDescription, brokerEpoch: number, wasCleanStop: boolean): MetadataRecord[] {
    const { metadataVersion } = this.#cluster;
    const records: MetadataRecord[] = [];
    const { brokerId } = broker;
    const before = this.#cluster.broker(brokerId);
    const isNew = before?.incarnationId !== broker.incarnationId;
    if (isNew && !wasCleanStop && metadataVersion >= METADATA_VERSION_OF.eligibleLeaderReplicas) {
      this.#changePartitions(records, [brokerId], [brokerId], (id) => id !== brokerId && this.#isActive(id));
    } else if (isNew && before !== undefined && !before.isFenced) {
      // It came back before anybody noticed that it was gone.
      this.#changePartitions(records, [brokerId], [], (id) => id !== brokerId && this.#isActive(id));
    }
    records.push(
      metadataRecord(registerBrokerRecord, recordVersions(metadataVersion).registerBroker, {
        brokerId,
        isMigratingZkBroker: false,
        incarnationId: broker.incarnationId,
        brokerEpoch: isNew ? brokerEpoch : before.epoch,
        endPoints: broker.endpoints,
        features: broker.features,
        rack: broker.rack,
        fenced: isNew || before.isFenced,
        inControlledShutdown: !isNew && before.isInControlledShutdown,
        logDirs: metadataVersion >= METADATA_VERSION_OF.directoryAssignment ? broker.directories : [],
        cordonedLogDirs: null,
      }),
    );
    return records;
  }

  /** The broker has caught up and may lead: so it does, wherever nobody else may. */
  unfence(brokerId: number): MetadataRecord[] {
    const brokerEpoch = this.#epochOf(brokerId);
    const records = [metadataRecord(brokerRegistrationChangeRecord, 0, { brokerId, brokerEpoch, fenced: UNFENCED })];
    this.#changePartitions(records, [], [], (id) => id === brokerId || this.#isActive(id), hasNoLeader);
    if (this.#cluster.metadataVersion >= METADATA_VERSION_OF.cordonedLogDirectories) {
      records.push(metadataRecord(brokerRegistrationChangeRecord, 3, { brokerId, brokerEpoch, cordonedLogDirs: [] }));
    }
    return records;
  }

  /** The broker is about to stop, and gives up what it leads and its places in ISRs. */
  beginControlledShutdown(brokerId: number): MetadataRecord[] {
    const brokerEpoch = this.#epochOf(brokerId);
    const records: MetadataRecord[] = [];
    if (this.#cluster.broker(brokerId)?.isInControlledShutdown === false) {
      records.push(
        metadataRecord(brokerRegistrationChangeRecord, 1, { brokerId, brokerEpoch, inControlledShutdown: 1 }),
      );
    }
    this.#changePartitions(records, [brokerId], [], (id) => id !== brokerId && this.#isActive(id));
    return records;
  }

  /** The broker is gone, or nothing was heard of it for too long. */
  fence(brokerId: number): MetadataRecord[] {
    const brokerEpoch = this.#epochOf(brokerId);
    const records: MetadataRecord[] = [];
    this.#changePartitions(records, [brokerId], [], (id) => id !== brokerId && this.#isActive(id));
    records.push(metadataRecord(brokerRegistrationChangeRecord, 0, { brokerId, brokerEpoch, fenced: FENCED }));
    return records;
  }

  #changePartitions(
    records: MetadataRecord[],
    leaving: readonly number[],
    lost: readonly number[],
    mayLead: (brokerId: number) => boolean,
    concerns: (partition: PartitionOfTopic) => boolean = (partition) => isConcerned(partition, leaving, lost),
  ): void {
    for (const partition of this.#cluster.partitions()) {
      if (!concerns(partition)) continue;
      const change = changeOfPartition(partition, this.#rulesOf(partition.topic), leaving, lost, mayLead);
      if (change !== null) records.push(change);
    }
  }

  #rulesOf(topic: string): PartitionRules {
    const { metadataVersion } = this.#cluster;
    const { minInsyncReplicas, uncleanLeaderElectionEnable } = this.#cluster.settings(topic);
    return {
      recordVersion: recordVersions(metadataVersion).partitionChange,
      tracksEligibleReplicas: this.#cluster.featureLevel(ELIGIBLE_LEADER_REPLICAS) >= 1,
      shrinkRaisesEpoch: metadataVersion < METADATA_VERSION_OF.isrShrinkWithoutLeaderEpoch,
      minInSyncReplicas: minInsyncReplicas,
      allowsUncleanElection: uncleanLeaderElectionEnable,
    };
  }

  #isActive(brokerId: number): boolean {
    return isActive(this.#cluster.broker(brokerId));
  }

  #epochOf(brokerId: number): number {
    const broker = this.#cluster.broker(brokerId);
    assert(broker !== undefined, 'the broker is registered');
    return broker.epoch;
  }
}

function hasNoLeader({ state }: PartitionOfTopic): boolean {
  return state.leader === NO_LEADER;
}

/** Only partitions where somebody leaves the ISR, or is lost out of the ELR, change. */
function isConcerned({ state }: PartitionOfTopic, leaving: readonly number[], lost: readonly number[]): boolean {
  return leaving.some((id) => state.isr.includes(id)) || lost.some((id) => state.eligibleLeaderReplicas.includes(id));
}

/** `fenced` of `BrokerRegistrationChangeRecord`. */
const UNFENCED = -1;
const FENCED = 1;
