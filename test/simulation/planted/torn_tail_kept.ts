import { SimFile } from '../sim_file.ts';
import { replaceMethod } from './planted_bug.ts';
import type { PlantedBug } from './planted_bug.ts';

export const tornTailKept: PlantedBug = {
  name: 'torn-tail-kept',
  title: 'recovery finds the end of the last whole batch and leaves what lies behind it in the file',
  suite: 'log',
  seed: 12,
  finding: /I19 recovery/,
  plant: () =>
    replaceMethod(
      SimFile.prototype,
      'truncate',
      (original) =>
        function (this: SimFile, length) {
          return this.path.endsWith('.log') ? null : original.call(this, length);
        },
    ),
};
