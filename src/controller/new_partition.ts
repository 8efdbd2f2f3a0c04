import type { Uuid } from '../base/uuid.ts';
import { METADATA_VERSION_OF } from '../metadata/features.ts';
import { metadataRecord } from '../metadata/metadata_record.ts';
import { recordVersions } from '../metadata/record_versions.ts';
import type { MetadataRecord } from '../metadata/records.ts';
import { partitionRecord } from '../protocol/schema/metadata/partition_record.ts';

/** Where the replica of a new partition lies: this node is alone. */
export interface ReplicaPlace {
  readonly nodeId: number;
  /** The id of the node's data directory; zero where it has several, among which it will choose itself. */
  readonly directoryId: Uuid;
}

/** The record of a new partition, whose only replica leads it. */
export function newPartition(
  topicId: Uuid,
  partitionId: number,
  { nodeId, directoryId }: ReplicaPlace,
  metadataVersion: number,
): MetadataRecord {
  return metadataRecord(partitionRecord, recordVersions(metadataVersion).partition, {
    partitionId,
    topicId,
    replicas: [nodeId],
    isr: [nodeId],
    removingReplicas: [],
    addingReplicas: [],
    leader: nodeId,
    leaderEpoch: 0,
    partitionEpoch: 0,
    directories: metadataVersion >= METADATA_VERSION_OF.directoryAssignment ? [directoryId] : [],
  });
}

/** Why replicas that a client names for a partition cannot be; null when they can. */
export function assignmentProblem(brokerIds: readonly number[], nodeId: number): string | null {
  if (brokerIds.length === 0) return 'The manual partition assignment includes an empty replica list.';
  const unknown = brokerIds.find((id) => id !== nodeId);
  if (unknown !== undefined) {
    return `The manual partition assignment includes broker ${unknown}, but no such broker is registered.`;
  }
  if (brokerIds.length === 1) return null;
  return `The manual partition assignment includes the broker ${brokerIds[0]!} more than once.`;
}
