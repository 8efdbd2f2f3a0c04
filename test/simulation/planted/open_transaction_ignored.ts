import { ProducerState } from '../../../src/log/producer_state.ts';
import type { PlantedBug } from './planted_bug.ts';

export const openTransactionIgnored: PlantedBug = {
  name: 'open-transaction-ignored',
  title: 'the last stable offset follows the high watermark past a transaction that is open',
  suite: 'producers',
  seed: 0,
  finding: /I7 the last stable offset/,
  plant() {
    const name = 'firstUnstableOffset';
    const original = Object.getOwnPropertyDescriptor(ProducerState.prototype, name)!;
    Object.defineProperty(ProducerState.prototype, name, { ...original, get: () => Infinity });
    return () => Object.defineProperty(ProducerState.prototype, name, original);
  },
};
