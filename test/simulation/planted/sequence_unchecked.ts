import { LogProducers } from '../../../src/log/log_producers.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { replaceMethod } from './planted_bug.ts';
import type { PlantedBug } from './planted_bug.ts';

export const sequenceUnchecked: PlantedBug = {
  name: 'sequence-unchecked',
  title: 'a leader takes batches of a producer in whatever order they come',
  suite: 'producers',
  seed: 0,
  finding: /I6 |a verdict is wrong/,
  plant: () =>
    replaceMethod(
      LogProducers.prototype,
      'check',
      (original) =>
        function (this: LogProducers, view, batch, isVerified) {
          const verdict = original.call(this, view, batch, isVerified);
          return verdict === ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER ? ErrorCode.NONE : verdict;
        },
    ),
};
