import { assert } from '../../src/base/assert.ts';
import type { FlushPolicy, NodeConfig } from '../../src/config/node_config.ts';
import { resolveConfig } from '../../src/config/resolve.ts';
import { UnreadableFile } from '../../src/config/secrets.ts';
import { ControlThread } from '../../src/control/control_thread.ts';
import { Shard } from '../../src/shard/shard.ts';
import type { ShardBoot } from '../../src/shard/shard_boot.ts';
import type { NodeProgram } from './sim_node.ts';
import { SmallCodecs } from './small_codecs.ts';

/** The product as `main` and `workers/shard` put it together, over the simulated ports. */
export const product: NodeProgram = {
  startControl(ports, config, events) {
    const started = ControlThread.start({ ...ports, sharesPorts: ports.network.sharesPorts }, config, {
      ready: () => events.ready(),
      recovering: () => {},
      failed: (message, exitCode) => events.exit(exitCode, message),
      stopped: () => events.exit(0, 'stopped'),
    });
    if (typeof started !== 'string') return started;
    events.exit(1, started);
    return { stop: () => {} };
  },

  startShard(ports, boot) {
    const shard = new Shard({ ...ports, codecs: new SmallCodecs() }, boot as ShardBoot);
    assert(shard !== null, 'a shard runs by itself from its construction on');
  },
};

/** What a run sets; everything else is as the product's defaults have it. */
export interface NodeSettings {
  readonly shards: number;
  readonly flushPolicy: FlushPolicy;
  /** Below the least that an administrator may set, so that rings and arenas are full often. */
  readonly ringBytes: number;
  readonly arenaBytes: number;
  readonly segmentBytes: number;
  readonly indexIntervalBytes: number;
  readonly partitionsMax: number;
  readonly checkpointIntervalMs: number;
  /** How many of `dataDirectories`. */
  readonly directories: number;
  /** Bytes of the metadata log: between snapshots, of a segment, and kept at most. */
  readonly metadataSnapshotBytes: number;
  readonly metadataSegmentBytes: number;
  readonly metadataRetentionBytes: number;
  /** The longest rest of the metadata log; 0: for ever. */
  readonly metadataIdleMs: number;
}

/** Nothing is tight and nothing is due by itself: for a test of something else. */
export const roomySettings: NodeSettings = {
  shards: 2,
  flushPolicy: 'never',
  ringBytes: 65_536,
  arenaBytes: 1024 * 1024,
  segmentBytes: 1_000_000,
  indexIntervalBytes: 4096,
  partitionsMax: 64,
  checkpointIntervalMs: 3_600_000,
  directories: 1,
  metadataSnapshotBytes: 1_000_000,
  metadataSegmentBytes: 1_000_000,
  metadataRetentionBytes: 1_000_000,
  metadataIdleMs: 0,
};

export const clientPort = 9092;
/** The metadata log lies in the first. */
export const dataDirectories = ['/data', '/other'];

export function nodeConfig(host: string, settings: NodeSettings): NodeConfig {
  const written = [
    'node.id=1',
    'process.roles=broker,controller',
    'controller.quorum.voters=1@localhost:9093',
    'controller.listener.names=CONTROLLER',
    `listeners=PLAINTEXT://:${clientPort},CONTROLLER://:9093`,
    `advertised.listeners=PLAINTEXT://${host}:${clientPort}`,
    `log.dirs=${dataDirectories.slice(0, settings.directories).join(',')}`,
    `millrace.shards=${settings.shards}`,
    `millrace.flush.policy=${settings.flushPolicy}`,
    `millrace.partitions.max=${settings.partitionsMax}`,
    `log.flush.offset.checkpoint.interval.ms=${settings.checkpointIntervalMs}`,
    'millrace.flush.interval.ms=200',
    `metadata.max.idle.interval.ms=${settings.metadataIdleMs}`,
  ];
  const resolved = resolveConfig({
    file: { path: 'server.properties', text: written.join('\n') },
    environment: {},
    commandLine: [],
    port: null,
    secrets: { variable: () => undefined, readText: () => new UnreadableFile('ENOENT') },
    machine: { hostName: host, cores: settings.shards, memoryBytes: 1024 * 1024 * 1024 },
  });
  const { node } = resolved;
  assert(node !== null, `the configuration of the simulated node: ${resolved.errors.join('; ')}`);
  const { segmentBytes, indexIntervalBytes } = settings;
  const metadata = {
    ...node.storage.metadata,
    bytesBetweenSnapshotsMax: settings.metadataSnapshotBytes,
    segmentBytes: settings.metadataSegmentBytes,
    retentionBytesMax: settings.metadataRetentionBytes,
  };
  return {
    ...node,
    storage: { ...node.storage, metadata },
    network: {
      ...node.network,
      ringBytes: settings.ringBytes,
      arenaBytes: settings.arenaBytes,
      requestBytesMax: settings.arenaBytes,
    },
    topics: { ...node.topics, config: { ...node.topics.config, segmentBytes, indexIntervalBytes } },
  };
}
