import { Connections } from '../../../src/shard/connections.ts';
import { replaceMethod } from './planted_bug.ts';
import type { PlantedBug } from './planted_bug.ts';

export const throttleForgotten: PlantedBug = {
  name: 'throttle-forgotten',
  title: 'a producer is told that it is throttled, and its connection is read on',
  suite: 'node',
  seed: 0,
  finding: /row 82 a throttled connection/,
  plant: () => replaceMethod(Connections.prototype, 'throttle', () => () => {}),
};
