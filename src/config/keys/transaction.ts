import { ANY, atLeast, type BrokerRow } from '../config_key.ts';

/** Transactions and producer ids. Columns: see `BrokerRow`. */
export const TRANSACTION_KEYS = [
  ['add.partitions.to.txn.retry.backoff.max.ms', 'INT', '100', atLeast(0), 'HIGH', 'read-only'],
  ['add.partitions.to.txn.retry.backoff.ms', 'INT', '20', atLeast(1), 'HIGH', 'read-only'],
  ['producer.id.expiration.check.interval.ms', 'INT', '600000', atLeast(1), 'LOW', 'read-only', { internal: true }],
  ['producer.id.expiration.ms', 'INT', '86400000', atLeast(1), 'LOW', 'cluster-wide'],
  ['transaction.abort.timed.out.transaction.cleanup.interval.ms', 'INT', '10000', atLeast(1), 'LOW', 'read-only'],
  ['transaction.max.timeout.ms', 'INT', '900000', atLeast(1), 'HIGH', 'read-only'],
  ['transaction.partition.verification.enable', 'BOOLEAN', 'true', ANY, 'LOW', 'cluster-wide'],
  ['transaction.remove.expired.transaction.cleanup.interval.ms', 'INT', '3600000', atLeast(1), 'LOW', 'read-only'],
  ['transaction.state.log.load.buffer.size', 'INT', '5242880', atLeast(1), 'HIGH', 'read-only'],
  ['transaction.state.log.min.isr', 'INT', '2', atLeast(1), 'HIGH', 'read-only'],
  ['transaction.state.log.num.partitions', 'INT', '50', atLeast(1), 'HIGH', 'read-only'],
  ['transaction.state.log.replication.factor', 'SHORT', '3', atLeast(1), 'HIGH', 'read-only'],
  ['transaction.state.log.segment.bytes', 'INT', '104857600', atLeast(1), 'HIGH', 'read-only'],
  ['transaction.two.phase.commit.enable', 'BOOLEAN', 'false', ANY, 'LOW', 'read-only'],
  ['transactional.id.expiration.ms', 'INT', '604800000', atLeast(1), 'HIGH', 'read-only'],
] as const satisfies readonly BrokerRow[];
