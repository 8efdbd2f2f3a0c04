import type { ListenerConfig, NetworkConfig } from '../config/node_config.ts';
import type { Clock } from '../port/clock.ts';
import type { Log } from '../port/log.ts';
import type { ListenAddress, Listener, Network, Socket } from '../port/network.ts';
import type { ConnectionLimits } from '../shared-memory/connection_limits.ts';

/**
 * Lets connections in: listens, counts them against the node's limits (which all shards share, because the kernel
 * scatters a client over them), and holds back those that come faster than the configured rate. A refused socket is
 * closed without a byte.
 */
