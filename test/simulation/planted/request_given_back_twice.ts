import { RequestPool } from '../../../src/shard/request_pool.ts';
import { replaceMethod } from './planted_bug.ts';
import type { PlantedBug } from './planted_bug.ts';

export const requestGivenBackTwice: PlantedBug = {
  name: 'request-given-back-twice',
  title: 'a request whose connection is gone goes back to the pool twice, and answers get to other requests',
  suite: 'node',
  seed: 0,
  finding: /answers out of order|answer of another shape|malformed response|I17|I2|the node ended by itself/,
  plant: () =>
    replaceMethod(
      RequestPool.prototype,
      'give',
      (original) =>
        function (this: RequestPool, request) {
          const { isAbandoned } = request;
          original.call(this, request);
          if (isAbandoned) original.call(this, request);
        },
    ),
};
