import { testSuite } from '../suite_tests.ts';
import { powerSuite, unsyncedPowerSuite } from './node.ts';

testSuite(powerSuite, {
  seeds: 200,
  seconds: 45,
  mustHappen: ['acknowledged', 'unknown', 'read', 'recovered', 'snapshots', 'diskKills'],
});
testSuite(unsyncedPowerSuite, {
  seeds: 200,
  seconds: 45,
  mustHappen: ['acknowledged', 'unknown', 'read', 'recovered', 'snapshots', 'diskKills'],
});
