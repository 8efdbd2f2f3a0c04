import { ANY, atLeast, type BrokerRow } from '../config_key.ts';

/** Metrics, telemetry and quotas. Columns: see `BrokerRow`. */
export const OBSERVE_KEYS = [
  ['client.quota.callback.class', 'CLASS', null, ANY, 'LOW', 'read-only'],
  ['kafka.metrics.polling.interval.secs', 'INT', '10', atLeast(1), 'LOW', 'read-only'],
  ['kafka.metrics.reporters', 'LIST', '', ANY, 'LOW', 'read-only'],
  ['metric.reporters', 'LIST', 'org.apache.kafka.common.metrics.JmxReporter', ANY, 'LOW', 'cluster-wide'],
  ['metrics.num.samples', 'INT', '2', atLeast(1), 'LOW', 'read-only'],
  ['metrics.recording.level', 'STRING', 'INFO', ANY, 'LOW', 'read-only'],
  ['metrics.sample.window.ms', 'LONG', '30000', atLeast(1), 'LOW', 'read-only'],
  ['quota.window.num', 'INT', '11', atLeast(1), 'LOW', 'read-only'],
  ['quota.window.size.seconds', 'INT', '1', atLeast(1), 'LOW', 'read-only'],
  ['telemetry.max.bytes', 'INT', '1048576', atLeast(1), 'LOW', 'read-only'],
] as const satisfies readonly BrokerRow[];
