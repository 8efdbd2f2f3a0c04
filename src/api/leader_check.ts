import { ErrorCode } from '../protocol/errors.ts';
import { replicaState, type PartitionTable, type RowSnapshot } from '../shared-memory/partition_table.ts';

/**
 * What a request for the leader of a partition is refused with on this node; NONE fills `row`.
 *
 * @param slot -1: there is no such partition
 * @param currentLeaderEpoch what the client believes (KIP-320), -1 if it does not say
 */
export function refusalOfLeader(
  table: PartitionTable,
  slot: number,
  currentLeaderEpoch: number,
  row: RowSnapshot,
): ErrorCode {
  if (slot < 0 || !table.snapshot(slot, row)) return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
  if (row.state === replicaState.offline) return ErrorCode.KAFKA_STORAGE_ERROR;
  if (row.state !== replicaState.leader) return ErrorCode.NOT_LEADER_OR_FOLLOWER;
  if (currentLeaderEpoch >= 0 && currentLeaderEpoch < row.leaderEpoch) return ErrorCode.FENCED_LEADER_EPOCH;
  return currentLeaderEpoch > row.leaderEpoch ? ErrorCode.UNKNOWN_LEADER_EPOCH : ErrorCode.NONE;
}
