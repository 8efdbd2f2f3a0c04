import { Channel } from '../../../src/shared-memory/channel.ts';
import { replaceMethod } from './planted_bug.ts';
import type { PlantedBug } from './planted_bug.ts';

export const answerWithoutReservation: PlantedBug = {
  name: 'answer-without-reservation',
  title: 'a request goes out without room reserved for its answer in the opposite ring',
  suite: 'rings',
  seed: 0,
  finding: /a thread threw/,
  plant: () =>
    replaceMethod(
      Channel.prototype,
      'request',
      (original) =>
        function (this: Channel, kind, tag, payloadLength) {
          return original.call(this, kind, tag, payloadLength, 0);
        },
    ),
};
