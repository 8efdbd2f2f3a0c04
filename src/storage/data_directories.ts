import { uuidOfRandomBytes, ZERO_UUID, type Uuid } from '../base/uuid.ts';
import type { NodeConfig } from '../config/node_config.ts';
import { readWholeFile, replaceFile } from '../log/atomic_file.ts';
import { readCleanShutdown, removeCleanShutdown } from '../log/clean_shutdown.ts';
import { parseDirectoryName } from '../log/directory_name.ts';
import { LogFailure } from '../log/log_failure.ts';
import type { MetadataRecord } from '../metadata/records.ts';
import { DiskError } from '../port/disk.ts';
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
  /** Index of the directory that holds a partition, by the name of the partition's own directory. */
  readonly placed: ReadonlyMap<string, number>;
  /** Partitions in each of `all`. */
  readonly counts: number[];
}

interface MetaProperties {
  readonly clusterId: string;
  readonly nodeId: number;
}

const META_PROPERTIES = 'meta.properties';
/** An id as Kafka writes it; its own tools also take other texts. */
const CLUSTER_ID = /^[A-Za-z0-9_-]{1,64}$/;

/** Reads and prepares all data directories. Returns a sentence for the administrator where it cannot. Blocks. */
export function openDataDirectories(ports: StoragePorts, config: NodeConfig): DataDirectories | string {
  const { disk } = ports;
  const { directories } = config.storage;
  let clusterId: string | null = null;
  const unformatted: string[] = [];
  for (const directory of directories) {
    const made = disk.makeDirectory(directory);
    if (made !== null) return `the data directory ${directory} cannot be made: ${made.code}`;
    const meta = readMetaProperties(ports, directory);
    if (typeof meta === 'string') return meta;
    if (meta === null) {
      unformatted.push(directory);
      continue;
    }
    if (meta.nodeId !== config.nodeId) {
      return `the data directory ${directory} belongs to node ${meta.nodeId}, but node.id is ${config.nodeId}`;
    }
    if (clusterId !== null && clusterId !== meta.clusterId) {
      return `the data directory ${directory} belongs to cluster ${meta.clusterId}, another one to ${clusterId}`;
    }
    clusterId = meta.clusterId;
  }
  const isNew = clusterId === null;
  clusterId ??= newId(ports);
  for (const directory of unformatted) {
    const failure = writeMetaProperties(ports, directory, clusterId, config.nodeId);
    if (failure !== null) return `the data directory ${directory} cannot be written: ${failure.code}`;
  }
  return examine(ports, config, clusterId, isNew);
}

function examine(ports: StoragePorts, config: NodeConfig, clusterId: string, isNew: boolean): DataDirectories | string {
  const { disk, kernels } = ports;
  const { directories, metadataDirectory } = config.storage;
  const all: DataDirectory[] = [];
  const placed = new Map<string, number>();
  const counts: number[] = [];
  for (const [index, directory] of directories.entries()) {
    const mark = readCleanShutdown(disk, kernels, directory);
    if (mark instanceof LogFailure) return mark.toString();
    const { isClean, brokerEpoch } = mark;
    all.push({ path: directory, id: ZERO_UUID, isClean, cleanBrokerEpoch: brokerEpoch, failure: null });
    const removed = removeCleanShutdown(disk, directory);
    if (removed !== null) return removed.toString();
    const entries = disk.list(directory);
    if (entries instanceof DiskError) return entries.toString();
    counts.push(0);
    for (const { name, isDirectory } of entries) {
      if (!isDirectory || parseDirectoryName(name)?.state !== 'current') continue;
      const other = placed.get(name);
      if (other !== undefined) return `the partition ${name} lies in ${directories[other]!} and in ${directory}`;
      placed.set(name, index);
      counts[index]!++;
    }
  }
  const metadata = all.find(({ path }) => path === metadataDirectory) ?? {
    path: metadataDirectory,
    id: ZERO_UUID,
    isClean: false,
    cleanBrokerEpoch: -1,
    failure: null,
  };
  return { clusterId, isNew, incarnationId: newId(ports), all, metadata, bootstrap: [], placed, counts };
}

/** Null when the directory is not formatted; a sentence when its file cannot be understood. */
function readMetaProperties({ disk, kernels }: StoragePorts, directory: string): MetaProperties | null | string {
  const path = `${directory}/${META_PROPERTIES}`;
  const bytes = readWholeFile(disk, path);
  if (bytes instanceof DiskError) return bytes.code === 'ENOENT' ? null : bytes.toString();
  const values = new Map<string, string>();
  for (const line of kernels.decodeText(bytes, 0, bytes.length).split('\n')) {
    const equals = line.indexOf('=');
    if (equals > 0 && !line.startsWith('#')) values.set(line.slice(0, equals).trim(), line.slice(equals + 1).trim());
  }
  const version = values.get('version');
  if (version !== '1') return `${path} has version ${version ?? '(none)'}; this build knows version 1`;
  const clusterId = values.get('cluster.id') ?? '';
  const nodeId = Number(values.get('node.id') ?? 'none');
  if (!CLUSTER_ID.test(clusterId) || !Number.isInteger(nodeId)) return `${path} has no cluster.id or no node.id`;
  return { clusterId, nodeId };
}

function writeMetaProperties(
  ports: StoragePorts,
  directory: string,
  clusterId: string,
  nodeId: number,
): DiskError | null {
  const lines = [`node.id=${nodeId}`, `directory.id=${newId(ports)}`, 'version=1', `cluster.id=${clusterId}`, ''];
  return replaceFile(ports.disk, `${directory}/${META_PROPERTIES}`, ports.kernels.encodeText(lines.join('\n')));
}

function newId({ entropy }: StoragePorts): Uuid {
  const bytes = new Uint8Array(16);
  entropy.fill(bytes);
  return uuidOfRandomBytes(bytes);
}
