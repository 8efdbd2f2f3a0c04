import { testSuite } from '../suite_tests.ts';
import { metadataSuite } from './metadata.ts';

testSuite(metadataSuite, {
  seconds: 20,
  mustHappen: [
    'committed',
    'refused',
    'applied',
    'snapshots',
    'removed',
    'error',
    'stall',
    'short',
    'kill',
    'diedInSnapshot',
  ],
});
