import { Doorbell } from '../../../src/shared-memory/doorbell.ts';
import { replaceMethod } from './planted_bug.ts';
import type { PlantedBug } from './planted_bug.ts';

export const lostWakeUp: PlantedBug = {
  name: 'lost-wake-up',
  title: 'a thread goes to sleep without looking again after it said that it sleeps',
  suite: 'rings',
  seed: 1,
  finding: /row 51 nobody goes on/,
  plant: () =>
    replaceMethod(
      Doorbell.prototype,
      'arm',
      (original) =>
        function (this: Doorbell, _hasWork, woken) {
          return original.call(this, () => false, woken);
        },
    ),
};
