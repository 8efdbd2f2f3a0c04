import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClusterMetadata } from '../../src/control/cluster_metadata.ts';
import type { ControlPorts } from '../../src/control/control_ports.ts';
import { commitRecords, toldOutcomes } from '../../src/control/record_commit.ts';
import type { MetadataRecord } from '../../src/metadata/records.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import { setting } from '../metadata/metadata_fixture.ts';
import { simKernels } from '../simulation/sim_kernels.ts';

const ports = { kernels: simKernels, log: { error: () => {} } } as unknown as ControlPorts;

/** What is committed, and what the client is told. */
function commit(records: readonly MetadataRecord[], validateOnly = false, failure: string | null = null) {
  let committed = 0;
  const metadata = {
    commit: (some: readonly MetadataRecord[]) => {
      if (failure === null) committed += some.length;
      return failure;
    },
  } as unknown as ClusterMetadata;
  const refusal = commitRecords(ports, metadata, records, validateOnly, 'nothing was done');
  return { committed, errorCode: refusal?.errorCode ?? ErrorCode.NONE };
}

const settings = (count: number, value = '1'): MetadataRecord[] =>
  Array.from({ length: count }, () => setting('t', 'retention.ms', value));

test('all of it, or nothing', () => {
  assert.deepEqual(commit(settings(3)), { committed: 3, errorCode: ErrorCode.NONE });
  assert.deepEqual(commit(settings(3), true), { committed: 0, errorCode: ErrorCode.NONE });
  assert.deepEqual(commit([]), { committed: 0, errorCode: ErrorCode.NONE });
  assert.deepEqual(commit(settings(3), false, 'full'), { committed: 0, errorCode: ErrorCode.KAFKA_STORAGE_ERROR });
});

test('no more than one append takes, also where the request only asks', () => {
  assert.deepEqual(commit(settings(10_000)), { committed: 10_000, errorCode: ErrorCode.NONE });
  for (const validateOnly of [false, true]) {
    assert.equal(commit(settings(10_001), validateOnly).errorCode, ErrorCode.POLICY_VIOLATION);
    assert.equal(commit(settings(9, 'x'.repeat(1_000_000)), validateOnly).errorCode, ErrorCode.POLICY_VIOLATION);
  }
  assert.equal(commit(settings(8, 'x'.repeat(1_000_000))).errorCode, ErrorCode.NONE);
});

test('where nothing happened, whoever would have been told that it did is told why not', () => {
  const outcomes = [
    { errorCode: ErrorCode.NONE, errorMessage: null },
    { errorCode: ErrorCode.INVALID_CONFIG, errorMessage: 'so' },
  ];
  assert.deepEqual(toldOutcomes(outcomes, null), outcomes);
  const refusal = { errorCode: ErrorCode.KAFKA_STORAGE_ERROR, errorMessage: 'full' };
  assert.deepEqual(toldOutcomes(outcomes, refusal), [refusal, outcomes[1]]);
});
