import { DiskPool } from '../disk_pool.ts';
import { replaceMethod } from './planted_bug.ts';
import type { PlantedBug } from './planted_bug.ts';

export const directorySyncForgotten: PlantedBug = {
  name: 'directory-sync-forgotten',
  title: 'a log syncs its segments, and not the directory in which their names stand',
  suite: 'log',
  seed: 10,
  finding: /the log does not open|lost|^I[12] /,
  plant: () =>
    replaceMethod(
      DiskPool.prototype,
      'submit',
      (original) =>
        function (this: DiskPool, call) {
          if (call.kind === 'syncDirectory') call.thread.post(0.1, () => call.done(null));
          else original.call(this, call);
        },
    ),
};
