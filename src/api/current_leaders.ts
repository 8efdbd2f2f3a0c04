import type { LeaderEndpoint } from '../protocol/leader_endpoints.ts';
import { PartitionState } from '../shared-memory/partition_columns.ts';
import type { ApiHost } from './host.ts';
import { ReachableBrokers } from './reachable_brokers.ts';
import type { Request } from './request.ts';

/** Who leads a partition that this node does not lead, or leads in another epoch than the client believes (KIP-951). */
export class CurrentLeader {
  id = -1;
  epoch = -1;
  readonly #state = new PartitionState();

  /** False: nobody knows the partition any more. */
  find(slot: number, host: ApiHost): boolean {
    const state = this.#state;
    if (slot < 0 || !host.columns.read(slot, state)) return false;
    this.id = state.leader;
    this.epoch = state.leaderEpoch;
    return true;
  }
}

/** Where the client finds these nodes: on the listener of the name by which it came. */
export function endpointsOf(nodeIds: ReadonlySet<number>, request: Request, host: ApiHost): readonly LeaderEndpoint[] {
  if (nodeIds.size === 0) return [];
  const brokers = new ReachableBrokers(host, request.origin.listener).told();
  return brokers.filter(({ nodeId }) => nodeIds.has(nodeId));
}
