import { PartitionLog } from '../../../src/log/partition_log.ts';
import { replaceMethod } from './planted_bug.ts';
import type { PlantedBug } from './planted_bug.ts';

export const acknowledgedBeforeSynced: PlantedBug = {
  name: 'acknowledged-before-synced',
  title: 'with the flush policy "acknowledged" a producer is answered before the sync has ended',
  suite: 'power',
  seed: 12,
  finding: /^I[12] |the node ended by itself/,
  plant: () =>
    replaceMethod(
      PartitionLog.prototype,
      'flush',
      (original) =>
        function (this: PartitionLog, done) {
          original.call(this, () => {});
          done(null);
        },
    ),
};
