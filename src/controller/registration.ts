import { assert } from '../base/assert.ts';
import type { Uuid } from '../base/uuid.ts';
import { metadataRecord } from '../metadata/metadata_record.ts';
import type { MetadataRecord } from '../metadata/records.ts';
import { brokerRegistrationChangeRecord } from '../protocol/schema/metadata/broker_registration_change_record.ts';
import { registerBrokerRecord } from '../protocol/schema/metadata/register_broker_record.ts';
import { registerControllerRecord } from '../protocol/schema/metadata/register_controller_record.ts';
import { isActive, type ClusterView } from './cluster_view.ts';
import { changeOfPartition, NO_LEADER, type PartitionRules, type PartitionState } from './partition_change.ts';

/** A listener as other nodes and clients reach it. */
export interface RegisteredEndpoint {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** `SecurityProtocol` on the wire: PLAINTEXT 0, SSL 1, SASL_PLAINTEXT 2, SASL_SSL 3. */
  readonly securityProtocol: number;
}

/** The levels of a feature that a node's build can work with. */
export interface SupportedFeature {
  readonly name: string;
  readonly minSupportedVersion: number;
  readonly maxSupportedVersion: number;
}

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
    if (this.#cluster.metadataVersion < CONTROLLER_REGISTRATION_FROM) return [];
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
    if (isNew && !wasCleanStop && metadataVersion >= ELIGIBLE_REPLICAS_FROM) {
      this.#changePartitions(records, [brokerId], [brokerId], (id) => id !== brokerId && this.#isActive(id));
    } else if (isNew && before !== undefined && !before.isFenced) {
      // It came back before anybody noticed that it was gone.
      this.#changePartitions(records, [brokerId], [], (id) => id !== brokerId && this.#isActive(id));
    }
    records.push(
      metadataRecord(registerBrokerRecord, registerBrokerVersion(metadataVersion), {
        brokerId,
        isMigratingZkBroker: false,
        incarnationId: broker.incarnationId,
        brokerEpoch: isNew ? brokerEpoch : before.epoch,
        endPoints: broker.endpoints,
        features: broker.features,
        rack: broker.rack,
        fenced: isNew || before.isFenced,
        inControlledShutdown: !isNew && before.isInControlledShutdown,
        logDirs: metadataVersion >= DIRECTORIES_FROM ? broker.directories : [],
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
    if (this.#cluster.metadataVersion >= CORDONED_DIRECTORIES_FROM) {
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
    concerns: (state: PartitionState) => boolean = (state) => isConcerned(state, leaving, lost),
  ): void {
    for (const { topic, state } of this.#cluster.partitions()) {
      if (!concerns(state)) continue;
      const change = changeOfPartition(state, this.#rulesOf(topic), leaving, lost, mayLead);
      if (change !== null) records.push(change);
    }
  }

  #rulesOf(topic: string): PartitionRules {
    const { metadataVersion } = this.#cluster;
    return {
      recordVersion: partitionChangeVersion(metadataVersion),
      tracksEligibleReplicas: this.#cluster.featureLevel('eligible.leader.replicas.version') >= 1,
      shrinkRaisesEpoch: metadataVersion < ISR_SHRINK_KEEPS_EPOCH_FROM,
      minInSyncReplicas: this.#cluster.minInSyncReplicas(topic),
      allowsUncleanElection: this.#cluster.allowsUncleanElection(topic),
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

function hasNoLeader(state: PartitionState): boolean {
  return state.leader === NO_LEADER;
}

/** Only partitions where somebody leaves the ISR, or is lost out of the ELR, change. */
function isConcerned(state: PartitionState, leaving: readonly number[], lost: readonly number[]): boolean {
  return leaving.some((id) => state.isr.includes(id)) || lost.some((id) => state.eligibleLeaderReplicas.includes(id));
}

function registerBrokerVersion(metadataVersion: number): number {
  if (metadataVersion >= CORDONED_DIRECTORIES_FROM) return 4;
  if (metadataVersion >= DIRECTORIES_FROM) return 3;
  return metadataVersion >= MIGRATION_FROM ? 2 : 1;
}

/** Version of `PartitionChangeRecord` by the level of `metadata.version`. */
export function partitionChangeVersion(metadataVersion: number): number {
  if (metadataVersion >= ELIGIBLE_REPLICAS_FROM) return 2;
  return metadataVersion >= DIRECTORIES_FROM ? 1 : 0;
}

/** Levels of `metadata.version`: 3.4-IV0, 3.6-IV0, 3.7-IV0, 3.7-IV2, 4.0-IV1, 4.3-IV0. */
const MIGRATION_FROM = 8;
const ISR_SHRINK_KEEPS_EPOCH_FROM = 12;
const CONTROLLER_REGISTRATION_FROM = 15;
const DIRECTORIES_FROM = 17;
const ELIGIBLE_REPLICAS_FROM = 23;
const CORDONED_DIRECTORIES_FROM = 30;

/** `fenced` of `BrokerRegistrationChangeRecord`. */
const UNFENCED = -1;
const FENCED = 1;
