import { PartitionLog } from '../../../src/log/partition_log.ts';
import { replaceMethod } from './planted_bug.ts';
import type { PlantedBug } from './planted_bug.ts';

export const cleanStopMarkTooEarly: PlantedBug = {
  name: 'clean-stop-mark-too-early',
  title: 'a log says that it is closed before it is flushed, and the mark of a clean stop is written over it',
  suite: 'log',
  seed: 3,
  finding: /the log does not open|^I[12] |^I19 /,
  plant: () =>
    replaceMethod(
      PartitionLog.prototype,
      'close',
      (original) =>
        function (this: PartitionLog) {
          return original.call(this, false);
        },
    ),
};
