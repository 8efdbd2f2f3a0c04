import fc from 'fast-check';
import { uuidOfWords } from '../../src/base/uuid.ts';
import type { PartitionState, PartitionValues } from '../../src/shared-memory/partition_columns.ts';

const ids = fc.array(fc.nat(6), { maxLength: 5 });
const directory = fc.nat(5).map((number) => uuidOfWords(number, 1, -number, 2 ** 31 + number));
const epoch = fc.integer({ min: -1, max: 2 ** 31 - 1 });

/** What may be known of a partition; few ids, so that lists are shared. */
export const anyValues: fc.Arbitrary<PartitionValues> = fc.record(
  {
    leader: fc.integer({ min: -1, max: 2 ** 31 - 1 }),
    leaderEpoch: epoch,
    partitionEpoch: epoch,
    leaderRecoveryState: fc.nat(1),
    replicas: ids,
    isr: ids,
    eligibleLeaderReplicas: ids,
    lastKnownElr: ids,
    addingReplicas: ids,
    removingReplicas: ids,
    directories: fc.array(directory, { maxLength: 4 }),
  },
  { noNullPrototype: true },
);

/** Values that all follow from one number, so that a mixture of two shows. */
export function valuesOf(number: number): PartitionValues {
  return {
    leader: number,
    leaderEpoch: number,
    partitionEpoch: number,
    leaderRecoveryState: number & 1,
    replicas: [number, number + 1, number + 2],
    isr: [number],
    eligibleLeaderReplicas: [],
    lastKnownElr: number % 3 === 0 ? [number + 7] : [],
    addingReplicas: [],
    removingReplicas: [number + 1, number + 2],
    directories: number % 2 === 0 ? [uuidOfWords(number, number, number, number)] : [],
  };
}

/** Just what a reading says of the partition. */
export function valuesIn(state: PartitionState): PartitionValues {
  const { leader, leaderEpoch, partitionEpoch, leaderRecoveryState, replicas, isr } = state;
  const { eligibleLeaderReplicas, lastKnownElr, addingReplicas, removingReplicas, directories } = state;
  return {
    leader,
    leaderEpoch,
    partitionEpoch,
    leaderRecoveryState,
    replicas,
    isr,
    eligibleLeaderReplicas,
    lastKnownElr,
    addingReplicas,
    removingReplicas,
    directories,
  };
}
