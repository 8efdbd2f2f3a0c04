import { Answers } from '../../../src/shard/answers.ts';
import { replaceMethod } from './planted_bug.ts';
import type { PlantedBug } from './planted_bug.ts';

export const answersOutOfOrder: PlantedBug = {
  name: 'answers-out-of-order',
  title: 'an answer that is ready is sent before the one that should come first',
  suite: 'node',
  seed: 2,
  finding: /answers out of order/,
  plant: () =>
    replaceMethod(
      Answers.prototype,
      'send',
      (original) =>
        function (this: Answers, connection) {
          const first = connection.oldest;
          const second = first?.next ?? null;
          if (first !== null && second !== null && !first.done && second.done) {
            const { response } = first;
            Object.assign(first, { response: second.response, done: true });
            Object.assign(second, { response, done: false });
          }
          original.call(this, connection);
        },
    ),
};
