import type { NodeConfig } from '../config/node_config.ts';
import { parseDirectoryName } from '../log/directory_name.ts';
import { METADATA_TOPIC_DIRECTORY } from '../metadata/metadata_log.ts';
import { DiskError } from '../port/disk.ts';
import { isNoSpace, probeDirectory } from './directory_probe.ts';
import { readMetaProperties, type MetaProperties } from './meta_properties.ts';
import type { StoragePorts } from './storage_ports.ts';

/** A data directory before anything was written to it. */
export interface InspectedDirectory {
  readonly path: string;
  /** Null: not formatted, or not known because of `failure`. */
  readonly meta: MetaProperties | null;
  /** What the disk refused; null: it does all that a log needs. */
  readonly failure: DiskError | null;
  /** Names of the partitions whose directories lie here, without that of the metadata log. */
  readonly partitions: readonly string[];
  /** A quorum has begun to write here. */
  readonly hasMetadataLog: boolean;
}

/** The data directories of a node, that of the metadata log first: whether a cluster is there is decided by it. */
export function directoriesOf({ storage }: NodeConfig): readonly string[] {
  return [...new Set([storage.metadataDirectory, ...storage.directories])];
}

/**
 * Looks at every directory: made if it is not there, tried out, its `meta.properties` read. A disk that fails is a fact
 * about one directory; returns a sentence where a file cannot be understood. Blocks.
 */
export function inspectDirectories(
  ports: StoragePorts,
  paths: readonly string[],
): readonly InspectedDirectory[] | string {
  const inspected: InspectedDirectory[] = [];
  for (const path of paths) {
    const one = inspectDirectory(ports, path);
    if (typeof one === 'string') return one;
    inspected.push(one);
  }
  return inspected;
}

function inspectDirectory(ports: StoragePorts, path: string): InspectedDirectory | string {
  const { disk, log } = ports;
  const failed = (failure: DiskError): InspectedDirectory => ({
    path,
    meta: null,
    failure,
    partitions: [],
    hasMetadataLog: false,
  });
  const made = disk.makeDirectory(path);
  if (made !== null) return failed(made);
  const meta = readMetaProperties(ports, path);
  if (typeof meta === 'string') return meta;
  if (meta instanceof DiskError) return failed(meta);
  const entries = disk.list(path);
  if (entries instanceof DiskError) return failed(entries);
  const probed = probeDirectory(disk, path);
  if (probed !== null && !isNoSpace(probed)) return { ...failed(probed), meta };
  if (probed !== null) log.warn('a data directory is full', { directory: path, code: probed.code });
  const partitions = entries
    .filter(({ name, isDirectory }) => isDirectory && parseDirectoryName(name)?.state === 'current')
    .map(({ name }) => name)
    .filter((name) => name !== METADATA_TOPIC_DIRECTORY);
  return { path, meta, failure: null, partitions, hasMetadataLog: hasMetadataLog(ports, path) };
}

/** A snapshot that names the voters may be the rest of an interrupted format; what follows is not. */
function hasMetadataLog({ disk }: StoragePorts, path: string): boolean {
  const entries = disk.list(`${path}/${METADATA_TOPIC_DIRECTORY}`);
  return !(entries instanceof DiskError) && entries.some(({ name }) => /\.log$|^quorum-state$/.test(name));
}

/**
 * Why these directories cannot be those of one node of one cluster; null: they can. `clusterId` is the cluster that they
 * must be of, null for any.
 */
export function findConflict(
  inspected: readonly InspectedDirectory[],
  nodeId: number,
  clusterId: string | null,
): string | null {
  const byId = new Map<string, string>();
  let first: { readonly path: string; readonly clusterId: string } | null = null;
  for (const { path, meta } of inspected) {
    if (meta === null) continue;
    if (clusterId !== null && meta.clusterId !== clusterId) {
      return `the data directory ${path} is formatted for cluster ${meta.clusterId}, not for ${clusterId}`;
    }
    first ??= { path, clusterId: meta.clusterId };
    if (meta.clusterId !== first.clusterId) {
      return `the data directory ${path} belongs to cluster ${meta.clusterId}, but ${first.path} to ${first.clusterId}: a node has those of one`;
    }
    if (meta.nodeId !== nodeId) {
      return `the data directory ${path} belongs to node ${meta.nodeId}, but node.id is ${nodeId}: set node.id=${meta.nodeId}, or choose another directory`;
    }
    if (meta.directoryId === null) continue;
    const twin = byId.get(meta.directoryId);
    if (twin !== undefined) {
      return `the data directories ${twin} and ${path} have the same directory.id ${meta.directoryId}: one is a copy`;
    }
    byId.set(meta.directoryId, path);
  }
  return null;
}

/** What lies in a directory that is not formatted and must not be formatted over; null: nothing does. */
export function findStrayData(inspected: readonly InspectedDirectory[]): string | null {
  for (const { path, meta, failure, partitions, hasMetadataLog: hasLog } of inspected) {
    if (meta !== null || failure !== null) continue;
    const found = hasLog ? METADATA_TOPIC_DIRECTORY : partitions[0];
    if (found !== undefined) {
      return `the data directory ${path} holds ${found}, but no meta.properties says of which cluster it is; restore that file from a copy`;
    }
  }
  return null;
}
