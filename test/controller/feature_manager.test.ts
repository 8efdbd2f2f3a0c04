import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  FeatureManager,
  FeatureRefusal,
  upgradeType,
  type FeatureUpdate,
} from '../../src/controller/feature_manager.ts';
import { beginTracking } from '../../src/controller/eligible_replicas.ts';
import { configResourceType, ConfigsImage } from '../../src/metadata/configs_image.ts';
import type { SupportedFeature } from '../../src/metadata/cluster_image.ts';
import { readBack } from './kafka_history.ts';

const { upgrade, safeDowngrade, unsafeDowngrade } = upgradeType;

function managerAt(
  levels: Readonly<Record<string, number>>,
  others: readonly (readonly [string, readonly SupportedFeature[]])[] = [],
): FeatureManager {
  return new FeatureManager({
    nodeId: 1,
    levelOf: (feature) => levels[feature] ?? 0,
    registered: () => others,
    beginTracking: () => [],
  });
}

const update = (feature: string, maxVersionLevel: number, kind: number = upgrade): FeatureUpdate => ({
  feature,
  maxVersionLevel,
  upgradeType: kind,
});

const NEWEST = { 'metadata.version': 30, 'share.version': 1, 'group.version': 1, 'kraft.version': 1 };

test('refusals of Apache Kafka, one by one', () => {
  const refused: readonly [RegExp, FeatureUpdate][] = [
    [/version 1 for feature no\.such\. Local controller 1 does not support this feature/, update('no.such', 1)],
    [/version 0 for feature no\.such\. Feature no\.such not found/, update('no.such', 0, safeDowngrade)],
    [/Local controller 1 only supports versions 7-30/, update('metadata.version', 999)],
    [/Can't downgrade the version of this feature without setting the upgrade type/, update('share.version', 0)],
    [/Unsupported metadata.version downgrade from 30 to 7\. Refusing/, update('metadata.version', 7, safeDowngrade)],
    [/Unsafe metadata downgrade is not supported/, update('metadata.version', 7, unsafeDowngrade)],
    [/Can't downgrade the version of this feature\.$/, update('kraft.version', 0, safeDowngrade)],
    [/does not support the given upgrade type/, update('share.version', 1, 0)],
    [/does not support the given upgrade type/, update('share.version', 1, 4)],
    [/cannot be less than 0/, update('share.version', -1)],
    [/Can't downgrade to a newer version/, update('transaction.version', 2, safeDowngrade)],
  ];
  for (const [words, asked] of refused) {
    const planned = managerAt(NEWEST).plan([asked]);
    assert.ok(planned instanceof FeatureRefusal, words.source);
    assert.match(planned.message, words);
  }
});

test('levels go up and, where nothing is lost, down; to what they are as well', () => {
  const manager = managerAt({ ...NEWEST, 'metadata.version': 29 });
  const planned = manager.plan([
    update('metadata.version', 26, safeDowngrade),
    update('share.version', 0, safeDowngrade),
    update('group.version', 1),
    update('kraft.version', 1),
  ]);
  assert.ok(!(planned instanceof FeatureRefusal));
  assert.deepEqual(
    planned.records.map((record) => readBack(record).fields),
    [
      { name: 'metadata.version', featureLevel: 26 },
      { name: 'share.version', featureLevel: 0 },
      { name: 'group.version', featureLevel: 1 },
    ],
  );
});

test('one that cannot be hinders all', () => {
  assert.ok(managerAt(NEWEST).plan([update('group.version', 1), update('group.version', 9)]) instanceof FeatureRefusal);
});

test('what a level needs of metadata.version may come with it', () => {
  const elr = update('eligible.leader.replicas.version', 1);
  const manager = managerAt({ 'metadata.version': 22 });
  const refused = manager.plan([elr]);
  assert.ok(refused instanceof FeatureRefusal);
  assert.match(refused.message, /depends on metadata.version level 23/);
  assert.ok(!(manager.plan([elr, update('metadata.version', 23)]) instanceof FeatureRefusal));
});

test('kraft.version goes up once, in the log of the quorum', () => {
  const raised = (present: number, level: number): unknown =>
    managerAt({ 'metadata.version': 30, 'kraft.version': present }).plan([update('kraft.version', level)]);
  assert.deepEqual(raised(0, 1), { records: [], namesVoters: true });
  assert.deepEqual(raised(0, 0), { records: [], namesVoters: false });
  assert.deepEqual(raised(1, 1), { records: [], namesVoters: false });
  assert.ok(raised(0, 2) instanceof FeatureRefusal);
});

test('no node of the cluster is left behind', () => {
  const range = (name: string, maxSupportedVersion: number): SupportedFeature => ({
    name,
    minSupportedVersion: 0,
    maxSupportedVersion,
  });
  const refused = managerAt({ 'metadata.version': 24 }, [['Broker 7', [range('transaction.version', 1)]]]);
  const planned = refused.plan([update('transaction.version', 2)]);
  assert.ok(planned instanceof FeatureRefusal);
  assert.match(planned.message, /Broker 7 only supports versions 0-1/);
  assert.ok(refused.plan([update('group.version', 1)]) instanceof FeatureRefusal, 'it never heard of it');
  assert.ok(!(refused.plan([update('transaction.version', 1)]) instanceof FeatureRefusal));
});

test('before eligible replicas are tracked there is one minimum for the cluster, and none of single brokers', () => {
  const configs = new ConfigsImage();
  configs.set(configResourceType.broker, '1', 'min.insync.replicas', '3');
  configs.set(configResourceType.broker, '1', 'log.retention.ms', '3');
  const manager = new FeatureManager({
    nodeId: 1,
    levelOf: (feature) => (feature === 'metadata.version' ? 30 : 0),
    registered: () => [],
    beginTracking: () => beginTracking(configs, 1),
  });
  const planned = manager.plan([update('eligible.leader.replicas.version', 1)]);
  assert.ok(!(planned instanceof FeatureRefusal));
  const ofBroker = { resourceType: configResourceType.broker, name: 'min.insync.replicas' };
  assert.deepEqual(
    planned.records.map((record) => readBack(record).fields),
    [
      { ...ofBroker, resourceName: '', value: '1' },
      { ...ofBroker, resourceName: '1', value: null },
      { name: 'eligible.leader.replicas.version', featureLevel: 1 },
    ],
  );
  configs.set(configResourceType.broker, '', 'min.insync.replicas', '2');
  assert.equal(beginTracking(configs, 1).length, 1);
});
