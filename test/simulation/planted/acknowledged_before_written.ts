import { PartitionLog } from '../../../src/log/partition_log.ts';
import { replaceMethod } from './planted_bug.ts';
import type { PlantedBug } from './planted_bug.ts';

export const acknowledgedBeforeWritten: PlantedBug = {
  name: 'acknowledged-before-written',
  title: 'a commit is reported before its write has been carried out',
  suite: 'log',
  seed: 0,
  finding: /a commit ends elsewhere|I1 lost/,
  plant: () =>
    replaceMethod(
      PartitionLog.prototype,
      'commit',
      (original) =>
        function (this: PartitionLog, done) {
          original.call(this, () => {});
          done(null);
        },
    ),
};
