import { ProducerOpening } from '../../../src/log/producer_opening.ts';
import { replaceMethod } from './planted_bug.ts';
import type { PlantedBug } from './planted_bug.ts';

export const producerSnapshotNewerThanLog: PlantedBug = {
  name: 'producer-snapshot-newer-than-log',
  title:
    'after a crash the newest snapshot of producers is believed, though the log lost the batches that it speaks of',
  suite: 'producers',
  seed: 2,
  finding: /the state of producers/,
  plant: () => replaceMethod(ProducerOpening.prototype, 'believes', () => () => true),
};
