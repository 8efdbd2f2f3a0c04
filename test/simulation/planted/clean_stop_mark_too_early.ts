import { Checkpoints } from '../../../src/control/checkpoints.ts';
import { replaceMethod } from './planted_bug.ts';
import type { PlantedBug } from './planted_bug.ts';

export const cleanStopMarkTooEarly: PlantedBug = {
  name: 'clean-stop-mark-too-early',
  title: 'the mark of a clean stop is written while logs are still being written',
  suite: 'power-unsynced',
  seed: 2,
  finding: /^I[12] /,
  plant: () =>
    replaceMethod(
      Checkpoints.prototype,
      'tick',
      (original) =>
        function (this: Checkpoints, nowMs) {
          this.markClean(-1);
          original.call(this, nowMs);
        },
    ),
};
