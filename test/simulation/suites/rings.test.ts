import { testSuite } from '../suite_tests.ts';
import { ringsSuite } from './rings.ts';

testSuite(ringsSuite, {
  seeds: 200,
  seconds: 10,
  mustHappen: ['answered', 'refused', 'noticesTaken', 'notified', 'late', 'spurious'],
});
