import { SimFile } from '../sim_file.ts';
import { replaceMethod } from './planted_bug.ts';
import type { PlantedBug } from './planted_bug.ts';

export const formatNotSynced: PlantedBug = {
  name: 'format-not-synced',
  title: 'a directory is marked as formatted while what the cluster begins with is in the page cache alone',
  suite: 'format',
  seed: 1,
  finding: /I19/,
  plant: () =>
    replaceMethod(
      SimFile.prototype,
      'sync',
      (original) =>
        function (this: SimFile) {
          return this.path.endsWith('.part') ? null : original.call(this);
        },
    ),
};
