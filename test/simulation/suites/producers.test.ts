import { testSuite } from '../suite_tests.ts';
import { producersSuite } from './producers.ts';

testSuite(producersSuite, {
  seconds: 15,
  mustHappen: [
    'append',
    'duplicate',
    'sequence',
    'epoch',
    'transaction',
    'marker',
    'aborted',
    'truncated',
    'damaged',
    'replayed',
    'failed',
    'error',
    'kill',
  ],
});
