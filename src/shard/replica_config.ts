import type { NodeConfig, TopicConfig } from '../config/node_config.ts';
import type { LogConfig } from '../log/log_config.ts';
import type { LeaderConfig } from '../partition/leader_partition.ts';
import type { TargetCompression } from '../partition/recompression.ts';
import { CODEC_GZIP, CODEC_LZ4, CODEC_NONE, CODEC_SNAPPY, CODEC_ZSTD } from '../protocol/record_batch.ts';

/** The settings of replicas: those of one topic share them, and come behind each other. */
export class ReplicaConfigs {
  readonly #config: NodeConfig;
  #topic: TopicConfig | null = null;
  #log: LogConfig | null = null;
  #leader: LeaderConfig | null = null;

  constructor(config: NodeConfig) {
    this.#config = config;
  }

  logOf(topic: TopicConfig): LogConfig {
    return (this.#of(topic).#log ??= logConfigOf(topic));
  }

  leaderOf(topic: TopicConfig): LeaderConfig {
    return (this.#of(topic).#leader ??= leaderConfigOf(topic, this.#config));
  }

  #of(topic: TopicConfig): this {
    if (this.#topic === topic) return this;
    this.#topic = topic;
    this.#log = null;
    this.#leader = null;
    return this;
  }
}

/** What a log must know of its topic's settings. */
export function logConfigOf(topic: TopicConfig): LogConfig {
  return {
    segmentBytes: topic.segmentBytes,
    segmentMs: topic.segmentMs,
    segmentJitterMs: topic.segmentJitterMs,
    segmentIndexBytes: topic.segmentIndexBytes,
    indexIntervalBytes: topic.indexIntervalBytes,
    flushMessages: topic.flushMessages,
    flushMs: topic.flushMs,
    fileDeleteDelayMs: topic.fileDeleteDelayMs,
    gapsAllowed: topic.cleanupPolicy.includes('compact'),
    producerIdExpirationMs: topic.producerIdExpirationMs,
  };
}

/** What a leader must know of its topic's settings, and of the node's. */
function leaderConfigOf(topic: TopicConfig, config: NodeConfig): LeaderConfig {
  return {
    maxMessageBytes: topic.maxMessageBytes,
    isLogAppendTime: topic.messageTimestampType === 'LogAppendTime',
    timestampBeforeMaxMs: topic.messageTimestampBeforeMaxMs,
    timestampAfterMaxMs: topic.messageTimestampAfterMaxMs,
    compression: compressionOf(topic),
    minInSyncReplicas: topic.minInsyncReplicas,
    isCompacted: topic.cleanupPolicy.includes('compact'),
    keepsLastOfEachKey: topic.cleanupPolicy.includes('compact') && !topic.cleanupPolicy.includes('delete'),
    acknowledgesDurable: config.storage.flushPolicy === 'acknowledged',
  };
}

function compressionOf(topic: TopicConfig): TargetCompression | null {
  switch (topic.compressionType) {
    case 'producer':
      return null;
    case 'uncompressed':
      return { codec: CODEC_NONE, level: 0 };
    case 'gzip':
      return { codec: CODEC_GZIP, level: topic.compressionGzipLevel };
    case 'snappy':
      return { codec: CODEC_SNAPPY, level: 0 };
    case 'lz4':
      return { codec: CODEC_LZ4, level: topic.compressionLz4Level };
    case 'zstd':
      return { codec: CODEC_ZSTD, level: topic.compressionZstdLevel };
  }
}
