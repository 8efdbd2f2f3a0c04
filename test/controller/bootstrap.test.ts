import assert from 'node:assert/strict';
import { test } from 'node:test';
import { activationRecords, type ActivationState } from '../../src/controller/bootstrap.ts';
import { metadataRecord } from '../../src/metadata/metadata_record.ts';
import type { MetadataRecord } from '../../src/metadata/records.ts';
import { featureLevelRecord } from '../../src/protocol/schema/metadata/feature_level_record.ts';
import { fieldsOf, imageWithColumns, NotedChanges } from '../metadata/metadata_fixture.ts';
import { simKernels } from '../simulation/sim_kernels.ts';

const level = (name: string, featureLevel: number): MetadataRecord =>
  metadataRecord(featureLevelRecord, 0, { name, featureLevel });

const BEGIN = 23;
const END = 24;
const ABORT = 25;
const FEATURE = 12;
const CONFIG = 4;

function typesOf(state: Partial<ActivationState>): number[] {
  const whole = { metadataVersion: 0, isInTransaction: false, bootstrap: [], minInSyncReplicas: 2, ...state };
  return activationRecords(simKernels, whole).map(({ type }) => type);
}

test('a new log begins with metadata.version, all of it in one transaction', () => {
  const bootstrap = [level('metadata.version', 30), level('eligible.leader.replicas.version', 1)];
  assert.deepEqual(typesOf({ bootstrap }), [BEGIN, FEATURE, FEATURE, CONFIG, END]);
  const { image } = imageWithColumns();
  const changes = new NotedChanges();
  const state = { metadataVersion: 0, isInTransaction: false, bootstrap, minInSyncReplicas: 2 };
  for (const record of activationRecords(simKernels, state)) {
    assert.equal(image.features.metadataVersion, 0, 'nothing holds before the end');
    assert.equal(image.apply(record.type, record.version, fieldsOf(record), changes), null);
  }
  assert.equal(image.features.metadataVersion, 30);
  assert.equal(image.isInTransaction, false);
  assert.equal(image.configs.ofBroker(1).cluster.get('min.insync.replicas'), '2');
});

test('without transactions and eligible leader replicas the records stand alone', () => {
  assert.deepEqual(typesOf({ bootstrap: [level('metadata.version', 12)] }), [FEATURE]);
});

test('a log that has records gets none; a transaction that nobody will end is aborted', () => {
  const bootstrap = [level('metadata.version', 30)];
  assert.deepEqual(typesOf({ bootstrap, metadataVersion: 30 }), []);
  assert.deepEqual(typesOf({ bootstrap, metadataVersion: 30, isInTransaction: true }), [ABORT]);
  assert.deepEqual(typesOf({ bootstrap, isInTransaction: true }), [ABORT, BEGIN, FEATURE, END], 'also the first one');
});
