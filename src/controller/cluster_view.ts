import type { Uuid } from '../base/uuid.ts';
import type { PartitionState } from './partition_change.ts';

/**
 * What the controller's decisions are made from: the cluster as the metadata image has it. A view, not a copy: what it
 * tells is of the moment in which it is asked.
 */
export interface ClusterView {
  /** Level of `metadata.version`. */
  readonly metadataVersion: number;
  /** The finalized level of a feature; 0 where nothing was finalized. */
  featureLevel(feature: string): number;
  broker(brokerId: number): BrokerState | undefined;
  /** All partitions of the cluster, topic by topic, in the order of their indexes. */
  partitions(): Iterable<PartitionOfTopic>;
  /** `min.insync.replicas` as it counts for a topic. */
  minInSyncReplicas(topic: string): number;
  /** `unclean.leader.election.enable` as it counts for a topic. */
  allowsUncleanElection(topic: string): boolean;
}

export interface BrokerState {
  readonly incarnationId: Uuid;
  readonly epoch: number;
  readonly isFenced: boolean;
  readonly isInControlledShutdown: boolean;
}

export interface PartitionOfTopic {
  readonly topic: string;
  readonly state: PartitionState;
}

/** Whether a broker may lead: registered, not fenced, not about to leave. */
export function isActive(broker: BrokerState | undefined): boolean {
  return broker !== undefined && !broker.isFenced && !broker.isInControlledShutdown;
}
