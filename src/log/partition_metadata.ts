import { isUuid } from '../base/uuid.ts';
import type { Uuid } from '../base/uuid.ts';
import type { Disk } from '../port/disk.ts';
import { DiskError } from '../port/disk.ts';
import type { Kernels } from '../port/kernels.ts';
import { directoryOf, readWholeFile, replaceFile } from './atomic_file.ts';
import { LogFailure } from './log_failure.ts';

/** Says which topic a partition's directory belongs to; a topic made anew under an old name has another id. */
export const partitionMetadataName = 'partition.metadata';

/** The topic id of a partition's directory; null when the file is not there. */
export function readPartitionMetadata(disk: Disk, kernels: Kernels, directory: string): Uuid | null | LogFailure {
  const path = `${directory}/${partitionMetadataName}`;
  const bytes = readWholeFile(disk, path);
  if (bytes instanceof DiskError) return bytes.code === 'ENOENT' ? null : LogFailure.ofDisk(bytes);
  const lines = kernels.decodeText(bytes, 0, bytes.length).trimEnd().split('\n');
  const topicId = /^topic_id: (\S+)$/.exec(lines[1] ?? '')?.[1];
  if (lines.length !== 2 || lines[0] !== 'version: 0' || topicId === undefined || !isUuid(topicId)) {
    return new LogFailure('corrupt', path, 'not a version and a topic id');
  }
  return topicId;
}

/** Makes the directory when it is not there. Blocks for its syncs. */
export function writePartitionMetadata(
  disk: Disk,
  kernels: Kernels,
  directory: string,
  topicId: Uuid,
): LogFailure | null {
  const text = `version: 0\ntopic_id: ${topicId}`;
  const isNew = !disk.exists(directory);
  const error =
    (isNew ? (disk.makeDirectory(directory) ?? disk.syncDirectory(directoryOf(directory))) : null) ??
    replaceFile(disk, `${directory}/${partitionMetadataName}`, kernels.encodeText(text));
  return error === null ? null : LogFailure.ofDisk(error);
}
