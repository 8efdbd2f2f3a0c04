import { uuidOfRandomBytes, type Uuid } from '../base/uuid.ts';
import { directoryOf } from '../log/atomic_file.ts';
import { METADATA_TOPIC_DIRECTORY } from '../metadata/metadata_log.ts';
import { QuorumVoters } from '../metadata/quorum_voters.ts';
import { writeSnapshotFile } from '../metadata/snapshot_writer.ts';
import { snapshotPath } from '../metadata/snapshot_files.ts';
import type { Disk, DiskError } from '../port/disk.ts';
import type { Entropy } from '../port/entropy.ts';
import type { ClusterBeginning } from './beginning.ts';
import { bootstrapCheckpointPath } from './bootstrap_checkpoint.ts';
import { writeMetaProperties } from './meta_properties.ts';
import type { StoragePorts } from './storage_ports.ts';

/** Where the voters stand that a quorum begins with. */
const BEGINNING = { endOffset: 0, epoch: 0 };

export function newUuid(entropy: Entropy): Uuid {
  const bytes = new Uint8Array(16);
  entropy.fill(bytes);
  return uuidOfRandomBytes(bytes);
}

/**
 * Formats a directory as Apache Kafka's `kafka-storage format` does: `bootstrap.checkpoint`, for the metadata log a first
 * snapshot that names the voter, and at last `meta.properties`, which makes the directory a formatted one. A crash before
 * leaves files that the next attempt replaces. Returns the id of the directory. Blocks.
 */
export function formatDirectory(
  ports: StoragePorts,
  directory: string,
  isMetadataDirectory: boolean,
  beginning: ClusterBeginning,
): Uuid | DiskError {
  const directoryId = newUuid(ports.entropy);
  const { clusterId, nodeId } = beginning;
  const failure =
    ports.disk.makeDirectory(directory) ??
    syncParent(ports.disk, directory) ??
    writeBootstrapCheckpoint(ports, directory, beginning) ??
    (isMetadataDirectory ? writeVoters(ports, directory, directoryId, beginning) : null) ??
    writeMetaProperties(ports, directory, { clusterId, nodeId, directoryId });
  return failure ?? directoryId;
}

/** The directory's own name must last, too. Who may not open the parent has not made the directory either. */
function syncParent(disk: Disk, directory: string): DiskError | null {
  const failure = disk.syncDirectory(directoryOf(directory));
  return failure === null || failure.code === 'EACCES' || failure.code === 'EPERM' ? null : failure;
}

function writeBootstrapCheckpoint(
  { disk, kernels, clock }: StoragePorts,
  directory: string,
  { bootstrap }: ClusterBeginning,
): DiskError | null {
  const context = {
    id: BEGINNING,
    lastContainedTimestampMs: 0,
    timestampMs: clock.wallMs(),
    voters: new QuorumVoters(),
  };
  return writeSnapshotFile(disk, kernels, bootstrapCheckpointPath(directory), context, bootstrap);
}

function writeVoters(
  { disk, kernels, clock }: StoragePorts,
  directory: string,
  directoryId: Uuid,
  { nodeId, voterEndpoints }: ClusterBeginning,
): DiskError | null {
  const parent = `${directory}/${METADATA_TOPIC_DIRECTORY}`;
  if (voterEndpoints === null) return removeVoters(disk, parent);
  const nowMs = clock.wallMs();
  const voters = new QuorumVoters({
    kraftVersion: 1,
    voters: [{ id: nodeId, directoryId, endpoints: voterEndpoints }],
  });
  const context = { id: BEGINNING, lastContainedTimestampMs: nowMs, timestampMs: nowMs, voters };
  return (
    disk.makeDirectory(parent) ??
    disk.syncDirectory(directory) ??
    writeSnapshotFile(disk, kernels, snapshotPath(parent, BEGINNING), context, [])
  );
}

/** Of an interrupted format that was to have voters in the log. */
function removeVoters(disk: Disk, parent: string): DiskError | null {
  const failure = disk.unlink(snapshotPath(parent, BEGINNING));
  return failure === null || failure.code === 'ENOENT' ? null : failure;
}
