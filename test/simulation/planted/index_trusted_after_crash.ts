import { LogOpening } from '../../../src/log/log_opening.ts';
import { replaceMethod } from './planted_bug.ts';
import type { PlantedBug } from './planted_bug.ts';

export const indexTrustedAfterCrash: PlantedBug = {
  name: 'index-trusted-after-crash',
  title: 'recovery goes on from the last entry of an index that was never synced, and looks at heads alone',
  suite: 'log',
  seed: 1,
  finding: /I19 recovery|I[12] |the log does not open/,
  plant: () => replaceMethod(LogOpening.prototype, 'trustsIndexes', () => () => true),
};
