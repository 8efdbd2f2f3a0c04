import { testSuite } from '../suite_tests.ts';
import { logSuite } from './log.ts';

testSuite(logSuite, {
  seconds: 15,
  mustHappen: [
    'committed',
    'failed',
    'recovered',
    'recoveredBeyond',
    'cut',
    'flushed',
    'error',
    'stall',
    'short',
    'kill',
    'diedInRoll',
    'switchedOff',
  ],
});
