import { testSuite } from '../suite_tests.ts';
import { nodeSuite } from './node.ts';

testSuite(nodeSuite, {
  seconds: 100,
  mustHappen: [
    'acknowledged',
    'unknown',
    'read',
    'sessions',
    'starts',
    'recovered',
    'snapshots',
    'cycles',
    'forbidden',
    'diskErrors',
    'diskKills',
    'diedIn:start',
    'stalls',
    'short',
  ],
});
