import { METADATA_VERSION_OF } from './features.ts';

/**
 * In which version each type of record may be written, by the cluster's `metadata.version`: every node that may be in the
 * cluster can read it. Record types that are not here have version 0 whatever the level.
 */
export interface RecordVersions {
  readonly registerBroker: number;
  /** The highest; a change that needs less is written in the lowest version that has its fields. */
  readonly brokerRegistrationChange: number;
  readonly partition: number;
  readonly partitionChange: number;
  /** The types below: −1, they may not be written yet. */
  readonly registerController: number;
  readonly userScramCredential: number;
  readonly delegationToken: number;
  /** Begin, end and abort. */
  readonly transaction: number;
}

/** "ZooKeeper migration": a field of `RegisterBrokerRecord` that nothing writes any more. */
const MIGRATION = 8;

/** `metadataVersion` is a level from 7 (3.3-IV3) on; names of levels: `features.ts`. */
export function recordVersions(metadataVersion: number): RecordVersions {
  const since = (level: number): boolean => metadataVersion >= level;
  const { directoryAssignment, eligibleLeaderReplicas, cordonedLogDirectories } = METADATA_VERSION_OF;
  const partition = since(eligibleLeaderReplicas) ? 2 : since(directoryAssignment) ? 1 : 0;
  return {
    registerBroker: since(cordonedLogDirectories) ? 4 : since(directoryAssignment) ? 3 : since(MIGRATION) ? 2 : 1,
    brokerRegistrationChange: since(cordonedLogDirectories) ? 3 : since(directoryAssignment) ? 2 : 1,
    partition,
    partitionChange: partition,
    registerController: since(METADATA_VERSION_OF.controllerRegistration) ? 0 : -1,
    userScramCredential: since(METADATA_VERSION_OF.scram) ? 0 : -1,
    delegationToken: since(METADATA_VERSION_OF.delegationTokens) ? 0 : -1,
    transaction: since(METADATA_VERSION_OF.metadataTransactions) ? 0 : -1,
  };
}
