import { ZERO_UUID, type Uuid } from '../base/uuid.ts';
import type { NodeConfig } from '../config/node_config.ts';
import { readCleanShutdown, removeCleanShutdown } from '../log/clean_shutdown.ts';
import { LogFailure } from '../log/log_failure.ts';
import { readPartitionMetadata } from '../log/partition_metadata.ts';
import type { MetadataRecord } from '../metadata/records.ts';
import { DiskError } from '../port/disk.ts';
import { bootstrapRecords, firstVoterOf, type ClusterBeginning } from './beginning.ts';
import { readBootstrapCheckpoint } from './bootstrap_checkpoint.ts';
import { formatDirectory, newUuid } from './format_directories.ts';
import {
  directoriesOf,
  findConflict,
  findStrayData,
  inspectDirectories,
  type InspectedDirectory,
} from './inspection.ts';
import { writeMetaProperties } from './meta_properties.ts';
import type { StoragePorts } from './storage_ports.ts';

/** One data directory, as it was found at the start. */
export interface DataDirectory {
  /** As it was written in `log.dirs` or `metadata.log.dir`. */
  readonly path: string;
  /** `directory.id` of `meta.properties` (KIP-858). The zero id where the directory failed before it could be read. */
  readonly id: Uuid;
  /** The node stopped cleanly the last time. The mark is gone now: it speaks of the last stop only. */
  readonly isClean: boolean;
  /** The broker epoch that the mark of the clean stop tells; -1 where there is none (KIP-966). */
  readonly cleanBrokerEpoch: number;
  /** Why the directory is offline from the start on; null: it can be used. The metadata directory never fails here. */
  readonly failure: string | null;
}

/** The directory of a partition in one of the data directories. */
export interface PlacedLog {
  /** Index of the data directory. */
  readonly directory: number;
  /** Looked up only where another data directory has one of this name; null: nothing says it. */
  readonly topicId: Uuid | null;
}

/** The data directories of this node, made ready: they are one node's, of one cluster. */
export interface DataDirectories {
  readonly clusterId: string;
  /** A new cluster was begun, as every directory was empty. */
  readonly isNew: boolean;
  /** Made anew at each start: tells one life of the broker from the next when it registers. */
  readonly incarnationId: Uuid;
  /** In the order of `log.dirs`: the index of a directory is its number everywhere in this node. */
  readonly all: readonly DataDirectory[];
  /** The directory of the metadata log: one of `all` unless `metadata.log.dir` names another. */
  readonly metadata: DataDirectory;
  /** What the metadata log begins with where it has no records yet; `metadata.version` comes first. */
  readonly bootstrap: readonly MetadataRecord[];
  /** Where a partition lies, by the name of its own directory; several where topics had the same name. */
  readonly placed: ReadonlyMap<string, readonly PlacedLog[]>;
  /** Partitions in each of `all`. */
  readonly counts: number[];
}

/**
 * Reads and prepares all data directories. Empty ones are formatted: all of them into a new cluster, some into that of
 * the others, which also completes a format that a crash interrupted. Returns a sentence for the administrator where the
 * node cannot start; nothing was written then unless a disk failed on the way. Blocks.
 */
export function openDataDirectories(ports: StoragePorts, config: NodeConfig): DataDirectories | string {
  const inspected = inspectDirectories(ports, directoriesOf(config));
  if (typeof inspected === 'string') return inspected;
  const problem = findProblem(inspected, config);
  if (problem !== null) return problem;
  const placement = placePartitions(ports, inspected, config.storage.directories);
  if (typeof placement === 'string') return placement;

  const metadata = inspected[0]!;
  const known = inspected.find(({ meta }) => meta !== null)?.meta ?? null;
  const bootstrap = known === null ? bootstrapRecords() : readBootstrapCheckpoint(ports, metadata.path);
  if (typeof bootstrap === 'string') return bootstrap;
  const beginning: ClusterBeginning = {
    clusterId: known?.clusterId ?? newUuid(ports.entropy),
    nodeId: config.nodeId,
    bootstrap,
    voterEndpoints: firstVoterOf(config),
  };
  const prepared = new Map<string, DataDirectory>();
  for (const one of inspected) {
    const directory = prepareDirectory(ports, one, one === metadata, beginning);
    if (directory.failure !== null && one === metadata) return metadataUnusable(one.path, directory.failure);
    if (directory.failure !== null) ports.log.error('a data directory is offline', { ...directory });
    prepared.set(one.path, directory);
  }
  return {
    clusterId: beginning.clusterId,
    isNew: known === null,
    incarnationId: newUuid(ports.entropy),
    all: config.storage.directories.map((path) => prepared.get(path)!),
    metadata: prepared.get(metadata.path)!,
    bootstrap,
    ...placement,
  };
}

