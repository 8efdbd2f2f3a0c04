import type { TopicImage } from '../metadata/topic_image.ts';
import { ErrorCode } from '../protocol/errors.ts';
import { PartitionState } from '../shared-memory/partition_columns.ts';
import { replicaState, RowSnapshot } from '../shared-memory/partition_table.ts';
import type { ApiHost } from './host.ts';
import type { ReachableBrokers } from './reachable_brokers.ts';

/** A partition as Metadata and DescribeTopicPartitions tell it. */
export interface DescribedPartition {
  /** `LISTENER_NOT_FOUND` where the leader has no listener like the one by which the client came (KIP-302). */
  readonly errorCode: ErrorCode;
  readonly partitionIndex: number;
  readonly leaderId: number;
  readonly leaderEpoch: number;
  readonly replicaNodes: readonly number[];
  readonly isrNodes: readonly number[];
  readonly eligibleLeaderReplicas: readonly number[];
  readonly lastKnownElr: readonly number[];
  readonly offlineReplicas: readonly number[];
}

/**
 * Who leads a partition and which replicas it has, out of the columns; which of them can be reached, out of the image of
 * the cluster, and of this node's own, out of its row. A leader that is not ready to lead is no leader to tell a client
 * of: it would come, and be sent away.
 */
export class PartitionDescriptions {
  readonly #row = new RowSnapshot();
  readonly #state = new PartitionState();

  of(
    topic: TopicImage,
    partitionIndex: number,
    { columns, table, node }: ApiHost,
    brokers: ReachableBrokers,
  ): DescribedPartition {
    const slot = topic.slotOf(partitionIndex);
    const state = this.#state;
    if (slot < 0 || !columns.read(slot, state) || !state.isOf(topic.idWords, partitionIndex)) {
      return nobodyKnows(partitionIndex);
    }
    const row = this.#row;
    const isHosted = state.replicas.includes(node.nodeId) && table.snapshot(slot, row);
    const isOffline = isHosted && row.state === replicaState.offline;
    const leader = brokers.leader(state.leader);
    const isReady = state.leader !== node.nodeId || (isHosted && row.state === replicaState.leader);
    const hasLeader = leader === 'reachable' && isReady;
    const absence = leader === 'silent' ? ErrorCode.LISTENER_NOT_FOUND : ErrorCode.LEADER_NOT_AVAILABLE;
    return {
      errorCode: hasLeader ? ErrorCode.NONE : absence,
      partitionIndex,
      leaderId: hasLeader ? state.leader : -1,
      leaderEpoch: state.leaderEpoch,
      replicaNodes: state.replicas,
      isrNodes: state.isr,
      eligibleLeaderReplicas: state.eligibleLeaderReplicas,
      lastKnownElr: state.lastKnownElr,
      offlineReplicas: state.replicas.filter(
        (id, index) => (id === node.nodeId && isOffline) || !brokers.hasReplica(id, state.directories[index]!),
      ),
    };
  }
}

/** Its topic is being deleted: the columns are ahead of what this thread has applied. */
function nobodyKnows(partitionIndex: number): DescribedPartition {
  return {
    errorCode: ErrorCode.LEADER_NOT_AVAILABLE,
    partitionIndex,
    leaderId: -1,
    leaderEpoch: -1,
    replicaNodes: [],
    isrNodes: [],
    eligibleLeaderReplicas: [],
    lastKnownElr: [],
    offlineReplicas: [],
  };
}
