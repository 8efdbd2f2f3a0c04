import { testSuite } from '../suite_tests.ts';
import { ringsSuite } from './rings.ts';

testSuite(ringsSuite, {
  seconds: 10,
  mustHappen: ['answered', 'refused', 'noticesTaken', 'notified', 'late', 'spurious'],
});
