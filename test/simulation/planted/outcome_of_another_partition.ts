import type { Request } from '../../../src/api/request.ts';
import { Requests } from '../../../src/shard/requests.ts';
import { replaceMethod } from './planted_bug.ts';
import type { PlantedBug } from './planted_bug.ts';

export const outcomeOfAnotherPartition: PlantedBug = {
  name: 'outcome-of-another-partition',
  title: 'the outcome of the last partition of a Produce is told in the place of the first',
  suite: 'node',
  seed: 0,
  finding: /I1 lost|I2 divergence|I21 aborted read|order/,
  plant: () => {
    const first = new WeakMap<Request, number>();
    return replaceMethod(
      Requests.prototype,
      'append',
      (original) =>
        function (this: Requests, request, slot, incarnation, owner, start, end, at) {
          // Only the handler's own guard is out before the first partition.
          if (request.parts === 1) first.set(request, at);
          original.call(this, request, slot, incarnation, owner, start, end, first.get(request) ?? at);
        },
    );
  },
};
