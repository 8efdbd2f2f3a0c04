import type { NodeConfig } from '../config/node_config.ts';
import { METADATA_VERSION_OF, metadataVersionName } from '../metadata/features.ts';
import type { MetadataRecord } from '../metadata/records.ts';
import { DiskError } from '../port/disk.ts';
import type { Digests } from '../port/digests.ts';
import { bootstrapRecords, firstVoterOf, type ClusterBeginning } from './beginning.ts';
import { chooseFeatures } from './feature_choice.ts';
import { formatDirectory, newUuid } from './format_directories.ts';
import { directoriesOf, findConflict, findStrayData, inspectDirectories } from './inspection.ts';
import { isClusterId } from './meta_properties.ts';
import { scramRecordOf } from './scram_option.ts';
import type { StoragePorts } from './storage_ports.ts';

/** What `millrace format` was asked for; the names are those of its options, which are Kafka's. */
export interface FormatRequest {
  /** Null: that of the directories already formatted, else a new one. */
  readonly clusterId: string | null;
  readonly ignoreFormatted: boolean;
  readonly releaseVersion: string | null;
  readonly features: readonly string[];
  readonly addScram: readonly string[];
  readonly standalone: boolean;
  readonly noInitialControllers: boolean;
  readonly initialControllers: string | null;
}

export interface FormatOutcome {
  readonly clusterId: string;
  /** "4.3-IV0" */
  readonly metadataVersion: string;
  /** In the order in which it was done. */
  readonly formatted: readonly string[];
  /** Those that were formatted before. */
  readonly passedBy: readonly string[];
}

/**
 * Formats the data directories of a node, the one of the metadata log first: a crash leaves a cluster that the next
 * start completes, or nothing. A text: a sentence that says why not. Blocks.
 */
export function formatNode(
  ports: StoragePorts & { readonly digests: Digests },
  config: NodeConfig,
  request: FormatRequest,
): FormatOutcome | string {
  const problem = findMisuse(config, request);
  if (problem !== null) return problem;
  const choice = chooseFeatures(request.releaseVersion, request.features, !config.quorum.hasStaticVoters);
  if (typeof choice === 'string') return choice;
  const credentials = readCredentials(ports, request, choice.metadataVersion);
  if (typeof credentials === 'string') return credentials;

  const inspected = inspectDirectories(ports, directoriesOf(config));
  if (typeof inspected === 'string') return inspected;
  const failed = inspected.find(({ failure }) => failure !== null);
  if (failed !== undefined) return `${failed.path} cannot be formatted: ${failed.failure!.toString()}`;
  const known = inspected.filter(({ meta }) => meta !== null);
  const empty = inspected.filter(({ meta }) => meta === null);
  const conflict = findConflict(inspected, config.nodeId, request.clusterId) ?? findStrayData(inspected);
  if (conflict !== null) return conflict;
  if (known.length > 0 && !request.ignoreFormatted) {
    return `${known[0]!.path} is formatted already; with --ignore-formatted such directories are passed by`;
  }

  const beginning: ClusterBeginning = {
    clusterId: request.clusterId ?? known[0]?.meta?.clusterId ?? newUuid(ports.entropy),
    nodeId: config.nodeId,
    bootstrap: bootstrapRecords(choice.metadataVersion, choice.levels, credentials),
    voterEndpoints: firstVoterOf(config),
  };
  for (const { path } of empty) {
    const id = formatDirectory(ports, path, path === config.storage.metadataDirectory, beginning);
    if (id instanceof DiskError) return `${path} could not be formatted: ${id.toString()}`;
  }
  return {
    clusterId: beginning.clusterId,
    metadataVersion: metadataVersionName(choice.metadataVersion)!,
    formatted: empty.map(({ path }) => path),
    passedBy: known.map(({ path }) => path),
  };
}

function findMisuse({ quorum, written }: NodeConfig, request: FormatRequest): string | null {
  const { clusterId, standalone, noInitialControllers, initialControllers } = request;
  if (clusterId !== null && !isClusterId(clusterId)) return '--cluster-id must be text without spaces';
  const oneNode = 'this version runs clusters of one node: use --standalone';
  if (noInitialControllers) return `--no-initial-controllers is for nodes that join others, and ${oneNode}`;
  if (initialControllers !== null) return `--initial-controllers is for a quorum of several nodes, and ${oneNode}`;
  if (quorum.hasStaticVoters) {
    return standalone ? '--standalone does not go with controller.quorum.voters: remove one of them' : null;
  }
  if (!standalone && written.some(({ name }) => name === 'controller.quorum.bootstrap.servers')) {
    return 'controller.quorum.bootstrap.servers is set: say with --standalone that this node begins a quorum of its own';
  }
  return null;
}

function readCredentials(
  ports: StoragePorts & { readonly digests: Digests },
  { addScram }: FormatRequest,
  metadataVersion: number,
): readonly MetadataRecord[] | string {
  if (addScram.length > 0 && metadataVersion < METADATA_VERSION_OF.scram) {
    return `--add-scram needs metadata.version ${metadataVersionName(METADATA_VERSION_OF.scram)} or later`;
  }
  const records: MetadataRecord[] = [];
  for (const option of addScram) {
    const record = scramRecordOf(ports, ports.digests, option);
    if (typeof record === 'string') return record;
    records.push(record);
  }
  return records;
}
