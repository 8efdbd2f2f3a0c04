import { FileState } from '../file_state.ts';
import { replaceMethod } from './planted_bug.ts';
import type { PlantedBug } from './planted_bug.ts';

export const undoingNotSynced: PlantedBug = {
  name: 'undoing-not-synced',
  title: 'what was written of a refused batch is cut off the file, and the cut is left to the page cache',
  suite: 'log',
  seed: 43,
  finding: /^I2 divergence/,
  plant: () => {
    const cut = new WeakSet<FileState>();
    const restore = [
      replaceMethod(
        FileState.prototype,
        'truncate',
        (original) =>
          function (this: FileState, length) {
            if (length < this.size) cut.add(this);
            original.call(this, length);
          },
      ),
      replaceMethod(
        FileState.prototype,
        'completeSync',
        (original) =>
          function (this: FileState, snapshot) {
            if (!cut.delete(this)) original.call(this, snapshot);
          },
      ),
    ];
    return () => restore.forEach((undo) => undo());
  },
};
