/** Settings of each kind of resource, with values that are right, wrong, and at the edge: what drawn requests set. */

export const TOPIC_SETTINGS: Readonly<Record<string, readonly (string | null)[]>> = {
  'cleanup.policy': ['delete', 'compact', 'compact,delete', 'nonsense', '', null],
  'retention.ms': ['-1', '100000000', 'x', '-2', '', null],
  'compression.type': ['producer', 'gzip', 'zstd', 'lz4', 'snappy', 'uncompressed', 'none', null],
  'compression.gzip.level': ['1', '9', '0', '10', '-1'],
  'compression.zstd.level': ['1', '22', '23'],
  'compression.lz4.level': ['1', '17', '18'],
  'max.message.bytes': ['100', '1048588', '-1', '0'],
  'message.timestamp.type': ['CreateTime', 'LogAppendTime', 'x'],
  'message.timestamp.before.max.ms': ['1000', '9223372036854775807', '-1'],
  'message.timestamp.after.max.ms': ['1000', '9223372036854775807'],
  'min.insync.replicas': ['1', '2', '0'],
  'segment.bytes': ['1048576', '10', '2147483647', '2147483648'],
  'unclean.leader.election.enable': ['true', 'false', 'TRUE', 'maybe'],
  'follower.replication.throttled.replicas': ['*', '0:1', 'none', ''],
  'remote.storage.enable': ['false'],
  'no.such.setting': ['1'],
};

export const BROKER_SETTINGS: Readonly<Record<string, readonly (string | null)[]>> = {
  'log.cleaner.threads': ['1', '2', '0'],
  'background.threads': ['2', '3', '4', '100', 'x'],
  'message.max.bytes': ['1048588', '-1', ''],
  'log.retention.ms': ['-1', '1000000'],
  'max.connections.per.ip.overrides': ['', '127.0.0.9:100'],
  'node.id': ['1', '2'],
  'num.partitions': ['3'],
};

export const CLIENT_SETTINGS: Readonly<Record<string, readonly (string | null)[]>> = {
  'interval.ms': ['1000', '99', '3600001', null],
  metrics: ['*', 'a.b', ''],
  match: ['client_id=x', 'nonsense', 'client_id=['],
  'no.such.setting': ['1'],
};

export const GROUP_SETTINGS: Readonly<Record<string, readonly (string | null)[]>> = {
  'consumer.session.timeout.ms': ['45000', '1', 'x', null],
  'consumer.heartbeat.interval.ms': ['5000', '100'],
  'share.auto.offset.reset': ['earliest', 'x'],
  'no.such.setting': ['1'],
};
