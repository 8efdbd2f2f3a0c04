import { isUuid, ZERO_UUID, type Uuid } from '../base/uuid.ts';
import { readWholeFile, replaceFile } from '../log/atomic_file.ts';
import type { Disk } from '../port/disk.ts';
import { DiskError } from '../port/disk.ts';
import type { Kernels } from '../port/kernels.ts';

/**
 * What a voter must not forget (KIP-595): the epoch that it is in, who leads in it, whom it voted for. -1 and the zero
 * id: nobody.
 */
export interface QuorumState {
  readonly leaderId: number;
  readonly leaderEpoch: number;
  readonly votedId: number;
  readonly votedDirectoryId: Uuid;
}

const NAME = 'quorum-state';
/** Version 1 has the voted directory (KIP-853); 0 has fields that nobody needs any more. */
const VERSIONS = [0, 1];

export function quorumStatePath(directory: string): string {
  return `${directory}/${NAME}`;
}

/** The file `quorum-state` of the metadata log; null when there is none, a sentence where it cannot be understood. */
export function readQuorumState(disk: Disk, kernels: Kernels, directory: string): QuorumState | null | string {
  const path = quorumStatePath(directory);
  const bytes = readWholeFile(disk, path);
  if (bytes instanceof DiskError) return bytes.code === 'ENOENT' ? null : bytes.toString();
  const fields = fieldsOf(kernels.decodeText(bytes, 0, bytes.length));
  const version = fields?.['data_version'];
  if (fields === null || typeof version !== 'number') return `${path} is damaged`;
  if (!VERSIONS.includes(version)) return `${path} has version ${version}; this build knows 0 and 1`;
  const { leaderId, leaderEpoch, votedId } = fields;
  const votedDirectoryId = fields['votedDirectoryId'] ?? ZERO_UUID;
  if (!isId(leaderId) || !isId(votedId) || !isId(leaderEpoch)) return `${path} is damaged`;
  if (typeof votedDirectoryId !== 'string' || !isUuid(votedDirectoryId)) return `${path} is damaged`;
  return { leaderId, leaderEpoch, votedId, votedDirectoryId };
}

/**
 * Replaces the file so that after a crash the old or the new one is there. Version 1 where `kraft.version` is above 0; 0
 * has the ids of the voters that the configuration names. Blocks for its syncs.
 */
export function writeQuorumState(
  disk: Disk,
  kernels: Kernels,
  directory: string,
  state: QuorumState,
  kraftVersion: number,
  voterIds: readonly number[],
): DiskError | null {
  const { leaderId, leaderEpoch, votedId, votedDirectoryId } = state;
  const currentVoters = voterIds.map((voterId) => ({ voterId }));
  const text = JSON.stringify(
    kraftVersion > 0
      ? { leaderId, leaderEpoch, votedId, votedDirectoryId, data_version: 1 }
      : { clusterId: '', leaderId, leaderEpoch, votedId, appliedOffset: 0, currentVoters, data_version: 0 },
  );
  return replaceFile(disk, quorumStatePath(directory), kernels.encodeText(text));
}

function fieldsOf(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : null;
  } catch {
    return null;
  }
}

function isId(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= -1 && value <= 0x7fff_ffff;
}
