import type { Uuid } from '../base/uuid.ts';
import type { BrokerRegistrationChangeRecord } from '../protocol/schema/metadata/broker_registration_change_record.ts';
import type { RegisterBrokerRecord } from '../protocol/schema/metadata/register_broker_record.ts';
import type { RegisterControllerRecord } from '../protocol/schema/metadata/register_controller_record.ts';

export interface RegisteredEndpoint {
  /** Of the listener. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** `SecurityProtocol` on the wire. */
  readonly securityProtocol: number;
}

export interface SupportedFeature {
  readonly name: string;
  readonly minSupportedVersion: number;
  readonly maxSupportedVersion: number;
}

/** A broker as it has registered. Never changed in place: another registration is another object. */
export interface BrokerImage {
  readonly id: number;
  /** Offset of the record of its registration. */
  readonly epoch: number;
  /** New with each start of its process. */
  readonly incarnationId: Uuid;
  readonly endpoints: readonly RegisteredEndpoint[];
  readonly features: readonly SupportedFeature[];
  readonly rack: string | null;
  /** It may not lead, and clients are not told of it. */
  readonly isFenced: boolean;
  /** It is giving up what it leads. */
  readonly isInControlledShutdown: boolean;
  readonly isMigratingZkBroker: boolean;
  /** Its log directories that are online (KIP-858); empty where the cluster does not keep them. */
  readonly logDirectories: readonly Uuid[];
  /** Those that get no new replicas (KIP-1066); null: never told. */
  readonly cordonedLogDirectories: readonly Uuid[] | null;
}

export interface ControllerImage {
  readonly id: number;
  readonly incarnationId: Uuid;
  readonly endpoints: readonly RegisteredEndpoint[];
  readonly features: readonly SupportedFeature[];
  readonly isZkMigrationReady: boolean;
}

/** The nodes of the cluster, as they have registered with its quorum (KIP-631, KIP-919). */
export class ClusterImage {
  readonly #brokers = new Map<number, BrokerImage>();
  readonly #controllers = new Map<number, ControllerImage>();

  get brokers(): ReadonlyMap<number, BrokerImage> {
    return this.#brokers;
  }

  get controllers(): ReadonlyMap<number, ControllerImage> {
    return this.#controllers;
  }

  registerBroker(record: RegisterBrokerRecord): void {
    this.#brokers.set(record.brokerId, {
      id: record.brokerId,
      epoch: record.brokerEpoch,
      incarnationId: record.incarnationId,
      endpoints: record.endPoints,
      features: record.features,
      rack: record.rack,
      isFenced: record.fenced,
      isInControlledShutdown: record.inControlledShutdown,
      isMigratingZkBroker: record.isMigratingZkBroker,
      logDirectories: record.logDirs,
      cordonedLogDirectories: record.cordonedLogDirs,
    });
  }

  unregisterBroker(id: number): void {
    this.#brokers.delete(id);
  }

  registerController(record: RegisterControllerRecord): void {
    this.#controllers.set(record.controllerId, {
      id: record.controllerId,
      incarnationId: record.incarnationId,
      endpoints: record.endPoints,
      features: record.features,
      isZkMigrationReady: record.zkMigrationReady,
    });
  }

  /** False: there is no such registration. */
  fence(id: number, epoch: number, isFenced: boolean): boolean {
    return this.#change(id, epoch, { isFenced });
  }

  /** False: there is no such registration, or the record says what this build does not know. */
  changeBroker(record: BrokerRegistrationChangeRecord): boolean {
    const { brokerId, brokerEpoch, fenced, inControlledShutdown, logDirs, cordonedLogDirs } = record;
    if (fenced < -1 || fenced > 1 || inControlledShutdown < 0 || inControlledShutdown > 1) return false;
    return this.#change(brokerId, brokerEpoch, {
      ...(fenced === 0 ? {} : { isFenced: fenced === 1 }),
      ...(inControlledShutdown === 0 ? {} : { isInControlledShutdown: true }),
      ...(logDirs.length === 0 ? {} : { logDirectories: logDirs }),
      ...(cordonedLogDirs === null ? {} : { cordonedLogDirectories: cordonedLogDirs }),
    });
  }

  #change(id: number, epoch: number, change: Partial<BrokerImage>): boolean {
    const broker = this.#brokers.get(id);
    if (broker === undefined || broker.epoch !== epoch) return false;
    this.#brokers.set(id, { ...broker, ...change });
    return true;
  }
}

/** Whether a broker's replica in this log directory can be reached, as far as the cluster knows. */
export function hasOnlineDirectory(broker: BrokerImage, directory: Uuid): boolean {
  if (directory === UNASSIGNED_DIRECTORY || directory === MIGRATING_DIRECTORY) return true;
  if (directory === LOST_DIRECTORY) return false;
  return broker.logDirectories.length === 0 || broker.logDirectories.includes(directory);
}

/** Ids that are no log directory's (KIP-858): the replica is in none yet; */
export const UNASSIGNED_DIRECTORY: Uuid = 'AAAAAAAAAAAAAAAAAAAAAA';
/** it is in one that is offline, nobody says which; */
export const LOST_DIRECTORY: Uuid = 'AAAAAAAAAAAAAAAAAAAAAQ';
/** it was in some directory before directories had ids. */
export const MIGRATING_DIRECTORY: Uuid = 'AAAAAAAAAAAAAAAAAAAAAg';
