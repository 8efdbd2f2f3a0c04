import { ANY, type TopicRow } from '../config_key.ts';

/** What a subscription to metrics of clients says (KIP-714). Columns: see `TopicRow`. */
export const CLIENT_METRICS_KEYS = [
  ['interval.ms', 'INT', '300000', ANY, 'MEDIUM', []],
  ['match', 'LIST', '', ANY, 'MEDIUM', []],
  ['metrics', 'LIST', '', ANY, 'MEDIUM', []],
] as const satisfies readonly TopicRow[];
