import type { LogDirectoryView, NodeView } from '../api/host.ts';
import type { NodeConfig } from '../config/node_config.ts';
import type { MetadataFollower } from '../metadata/metadata_follower.ts';
import { DiskError, type Disk } from '../port/disk.ts';
import type { LogDirectoryStates } from '../shared-memory/log_directory_states.ts';
import { ListenerPorts, type ShardBoot } from './shard_boot.ts';

/** What API handlers know of the node that they answer for. */
export function nodeView({ config, clusterId, ports }: ShardBoot, metadata: MetadataFollower): NodeView {
  const chosen = new ListenerPorts(ports);
  return {
    clusterId,
    nodeId: config.nodeId,
    rack: config.rack,
    topicDefaults: config.topics,
    written: config.written,
    fetchBytesMax: config.network.fetchBytesMax,
    describedPartitionsMax: config.network.describedPartitionsMax,
    kraftVersion: () => metadata.kraftVersion,
    metadataEndOffset: () => metadata.endOffset,
    isControllerListener: (listener) => config.listeners[listener]!.isController,
    listenerName: (listener) => config.listeners[listener]!.name,
    endpoint: (listener) => {
      const { advertised, host, port } = config.listeners[listener]!;
      const known = advertised ?? { host, port };
      return { host: known.host, port: known.port === 0 ? chosen.get(listener) : known.port };
    },
  };
}

/** And of its log directories. */
export function logDirectoryViews({ storage }: NodeConfig, disk: Disk, states: LogDirectoryStates): LogDirectoryView[] {
  return storage.directories.map((path, index) => ({
    path,
    isOffline: () => states.isFailed(index),
    space: () => {
      const space = disk.space(path);
      return space instanceof DiskError ? null : space;
    },
  }));
}
