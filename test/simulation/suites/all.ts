import type { Suite } from '../run.ts';
import { formatSuite } from './format.ts';
import { logSuite } from './log.ts';
import { metadataSuite } from './metadata.ts';
import { nodeSuite, powerSuite, unsyncedPowerSuite } from './node.ts';
import { producersSuite } from './producers.ts';
import { ringsSuite } from './rings.ts';

/** Every suite, in the order in which the runner goes through them. */
export const allSuites: readonly Suite[] = [
  ringsSuite,
  formatSuite,
  logSuite,
  producersSuite,
  metadataSuite,
  nodeSuite,
  powerSuite,
  unsyncedPowerSuite,
];

export function suiteNamed(name: string): Suite | null {
  return allSuites.find((suite) => suite.name === name) ?? null;
}
