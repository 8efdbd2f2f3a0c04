import { CLUSTER_DEFAULT, configResourceType, type ConfigsImage } from '../metadata/configs_image.ts';
import { metadataRecord } from '../metadata/metadata_record.ts';
import type { MetadataRecord } from '../metadata/records.ts';
import { clearElrRecord } from '../protocol/schema/metadata/clear_elr_record.ts';
import { configRecord } from '../protocol/schema/metadata/config_record.ts';

/** The feature that tracks eligible leader replicas (KIP-966). */
export const ELIGIBLE_LEADER_REPLICAS = 'eligible.leader.replicas.version';

/** How many replicas are enough for acks=all, and so below how many of them the ELR begins to count. */
export const MINIMUM = 'min.insync.replicas';

/**
 * The ELR of a topic was collected under another minimum: it proves nothing any more. With the settings of all brokers,
 * that of every topic.
 */
export function forgetEligibleReplicas(resourceType: number, resourceName: string): MetadataRecord {
  const topicName = resourceType === configResourceType.topic ? resourceName : '';
  return metadataRecord(clearElrRecord, 0, { topicName });
}

/**
 * What must hold before eligible replicas are tracked: one minimum for the cluster, told by the metadata, and none for
 * single brokers. `present` is the minimum that counts now unless a topic says otherwise.
 */
export function beginTracking(configs: ConfigsImage, present: number): MetadataRecord[] {
  const { broker: resourceType } = configResourceType;
  const records: MetadataRecord[] = [];
  if (!configs.of(resourceType, CLUSTER_DEFAULT).has(MINIMUM)) {
    const resourceName = CLUSTER_DEFAULT;
    records.push(
      metadataRecord(configRecord, 0, { resourceType, resourceName, name: MINIMUM, value: String(present) }),
    );
  }
  for (const { type, name: resourceName, settings } of configs.resources()) {
    if (type !== resourceType || resourceName === CLUSTER_DEFAULT || !settings.has(MINIMUM)) continue;
    records.push(metadataRecord(configRecord, 0, { resourceType, resourceName, name: MINIMUM, value: null }));
  }
  return records;
}
