import { ByteReader, ByteWriter } from '../base/bytes.ts';
import { METADATA_VERSION, METADATA_VERSION_OF } from '../metadata/features.ts';
import { metadataRecord } from '../metadata/metadata_record.ts';
import type { MetadataRecord } from '../metadata/records.ts';
import type { Kernels } from '../port/kernels.ts';
import { codecOf } from '../protocol/codec.ts';
import { abortTransactionRecord } from '../protocol/schema/metadata/abort_transaction_record.ts';
import { beginTransactionRecord } from '../protocol/schema/metadata/begin_transaction_record.ts';
import { configRecord } from '../protocol/schema/metadata/config_record.ts';
import { endTransactionRecord } from '../protocol/schema/metadata/end_transaction_record.ts';
import { featureLevelRecord } from '../protocol/schema/metadata/feature_level_record.ts';
import { ELIGIBLE_LEADER_REPLICAS } from './eligible_replicas.ts';

/** What a controller finds when it becomes active. */
export interface ActivationState {
  /** Level of `metadata.version`; 0: the log has no records of the cluster yet. */
  readonly metadataVersion: number;
  /** Who was active before has begun a metadata transaction and not ended it. */
  readonly isInTransaction: boolean;
  /** What the cluster begins with, `metadata.version` first. */
  readonly bootstrap: readonly MetadataRecord[];
  /** `min.insync.replicas` of the configuration. */
  readonly minInSyncReplicas: number;
}

/**
 * What a controller writes first when it becomes active: an end for a transaction of whoever was active before it, or, in
 * a new log, the records that a cluster begins with, in one metadata transaction (KIP-868) where its `metadata.version`
 * has them.
 */
export function activationRecords(kernels: Kernels, state: ActivationState): MetadataRecord[] {
  const records = state.isInTransaction
    ? [metadataRecord(abortTransactionRecord, 0, { reason: 'The controller that began it is not active any more.' })]
    : [];
  return state.metadataVersion > 0 ? records : [...records, ...bootstrapRecords(kernels, state)];
}

function bootstrapRecords(kernels: Kernels, { bootstrap, minInSyncReplicas }: ActivationState): MetadataRecord[] {
  const levels = levelsOf(kernels, bootstrap);
  const records = [...bootstrap, ...minimumRecords(levels, minInSyncReplicas)];
  if ((levels.get(METADATA_VERSION) ?? 0) < METADATA_VERSION_OF.metadataTransactions) return records;
  return [
    metadataRecord(beginTransactionRecord, 0, { name: 'Bootstrap records' }),
    ...records,
    metadataRecord(endTransactionRecord, 0, {}),
  ];
}

/**
 * Where eligible leader replicas are tracked (KIP-966), all brokers must mean the same by `min.insync.replicas`: the
 * cluster's default stands in the log.
 */
function minimumRecords(levels: ReadonlyMap<string, number>, minInSyncReplicas: number): MetadataRecord[] {
  if ((levels.get(ELIGIBLE_LEADER_REPLICAS) ?? 0) === 0) return [];
  const value = String(minInSyncReplicas);
  return [
    metadataRecord(configRecord, 0, {
      resourceType: BROKER_RESOURCE,
      resourceName: '',
      name: 'min.insync.replicas',
      value,
    }),
  ];
}

/** The levels of features that records set. */
function levelsOf(kernels: Kernels, records: readonly MetadataRecord[]): Map<string, number> {
  const writer = new ByteWriter((text) => kernels.encodeText(text), 64);
  const reader = new ByteReader((bytes, start, end) => kernels.decodeText(bytes, start, end));
  const levels = new Map<string, number>();
  for (const levelRecord of records) {
    if (levelRecord.type !== featureLevelRecord.apiKey) continue;
    levelRecord.write(writer.clear());
    const record = codecOf(featureLevelRecord).decode(reader.resetTo(writer.written()), levelRecord.version);
    if (record !== null) levels.set(record.name, record.featureLevel);
  }
  return levels;
}

/** `ConfigResource.Type` on the wire. */
const BROKER_RESOURCE = 4;
