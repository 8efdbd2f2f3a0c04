import type { NodeConfig } from '../config/node_config.ts';
import { sharedGeometry, type SharedGeometry } from '../shared-memory/layout.ts';
import { pageBytes } from '../shared-memory/arena.ts';

/** How large the shared memory of a node is. Pages that are never touched cost nothing. */
export function geometryOf(config: NodeConfig): SharedGeometry {
  const { arenaBytes, ringBytes, requestBytesMax } = config.network;
  // Address space for long frames beside each other; what is in use at once is bounded by the budget.
  const addressBytes = Math.max(2 * arenaBytes, arenaBytes + 2 * requestBytesMax);
  return sharedGeometry(config.shards, {
    partitionsMax: config.storage.partitionsMax,
    ringBytes,
    arenaBudgetBytes: arenaBytes,
    arenaBytes: Math.min(ARENA_BYTES_MAX, Math.ceil(addressBytes / pageBytes) * pageBytes),
    listenersMax: Math.max(1, config.listeners.length),
    logDirectories: config.storage.directories.length,
  });
}

/** Places in an arena travel as 32-bit integers. */
const ARENA_BYTES_MAX = 2 ** 31;
