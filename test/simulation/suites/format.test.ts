import { testSuite } from '../suite_tests.ts';
import { formatSuite } from './format.ts';

testSuite(formatSuite, {
  seconds: 10,
  mustHappen: ['formatted', 'completed', 'undone', 'refused', 'died', 'error', 'kill'],
});
