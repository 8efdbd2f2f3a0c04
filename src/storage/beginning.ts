import type { NodeConfig } from '../config/node_config.ts';
import { defaultLevel, FEATURES, KRAFT_VERSION, METADATA_VERSION, METADATA_VERSION_MAX } from '../metadata/features.ts';
import { metadataRecord } from '../metadata/metadata_record.ts';
import type { VoterEndpoint } from '../metadata/quorum_voters.ts';
import type { MetadataRecord } from '../metadata/records.ts';
import { featureLevelRecord } from '../protocol/schema/metadata/feature_level_record.ts';

/** What a cluster of one node begins with. */
export interface ClusterBeginning {
  readonly clusterId: string;
  readonly nodeId: number;
  /** The first records of the metadata log. */
  readonly bootstrap: readonly MetadataRecord[];
  /** How the one voter is reached, where the log names the voters (KIP-853); null: the configuration does. */
  readonly voterEndpoints: readonly VoterEndpoint[] | null;
}

/**
 * The first records of a metadata log: `metadata.version` first, the features that are not off, then what else was asked
 * for. `levels` are those that somebody asked for, by name.
 */
export function bootstrapRecords(
  metadataVersion: number = METADATA_VERSION_MAX,
  levels: ReadonlyMap<string, number> = new Map(),
  more: readonly MetadataRecord[] = [],
): readonly MetadataRecord[] {
  const records = [featureLevel(METADATA_VERSION, metadataVersion)];
  for (const feature of FEATURES) {
    const level = levels.get(feature.name) ?? defaultLevel(feature, metadataVersion);
    if (feature.name !== KRAFT_VERSION && level > 0) records.push(featureLevel(feature.name, level));
  }
  return [...records, ...more];
}

/** How the one voter is reached, where the log is to name it from the beginning. */
export function firstVoterOf(config: NodeConfig): readonly VoterEndpoint[] | null {
  return config.quorum.hasStaticVoters ? null : voterEndpointsOf(config);
}

/** What clients of the quorum are told, in the order of `listeners`. */
export function voterEndpointsOf({ listeners }: NodeConfig): readonly VoterEndpoint[] {
  return listeners.flatMap(({ name, isController, advertised }) =>
    isController && advertised !== null ? [{ name, host: advertised.host, port: advertised.port }] : [],
  );
}

function featureLevel(name: string, level: number): MetadataRecord {
  return metadataRecord(featureLevelRecord, 0, { name, featureLevel: level });
}
