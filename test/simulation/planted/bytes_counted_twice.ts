import { FetchPlan } from '../../../src/api/fetch_plan.ts';
import { replaceMethod } from './planted_bug.ts';
import type { PlantedBug } from './planted_bug.ts';

export const bytesCountedTwice: PlantedBug = {
  name: 'bytes-counted-twice',
  title: 'a fetch that is looked at again adds to what it counted for min.bytes before',
  suite: 'node',
  seed: 5,
  finding: /^min\.bytes: answered too early/,
  plant: () => {
    const counted = new WeakMap<FetchPlan, number>();
    const undo = [
      replaceMethod(
        FetchPlan.prototype,
        'availableBytes',
        (original) =>
          function (this: FetchPlan) {
            const sum = original.call(this) + (counted.get(this) ?? 0);
            counted.set(this, sum);
            return sum;
          },
      ),
      replaceMethod(
        FetchPlan.prototype,
        'reset',
        (original) =>
          function (this: FetchPlan) {
            counted.delete(this);
            original.call(this);
          },
      ),
    ];
    return () => undo.forEach((restore) => restore());
  },
};
