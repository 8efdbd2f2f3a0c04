import { ANY, atLeast, type BrokerRow } from '../config_key.ts';

/** Replicas, in-sync replicas, leaders. Columns: see `BrokerRow`. */
export const REPLICATION_KEYS = [
  ['alter.log.dirs.replication.quota.window.num', 'INT', '11', atLeast(1), 'LOW', 'read-only'],
  ['alter.log.dirs.replication.quota.window.size.seconds', 'INT', '1', atLeast(1), 'LOW', 'read-only'],
  ['auto.leader.rebalance.enable', 'BOOLEAN', 'true', ANY, 'HIGH', 'read-only'],
  ['leader.imbalance.check.interval.seconds', 'LONG', '300', atLeast(1), 'HIGH', 'read-only'],
  ['min.insync.replicas', 'INT', '1', atLeast(1), 'HIGH', 'cluster-wide'],
  ['num.replica.alter.log.dirs.threads', 'INT', null, ANY, 'HIGH', 'read-only'],
  ['num.replica.fetchers', 'INT', '1', atLeast(1), 'HIGH', 'cluster-wide'],
  ['replica.fetch.backoff.ms', 'INT', '1000', atLeast(0), 'MEDIUM', 'read-only'],
  ['replica.fetch.max.bytes', 'INT', '1048576', atLeast(0), 'MEDIUM', 'read-only'],
  ['replica.fetch.min.bytes', 'INT', '1', ANY, 'HIGH', 'read-only'],
  ['replica.fetch.response.max.bytes', 'INT', '10485760', atLeast(0), 'MEDIUM', 'read-only'],
  ['replica.fetch.wait.max.ms', 'INT', '500', ANY, 'HIGH', 'read-only'],
  ['replica.high.watermark.checkpoint.interval.ms', 'LONG', '5000', ANY, 'HIGH', 'read-only'],
  ['replica.lag.time.max.ms', 'LONG', '30000', ANY, 'HIGH', 'read-only'],
  ['replica.selector.class', 'STRING', null, ANY, 'MEDIUM', 'read-only'],
  ['replica.socket.receive.buffer.bytes', 'INT', '65536', ANY, 'HIGH', 'read-only'],
  ['replica.socket.timeout.ms', 'INT', '30000', ANY, 'HIGH', 'read-only'],
  ['replication.quota.window.num', 'INT', '11', atLeast(1), 'LOW', 'read-only'],
  ['replication.quota.window.size.seconds', 'INT', '1', atLeast(1), 'LOW', 'read-only'],
  ['unclean.leader.election.enable', 'BOOLEAN', 'false', ANY, 'HIGH', 'cluster-wide'],
  ['unclean.leader.election.interval.ms', 'LONG', '300000', atLeast(1), 'MEDIUM', 'read-only', { internal: true }],
] as const satisfies readonly BrokerRow[];
