import type { MetadataRecord } from '../metadata/records.ts';
import { readSnapshotFile } from '../metadata/snapshot_reader.ts';
import { bootstrapRecords } from './beginning.ts';
import type { StoragePorts } from './storage_ports.ts';

/** A snapshot of a cluster's first records, beside the metadata log: it was written before there was a log. */
export function bootstrapCheckpointPath(directory: string): string {
  return `${directory}/bootstrap.checkpoint`;
}

/**
 * The records that were chosen when the directory was formatted; where the file is not there, what a cluster begins with
 * that nobody asked anything of, as in Kafka. A text: a sentence that says why the file cannot be used.
 */
export function readBootstrapCheckpoint(
  { disk, kernels }: StoragePorts,
  directory: string,
): readonly MetadataRecord[] | string {
  const path = bootstrapCheckpointPath(directory);
  if (!disk.exists(path)) return bootstrapRecords();
  const records: MetadataRecord[] = [];
  const facts = readSnapshotFile(disk, kernels, path, {
    record(type, version, fields) {
      const bytes = fields.copy(fields.remaining);
      records.push({ type, version, write: (writer) => writer.raw(bytes) });
      return null;
    },
    control: () => null,
  });
  return typeof facts === 'string' ? facts : records;
}
