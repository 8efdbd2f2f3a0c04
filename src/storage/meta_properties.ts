import { isUuid, type Uuid } from '../base/uuid.ts';
import { BrokenProperties, readProperties } from '../config/properties.ts';
import { readWholeFile, replaceFile } from '../log/atomic_file.ts';
import { DiskError } from '../port/disk.ts';
import { utcDate } from './utc_date.ts';
import type { StoragePorts } from './storage_ports.ts';

/** Whose a data directory is. The file lies in each of them, and a directory without it is not formatted. */
export interface MetaProperties {
  readonly clusterId: string;
  readonly nodeId: number;
  /** Null: formatted before there were such ids (Kafka 3.6); the start gives it one. */
  readonly directoryId: Uuid | null;
}

const NAME = 'meta.properties';
const VERSION = '1';
/** Of clusters that ZooKeeper ran. */
const VERSION_OF_ZOOKEEPER = '0';

/** What Kafka's own tools take as a cluster id is any text; more than this no file could hold. */
export function isClusterId(text: string): boolean {
  return /^[\x21-\x7e]{1,255}$/.test(text);
}

/** Null: the directory is not formatted. A text: a sentence that says why this build cannot go on with the file. */
export function readMetaProperties(
  { disk, kernels }: StoragePorts,
  directory: string,
): MetaProperties | null | string | DiskError {
  const path = `${directory}/${NAME}`;
  const bytes = readWholeFile(disk, path);
  if (bytes instanceof DiskError) return bytes.code === 'ENOENT' ? null : bytes;
  const read = readProperties(kernels.decodeText(bytes, 0, bytes.length), path);
  if (read instanceof BrokenProperties) return read.message;
  const values = new Map(read.entries.map(({ name, text }) => [name, text]));
  const version = values.get('version');
  if (version === VERSION_OF_ZOOKEEPER) {
    return `${path} has version 0: the directory is of a cluster with ZooKeeper, which Apache Kafka 3.9 can migrate`;
  }
  if (version === undefined) return damaged(path, 'it has no version');
  if (version !== VERSION)
    return `${path} has version ${version}; this build knows version ${VERSION}: a newer program has written it, and reads it`;
  const clusterId = values.get('cluster.id') ?? '';
  if (!isClusterId(clusterId)) return damaged(path, 'it has no cluster.id');
  const nodeId = values.get('node.id') ?? '';
  if (!/^\d{1,10}$/.test(nodeId)) return damaged(path, 'it has no node.id');
  const directoryId = values.get('directory.id') ?? null;
  if (directoryId !== null && !isUuid(directoryId)) {
    return damaged(path, `its directory.id '${directoryId}' is no id`);
  }
  return { clusterId, nodeId: Number(nodeId), directoryId };
}

const damaged = (path: string, how: string): string => `${path} is damaged: ${how}; restore it from a copy`;

/** Writes the file as Kafka's tools do. With it, and not before, the directory is formatted. Blocks. */
export function writeMetaProperties(
  { disk, kernels, clock }: StoragePorts,
  directory: string,
  { clusterId, nodeId, directoryId }: MetaProperties & { readonly directoryId: Uuid },
): DiskError | null {
  const lines = [
    '#',
    `#${utcDate(clock.wallMs())}`,
    `node.id=${nodeId}`,
    `directory.id=${directoryId}`,
    `version=${VERSION}`,
    `cluster.id=${escaped(clusterId)}`,
    '',
  ];
  return replaceFile(disk, `${directory}/${NAME}`, kernels.encodeText(lines.join('\n')));
}

/** As a Java properties file wants it. */
function escaped(text: string): string {
  return text.replace(/[\\:=#!]/g, '\\$&');
}
