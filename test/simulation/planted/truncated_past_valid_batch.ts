import { BatchScanner, checkNone } from '../../../src/log/batch_scanner.ts';
import { replaceMethod } from './planted_bug.ts';
import type { PlantedBug } from './planted_bug.ts';

export const truncatedPastValidBatch: PlantedBug = {
  name: 'truncated-past-valid-batch',
  title: 'recovery takes a batch that ends where its file does for a torn one, and cuts it off',
  suite: 'log',
  seed: 1,
  finding: /I19 recovery|I[12] |the log does not open/,
  plant: () =>
    replaceMethod(
      BatchScanner.prototype,
      'begin',
      (original) =>
        function (this: BatchScanner, file, position, end, offsetMin, checkedFrom) {
          const believed = checkedFrom === checkNone ? end : Math.max(position, end - 1);
          original.call(this, file, position, believed, offsetMin, checkedFrom);
        },
    ),
};
