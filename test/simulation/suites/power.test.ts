import { testSuite } from '../suite_tests.ts';
import { powerSuite, unsyncedPowerSuite } from './node.ts';

testSuite(powerSuite, {
  seconds: 80,
  mustHappen: ['acknowledged', 'unknown', 'read', 'recovered', 'snapshots', 'diskKills'],
});
testSuite(unsyncedPowerSuite, {
  seconds: 80,
  mustHappen: ['acknowledged', 'unknown', 'read', 'recovered', 'snapshots', 'diskKills'],
});
