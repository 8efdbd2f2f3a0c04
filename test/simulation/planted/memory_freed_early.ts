import { SimEndpoint } from '../sim_endpoint.ts';
import { replaceMethod } from './planted_bug.ts';
import type { PlantedBug } from './planted_bug.ts';

export const memoryFreedEarly: PlantedBug = {
  name: 'memory-freed-early',
  title: 'the memory of an answer is used again although the socket has not taken all of it',
  suite: 'node',
  seed: 1,
  finding: /memory freed early|I2 damaged records|malformed response/,
  plant: () =>
    replaceMethod(
      SimEndpoint.prototype,
      'write',
      (original) =>
        function (this: SimEndpoint, views, count) {
          original.call(this, views, count);
          return true;
        },
    ),
};
