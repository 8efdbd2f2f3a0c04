import { PartitionTable } from '../../../src/shared-memory/partition_table.ts';
import { replaceMethod } from './planted_bug.ts';
import type { PlantedBug } from './planted_bug.ts';

export const rowFreedEarly: PlantedBug = {
  name: 'row-freed-early',
  title: 'the row of a deleted partition is given away while its owner and lagging threads still know it',
  suite: 'node',
  seed: 6,
  finding: /^I|the node ended by itself/,
  plant: () => replaceMethod(PartitionTable.prototype, 'hasReleased', () => () => true),
};
