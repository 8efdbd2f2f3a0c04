import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordVersions } from '../../src/metadata/record_versions.ts';

/**
 * As Apache Kafka 4.3.1 answers for each of its levels: the first level with these versions of RegisterBrokerRecord,
 * RegisterControllerRecord, PartitionRecord and PartitionChangeRecord, and whether SCRAM credentials, metadata
 * transactions and delegation tokens may be written.
 */
const FACTS: readonly (readonly [number, readonly [number, number, number, number], readonly boolean[]])[] = [
  [7, [1, -1, 0, 0], [false, false, false]],
  [8, [2, -1, 0, 0], [false, false, false]],
  [11, [2, -1, 0, 0], [true, false, false]],
  [13, [2, -1, 0, 0], [true, true, false]],
  [14, [2, -1, 0, 0], [true, true, true]],
  [15, [2, 0, 0, 0], [true, true, true]],
  [17, [3, 0, 1, 1], [true, true, true]],
  [23, [3, 0, 2, 2], [true, true, true]],
  [30, [4, 0, 2, 2], [true, true, true]],
];

test('every metadata.version allows the record versions that Apache Kafka writes with it', () => {
  for (let level = 7; level <= 30; level++) {
    const [, records, may] = FACTS.findLast(([since]) => since <= level)!;
    const versions = recordVersions(level);
    const { registerBroker, registerController, partition, partitionChange } = versions;
    assert.deepEqual([registerBroker, registerController, partition, partitionChange], records, `level ${level}`);
    const { userScramCredential, transaction, delegationToken } = versions;
    assert.deepEqual(
      [userScramCredential, transaction, delegationToken].map((version) => version === 0),
      may,
    );
  }
});

test('a change of a registration has the fields that the registration has', () => {
  assert.deepEqual(
    [7, 16, 17, 29, 30].map((level) => recordVersions(level).brokerRegistrationChange),
    [1, 1, 2, 2, 3],
  );
});
