import { FetchPlan } from '../../../src/api/fetch_plan.ts';
import { replaceMethod } from './planted_bug.ts';
import type { PlantedBug } from './planted_bug.ts';

export const bytesOfOnePartition: PlantedBug = {
  name: 'bytes-of-one-partition',
  title: 'min.bytes is held against the partition that has most, not against all together',
  suite: 'node',
  seed: 5,
  finding: /^min\.bytes: answered too late/,
  plant: () =>
    replaceMethod(
      FetchPlan.prototype,
      'availableBytes',
      () =>
        function (this: FetchPlan) {
          return this.available.subarray(0, this.partitionCount).reduce((most, bytes) => Math.max(most, bytes), 0);
        },
    ),
};
