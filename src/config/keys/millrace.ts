import { atLeast, between, oneOf, type BrokerRow } from '../config_key.ts';

/** Millrace's own keys. Columns: see `BrokerRow`. */
export const MILLRACE_KEYS = [
  ['millrace.arena.bytes', 'LONG', null, between(8_388_608, 2_147_418_112), 'MEDIUM', 'read-only'],
  ['millrace.disk.brake.percent', 'INT', '95', between(1, 100), 'MEDIUM', 'read-only'],
  ['millrace.flush.interval.ms', 'LONG', '1000', atLeast(1), 'MEDIUM', 'read-only'],
  ['millrace.flush.policy', 'STRING', 'never', oneOf('never', 'interval', 'acknowledged'), 'HIGH', 'read-only'],
  ['millrace.frame.idle.ms', 'LONG', '10000', atLeast(1), 'LOW', 'read-only'],
  ['millrace.partitions.max', 'INT', '16384', between(1, 1_048_576), 'MEDIUM', 'read-only'],
  ['millrace.ring.bytes', 'INT', '1048576', between(65_536, 67_108_864), 'LOW', 'read-only'],
  ['millrace.shards', 'INT', null, between(1, 62), 'HIGH', 'read-only'],
  ['millrace.start.timeout.ms', 'LONG', '60000', atLeast(1), 'LOW', 'read-only'],
] as const satisfies readonly BrokerRow[];

export const MILLRACE_EFFECTS: Readonly<Record<(typeof MILLRACE_KEYS)[number][0], string>> = {
  'millrace.arena.bytes':
    'Memory for requests, of each shard. Unset: from queued.max.request.bytes, or from the memory of the machine.',
  'millrace.disk.brake.percent':
    'When this much of a volume is used, producers to its log directories are slowed down, the more the fuller it is. 100: never.',
  'millrace.flush.interval.ms': 'With the flush policy interval: how old unflushed records get.',
  'millrace.flush.policy':
    'When appended records are flushed to stable storage beside flush.messages and flush.ms: never, at an interval, or before a producer is answered (acknowledged).',
  'millrace.frame.idle.ms':
    'A request that stays incomplete for so long while less than 4 KiB of it come per second closes its connection.',
  'millrace.partitions.max': 'The most replicas that this node can hold. Memory is taken only for those that it does.',
  'millrace.ring.bytes': 'Size of each ring between two threads, a power of two.',
  'millrace.shards':
    'Threads that hold connections and partitions. Unset: one for each core that the node may use; on two cores one.',
  'millrace.start.timeout.ms':
    'A start that makes no progress for so long (no log opens or is recovered, no listener listens) ends with an error.',
};
