import { PartitionLog } from '../../../src/log/partition_log.ts';
import type { PlantedBug } from './planted_bug.ts';

export const recoveryPointPastUnsynced: PlantedBug = {
  name: 'recovery-point-past-unsynced',
  title: 'the checkpoint tells the end of a log as its recovery point, whether it was synced or not',
  suite: 'log',
  seed: 1,
  finding: /the log does not open|^I[12] |^I19 /,
  plant: () => {
    const original = Object.getOwnPropertyDescriptor(PartitionLog.prototype, 'recoveryPoint')!;
    Object.defineProperty(PartitionLog.prototype, 'recoveryPoint', {
      ...original,
      get(this: PartitionLog) {
        return this.logEndOffset;
      },
    });
    return () => Object.defineProperty(PartitionLog.prototype, 'recoveryPoint', original);
  },
};
