import type { NodeConfig } from '../config/node_config.ts';
import type { TokenBuckets } from '../shared-memory/token_buckets.ts';
import { CONNECTION_RATE_BUCKET } from '../shard/connection_gate.ts';

/** How fast connections may come, of the whole node and of each listener: the shards draw on the same buckets. */
export function configureConnectionRates(tokens: TokenBuckets, config: NodeConfig, nowMs: number): void {
  const configure = (bucket: number, rate: number): void => {
    const bounded = Math.max(RATE_MIN, rate);
    tokens.configure(bucket, bounded < UNBOUNDED ? bounded : Infinity, bounded, nowMs);
  };
  configure(CONNECTION_RATE_BUCKET, config.network.connectionCreationRateMax);
  for (const [listener, { connectionCreationRateMax }] of config.listeners.entries()) {
    configure(CONNECTION_RATE_BUCKET + 1 + listener, connectionCreationRateMax);
  }
}

/** A node that lets nobody in could not be told to let somebody in. */
const RATE_MIN = 1;
/** More than a node could accept: no bound. */
const UNBOUNDED = 2 ** 30;
