import { metadataRecord } from '../metadata/metadata_record.ts';
import type { MetadataRecord } from '../metadata/records.ts';
import { partitionChangeRecord } from '../protocol/schema/metadata/partition_change_record.ts';
import type { PartitionValues } from '../shared-memory/partition_columns.ts';
import type { PartitionOfTopic } from './cluster_view.ts';

/** By which rules a partition changes: from the cluster's features, and the settings of the topic. */
export interface PartitionRules {
  /** Of `PartitionChangeRecord`. */
  readonly recordVersion: number;
  /** `eligible.leader.replicas.version` is 1. */
  readonly tracksEligibleReplicas: boolean;
  /** Before `metadata.version` 3.6 a smaller ISR needs a new leader epoch. */
  readonly shrinkRaisesEpoch: boolean;
  /** `min.insync.replicas` of the topic. */
  readonly minInSyncReplicas: number;
  /** `unclean.leader.election.enable` of the topic. */
  readonly allowsUncleanElection: boolean;
}

/** Nobody leads. */
export const NO_LEADER = -1;
/** `PartitionChangeRecord`: the leader stays, and so does its epoch. */
const LEADER_UNCHANGED = -2;
/** `leaderRecoveryState` after an unclean election. */
const RECOVERING = 1;

interface Election {
  readonly leader: number;
  readonly isUnclean: boolean;
}

/**
 * What becomes of a partition when the replicas in `leaving` leave its ISR, and those for which `mayLead` holds may lead
 * it. `lost` of those that leave came down without a clean stop, so that they are no longer eligible. Null: nothing
 * changes. Kafka's PartitionChangeBuilder, as far as elections go (KIP-631, KIP-966).
 *
 * With eligible replicas tracked, a partition whose last replica leaves has an empty ISR, and remembers the one in the ELR
 * (or, when it was lost, as the last known leader); without, the last replica stays in the ISR although nobody leads.
 */
export function changeOfPartition(
  { topicId, partition, state }: PartitionOfTopic,
  rules: PartitionRules,
  leaving: readonly number[],
  lost: readonly number[],
  mayLead: (brokerId: number) => boolean,
): MetadataRecord | null {
  const { tracksEligibleReplicas } = rules;
  let isr = state.isr.filter((id) => !leaving.includes(id));
  let eligible = eligibleAfter(state, isr, lost, rules);
  const election = elect(state, isr, eligible, rules, mayLead);
  const changesLeader = election.leader !== state.leader;
  if (election.isUnclean) {
    // Whatever the others have that the new leader lacks is given up: they follow it from here.
    isr = [election.leader];
    eligible = [];
  } else if (changesLeader && eligible.includes(election.leader)) {
    isr = [election.leader];
    eligible = eligible.filter((id) => id !== election.leader);
  }
  const writesIsr = (isr.length > 0 || tracksEligibleReplicas) && !isSame(isr, state.isr);
  const shrinks = writesIsr && state.isr.some((id) => !isr.includes(id));
  const leader = changesLeader ? election.leader : shrinks && rules.shrinkRaisesEpoch ? state.leader : LEADER_UNCHANGED;
  const lastKnownElr = lastKnownAfter(state, writesIsr && isr.length === 0, leader, rules);
  const startsRecovery = changesLeader && election.isUnclean && state.leaderRecoveryState !== RECOVERING;
  const writesEligible = !isSame(eligible, state.eligibleLeaderReplicas);
  if (!writesIsr && leader === LEADER_UNCHANGED && lastKnownElr === null && !writesEligible) return null;
  return metadataRecord(partitionChangeRecord, rules.recordVersion, {
    topicId,
    partitionId: partition,
    isr: writesIsr ? isr : null,
    leader,
    leaderRecoveryState: startsRecovery ? RECOVERING : -1,
    eligibleLeaderReplicas: writesEligible ? eligible : null,
    lastKnownElr,
  });
}

/** The ELR grows by whoever leaves an ISR that is then below the minimum; an ISR that is large enough empties it. */
function eligibleAfter(
  state: PartitionValues,
  isr: readonly number[],
  lost: readonly number[],
  rules: PartitionRules,
): readonly number[] {
  if (!rules.tracksEligibleReplicas || isr.length >= rules.minInSyncReplicas) return [];
  const candidates = new Set([...state.eligibleLeaderReplicas, ...state.isr]);
  return [...candidates].filter((id) => !isr.includes(id) && !lost.includes(id)).sort((a, b) => a - b);
}

/** The present leader if it may stay, else the first that may in the order of the replicas. */
function elect(
  state: PartitionValues,
  isr: readonly number[],
  eligible: readonly number[],
  rules: PartitionRules,
  mayLead: (brokerId: number) => boolean,
): Election {
  const isValid = (id: number): boolean =>
    (isr.includes(id) || (isr.length === 0 && eligible.includes(id))) && mayLead(id);
  if (isValid(state.leader)) return { leader: state.leader, isUnclean: false };
  const clean = state.replicas.find(isValid);
  if (clean !== undefined) return { leader: clean, isUnclean: false };
  const [lastLeader] = state.lastKnownElr;
  const mayElectLastLeader = rules.tracksEligibleReplicas && isr.length === 0 && eligible.length === 0;
  if (mayElectLastLeader && state.lastKnownElr.length === 1 && mayLead(lastLeader!)) {
    return { leader: lastLeader!, isUnclean: true };
  }
  const unclean = rules.allowsUncleanElection ? state.replicas.find(mayLead) : undefined;
  return unclean === undefined ? { leader: NO_LEADER, isUnclean: false } : { leader: unclean, isUnclean: true };
}

/** The leader is remembered when the ISR empties, and forgotten when there is one again. Null: as it was. */
function lastKnownAfter(
  state: PartitionValues,
  emptiesIsr: boolean,
  leader: number,
  rules: PartitionRules,
): readonly number[] | null {
  if (!rules.tracksEligibleReplicas) return null;
  const { lastKnownElr } = state;
  if (emptiesIsr && !isSame(lastKnownElr, [state.leader])) return [state.leader];
  const hasLeader = leader >= 0 || (leader === LEADER_UNCHANGED && state.leader !== NO_LEADER);
  return hasLeader && lastKnownElr.length > 0 ? [] : null;
}

function isSame(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((id, index) => id === b[index]);
}