/** The first of `inspected` is the directory of the metadata log. */
function findProblem(inspected: readonly InspectedDirectory[], { nodeId, storage }: NodeConfig): string | null {
  const metadata = inspected[0]!;
  const conflict = findConflict(inspected, nodeId, null) ?? findStrayData(inspected);
  if (conflict !== null) return conflict;
  const formatted = inspected.find(({ meta }) => meta !== null);
  const failed = inspected.find(({ failure }) => failure !== null);
  if (formatted === undefined && failed !== undefined) {
    // What cannot be read may hold a cluster.
    const why = reasonOf(failed.failure!);
    return `no cluster begins while the data directory ${failed.path} cannot be used: ${why}; another is chosen with --data-dir, or log.dirs`;
  }
  if (formatted === undefined) return null;
  if (metadata.failure !== null) return metadataUnusable(metadata.path, reasonOf(metadata.failure));
  if (metadata.meta === null) {
    return (
      `the directory of the metadata log, ${metadata.path}, is not formatted, but ${formatted.path} belongs to cluster ` +
      `${formatted.meta!.clusterId}: name the right one with metadata.log.dir or as the first of log.dirs`
    );
  }
  const usable = inspected.filter(({ path, failure }) => failure === null && storage.directories.includes(path));
  if (usable.length > 0) return null;
  return `no data directory can be used: ${inspected.flatMap(({ failure }) => (failure === null ? [] : [reasonOf(failure)])).join(', ')}`;
}

/** What the operating system's word means for a data directory, and the call that it was said to. */
function reasonOf(failure: DiskError): string {
  const { code } = failure;
  const meaning = MEANINGS.find(([codes]) => codes.includes(code))?.[1];
  return meaning === undefined ? failure.toString() : `${meaning} (${failure.toString()})`;
}

const MEANINGS: readonly (readonly [codes: readonly string[], meaning: string])[] = [
  [['EACCES', 'EPERM'], 'this user may not read and write there'],
  [['EEXIST', 'ENOTDIR'], 'it is a file, or lies below one'],
  [['ENOENT'], 'it is not there, and cannot be made'],
  [['EROFS'], 'its volume can only be read'],
  [['EIO'], 'its volume fails'],
  [['ENOSPC', 'EDQUOT'], 'its volume is full'],
  [['EFBIG'], 'this process may write no file as long as it needs (ulimit -f)'],
];

const metadataUnusable = (path: string, failure: string): string =>
  `the directory of the metadata log, ${path}, cannot be used: ${failure}`;

/**
 * Which partition lies where. A directory that was offline may still have one of a topic that was deleted meanwhile and
 * made anew elsewhere: the ids of their topics tell them apart. A sentence where they do not.
 */
function placePartitions(
  { disk, kernels }: StoragePorts,
  inspected: readonly InspectedDirectory[],
  directories: readonly string[],
): { readonly placed: ReadonlyMap<string, readonly PlacedLog[]>; readonly counts: number[] } | string {
  const placed = new Map<string, PlacedLog[]>();
  const counts = directories.map(() => 0);
  const twice = new Set<string>();
  for (const [index, path] of directories.entries()) {
    for (const name of inspected.find((one) => one.path === path)!.partitions) {
      const others = placed.get(name);
      if (others === undefined) placed.set(name, [{ directory: index, topicId: null }]);
      else {
        others.push({ directory: index, topicId: null });
        twice.add(name);
      }
      counts[index]!++;
    }
  }
  for (const name of twice) {
    const named: PlacedLog[] = [];
    for (const { directory } of placed.get(name)!) {
      const topicId = readPartitionMetadata(disk, kernels, `${directories[directory]!}/${name}`);
      if (topicId instanceof LogFailure) return topicId.toString();
      const same = named.find((other) => other.topicId === topicId);
      if (same !== undefined) {
        return `the partition ${name} lies in ${directories[same.directory]!} and in ${directories[directory]!}`;
      }
      named.push({ directory, topicId });
    }
    placed.set(name, named);
  }
  return { placed, counts };
}

/** Formats the directory if it is empty, and takes the mark of the clean stop away. */
function prepareDirectory(
  ports: StoragePorts,
  inspected: InspectedDirectory,
  isMetadataDirectory: boolean,
  beginning: ClusterBeginning,
): DataDirectory {
  const { path, meta, failure } = inspected;
  const offline = (why: DiskError | LogFailure): DataDirectory => {
    const error = why instanceof DiskError ? why : why.error;
    const reason = error === null ? why.toString() : reasonOf(error);
    return { path, id: meta?.directoryId ?? ZERO_UUID, isClean: false, cleanBrokerEpoch: -1, failure: reason };
  };
  if (failure !== null) return offline(failure);
  const id = idOf(ports, inspected, isMetadataDirectory, beginning);
  if (id instanceof DiskError) return offline(id);
  const mark = readCleanShutdown(ports.disk, ports.kernels, path);
  if (mark instanceof LogFailure) return offline(mark);
  const removed = removeCleanShutdown(ports.disk, path);
  if (removed !== null) return offline(removed);
  return { path, id, isClean: mark.isClean, cleanBrokerEpoch: mark.brokerEpoch, failure: null };
}

/** Of a directory formatted now, or earlier; one formatted when there were no such ids gets one. */
function idOf(
  ports: StoragePorts,
  { path, meta }: InspectedDirectory,
  isMetadataDirectory: boolean,
  beginning: ClusterBeginning,
): Uuid | DiskError {
  if (meta === null) {
    ports.log.info('an empty data directory is formatted', { directory: path, cluster: beginning.clusterId });
    return formatDirectory(ports, path, isMetadataDirectory, beginning);
  }
  if (meta.directoryId !== null) return meta.directoryId;
  const directoryId = newUuid(ports.entropy);
  return writeMetaProperties(ports, path, { ...meta, directoryId }) ?? directoryId;
}
