import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ZERO_UUID } from '../../src/base/uuid.ts';
import { LOST_DIRECTORY, MIGRATING_DIRECTORY, hasOnlineDirectory } from '../../src/metadata/cluster_image.ts';
import { configResourceType } from '../../src/metadata/configs_image.ts';
import { metadataRecord } from '../../src/metadata/metadata_record.ts';
import { RECORD_APPLIERS } from '../../src/metadata/record_appliers.ts';
import type { MetadataRecord } from '../../src/metadata/records.ts';
import { MESSAGES } from '../../src/protocol/schema/catalog.ts';
import { accessControlEntryRecord } from '../../src/protocol/schema/metadata/access_control_entry_record.ts';
import { brokerRegistrationChangeRecord } from '../../src/protocol/schema/metadata/broker_registration_change_record.ts';
import { clearElrRecord } from '../../src/protocol/schema/metadata/clear_elr_record.ts';
import { clientQuotaRecord } from '../../src/protocol/schema/metadata/client_quota_record.ts';
import { configRecord } from '../../src/protocol/schema/metadata/config_record.ts';
import { featureLevelRecord } from '../../src/protocol/schema/metadata/feature_level_record.ts';
import { fenceBrokerRecord } from '../../src/protocol/schema/metadata/fence_broker_record.ts';
import { partitionChangeRecord } from '../../src/protocol/schema/metadata/partition_change_record.ts';
import { partitionRecord } from '../../src/protocol/schema/metadata/partition_record.ts';
import { registerBrokerRecord } from '../../src/protocol/schema/metadata/register_broker_record.ts';
import { removeAccessControlEntryRecord } from '../../src/protocol/schema/metadata/remove_access_control_entry_record.ts';
import { unfenceBrokerRecord } from '../../src/protocol/schema/metadata/unfence_broker_record.ts';
import { unregisterBrokerRecord } from '../../src/protocol/schema/metadata/unregister_broker_record.ts';
import { userScramCredentialRecord } from '../../src/protocol/schema/metadata/user_scram_credential_record.ts';
import { PartitionState } from '../../src/shared-memory/partition_columns.ts';
import {
  apply,
  imageWithColumns,
  NotedChanges,
  partition,
  removal,
  setting,
  topic,
  topicId,
} from './metadata_fixture.ts';

function begun(...records: MetadataRecord[]) {
  const made = imageWithColumns(4);
  const changes = new NotedChanges();
  const take = (...more: MetadataRecord[]): string | null => apply(made.image, changes, ...more);
  assert.equal(take(...records), null);
  return { ...made, changes, take };
}

test('every metadata record of Apache Kafka 4.3 has its applier, in all its versions', () => {
  const ofSchemas = MESSAGES.filter(({ name, apiKey }) => apiKey !== undefined && /^(?!Remote).*Record$/.test(name));
  assert.deepEqual(
    [...RECORD_APPLIERS].map(([type, { name, versionMax }]) => [type, name, versionMax]).toSorted(byNumber),
    ofSchemas.map(({ apiKey, name, maxVersion }) => [apiKey!, name, maxVersion]).toSorted(byNumber),
  );
  assert.equal(RECORD_APPLIERS.size, 26);
});

const byNumber = (a: readonly unknown[], b: readonly unknown[]): number => (a[0] as number) - (b[0] as number);

suite('partitions', () => {
  const [orders, first] = [topicId(1), { topicId: topicId(1), partitionId: 0 }];
  const change = (value: Partial<Parameters<typeof metadataRecord<(typeof partitionChangeRecord)['fields']>>[2]>) =>
    metadataRecord(partitionChangeRecord, 2, { ...first, ...value });
  const whole = metadataRecord(partitionRecord, 2, {
    ...first,
    replicas: [1, 2, 3],
    isr: [1, 2],
    removingReplicas: [],
    addingReplicas: [],
    leader: 1,
    leaderEpoch: 4,
    partitionEpoch: 7,
    directories: [topicId(91), topicId(92), topicId(93)],
    eligibleLeaderReplicas: [3],
    lastKnownElr: null,
  });

  function changedBy(...records: MetadataRecord[]) {
    const node = begun(topic('orders', orders), whole, ...records);
    const state = new PartitionState();
    assert.ok(node.columns.read(node.image.topicByName('orders')!.slotOf(0), state));
    return { ...node, state };
  }

  test('what a change leaves out stays, and the partition epoch rises', () => {
    const { state, changes } = changedBy(change({}));
    assert.deepEqual([state.leader, state.leaderEpoch, state.partitionEpoch], [1, 4, 8]);
    assert.deepEqual([state.replicas, state.isr, state.eligibleLeaderReplicas], [[1, 2, 3], [1, 2], [3]]);
    assert.deepEqual(changes.lines, ['partition orders-0', 'changed orders-0']);
  });

  test('naming the leader raises its epoch, the same one too', () => {
    const { state } = changedBy(
      change({ leader: 1 }),
      change({ leader: -1, isr: [1] }),
      change({ leaderRecoveryState: 1 }),
    );
    assert.deepEqual([state.leader, state.leaderEpoch, state.partitionEpoch], [-1, 6, 10]);
    assert.deepEqual([state.isr, state.leaderRecoveryState], [[1], 1]);
  });

  test('replicas that stay keep their directories, and those that come have none yet', () => {
    const { state } = changedBy(change({ replicas: [4, 3, 1] }));
    assert.deepEqual(state.directories, [ZERO_UUID, topicId(93), topicId(91)]);
  });

  test('a partition of the time before directories was in some directory', () => {
    const { image, columns, take } = begun(topic('orders', orders));
    const old = { ...first, replicas: [1, 2], isr: [1], removingReplicas: [], addingReplicas: [], leader: 1 };
    assert.equal(take(metadataRecord(partitionRecord, 0, { ...old, directories: [] })), null);
    const state = new PartitionState();
    assert.ok(columns.read(image.topicByName('orders')!.slotOf(0), state));
    assert.deepEqual(state.directories, [MIGRATING_DIRECTORY, MIGRATING_DIRECTORY]);
  });

  test('eligible leaders are forgotten, of one topic or of all', () => {
    for (const topicName of ['orders', '']) {
      const { state } = changedBy(metadataRecord(clearElrRecord, 0, { topicName }));
      assert.deepEqual([state.eligibleLeaderReplicas, state.partitionEpoch, state.leaderEpoch], [[], 8, 4]);
    }
    const { take } = begun(topic('orders', orders));
    assert.match(take(metadataRecord(clearElrRecord, 0, { topicName: 'others' }))!, /not there/);
  });

  test('slots of a removed topic are free again, and one too many is refused with the setting’s name', () => {
    const { take, image, columns } = begun(topic('orders', orders));
    for (let index = 0; index < 4; index++) assert.equal(take(partition(orders, index)), null);
    const slots = [...image.topicByName('orders')!.slots];
    assert.match(take(partition(orders, 4))!, /millrace\.partitions\.max/);
    assert.equal(take(removal(orders)), null);
    for (const slot of slots) assert.equal(columns.read(slot, new PartitionState()), false);
    assert.equal(take(topic('orders', topicId(2)), partition(topicId(2), 0)), null);
  });

  test('partitions that cannot be stop the applier', () => {
    const { take } = changedBy();
    for (const record of [
      partition(orders, -1),
      partition(orders, 2 ** 24),
      change({ partitionId: 1 }),
      change({ topicId: topicId(9) }),
      change({ replicas: [1, 2], directories: [topicId(91)] }),
      change({ leaderRecoveryState: 2 }),
    ]) {
      assert.match(take(record)!, /malformed|not there/);
    }
  });
});

suite('brokers', () => {
  const registration = (brokerEpoch: number): MetadataRecord =>
    metadataRecord(registerBrokerRecord, 4, {
      brokerId: 3,
      incarnationId: topicId(3),
      brokerEpoch,
      endPoints: [{ name: 'PLAINTEXT', host: 'b3', port: 9092, securityProtocol: 0 }],
      features: [],
      rack: 'r1',
      logDirs: [topicId(91)],
      cordonedLogDirs: null,
    });
  const change = (value: object): MetadataRecord =>
    metadataRecord(brokerRegistrationChangeRecord, 3, { brokerId: 3, brokerEpoch: 8, ...value });

  test('they come fenced, are unfenced, and go', () => {
    const { image, take, changes } = begun(registration(8));
    assert.equal(image.cluster.brokers.get(3)!.isFenced, true);
    const before = image.cluster.brokers.get(3)!;
    assert.equal(take(metadataRecord(unfenceBrokerRecord, 0, { id: 3, epoch: 8 })), null);
    assert.equal(image.cluster.brokers.get(3)!.isFenced, false);
    assert.equal(before.isFenced, true, 'a registration is not changed in place');
    assert.equal(take(metadataRecord(fenceBrokerRecord, 0, { id: 3, epoch: 8 })), null);
    assert.equal(image.cluster.brokers.get(3)!.isFenced, true);
    assert.equal(take(metadataRecord(unregisterBrokerRecord, 0, { brokerId: 3, brokerEpoch: 8 })), null);
    assert.deepEqual([image.cluster.brokers.size, changes.lines.length], [0, 4]);
  });

  test('a change has the fields that it has', () => {
    const { image, take } = begun(registration(8), change({ fenced: -1 }));
    const told = () => {
      const { isFenced, isInControlledShutdown, logDirectories, cordonedLogDirectories } =
        image.cluster.brokers.get(3)!;
      return [isFenced, isInControlledShutdown, logDirectories, cordonedLogDirectories];
    };
    assert.deepEqual(told(), [false, false, [topicId(91)], null]);
    assert.equal(take(change({ inControlledShutdown: 1 })), null);
    assert.equal(take(change({ logDirs: [topicId(92)], cordonedLogDirs: [topicId(91)] })), null);
    assert.deepEqual(told(), [false, true, [topicId(92)], [topicId(91)]]);
    assert.equal(take(change({ fenced: 1, cordonedLogDirs: [] })), null);
    assert.deepEqual(told(), [true, true, [topicId(92)], []]);
  });

  test('records of another registration stop the applier', () => {
    const { take } = begun(registration(8));
    for (const record of [
      metadataRecord(unfenceBrokerRecord, 0, { id: 3, epoch: 7 }),
      metadataRecord(fenceBrokerRecord, 0, { id: 4, epoch: 8 }),
      change({ brokerEpoch: 9 }),
      change({ fenced: 2 }),
      change({ inControlledShutdown: -1 }),
    ]) {
      assert.match(take(record)!, /not there/);
    }
  });

  test('a log directory is online as far as the registration says', () => {
    const { image } = begun(registration(8));
    const broker = image.cluster.brokers.get(3)!;
    const online = [topicId(91), topicId(92), ZERO_UUID, MIGRATING_DIRECTORY, LOST_DIRECTORY];
    assert.deepEqual(
      online.map((directory) => hasOnlineDirectory(broker, directory)),
      [true, false, true, true, false],
    );
    assert.ok(hasOnlineDirectory({ ...broker, logDirectories: [] }, topicId(92)), 'none were told');
  });
});

suite('settings', () => {
  const config = (resourceType: number, resourceName: string, value: string | null): MetadataRecord =>
    metadataRecord(configRecord, 0, { resourceType, resourceName, name: 'k', value });

  test('of each type of resource, and who is told', () => {
    const { image, changes, take } = begun(topic('orders', topicId(1)));
    assert.equal(take(config(2, 'orders', '1'), config(4, '', '2'), config(4, '7', '3'), config(16, 'm', '4')), null);
    assert.equal(take(config(32, 'g', '5'), config(4, '7', null)), null);
    assert.deepEqual(changes.lines, [
      'configured orders [["k","1"]]',
      "broker '' configured",
      "broker '7' configured",
      "broker '7' configured",
    ]);
    assert.deepEqual(
      [...image.configs.resources()].map(({ type, name, settings }) => [type, name, settings.get('k')]),
      [
        [configResourceType.topic, 'orders', '1'],
        [configResourceType.broker, '', '2'],
        [configResourceType.clientMetrics, 'm', '4'],
        [configResourceType.group, 'g', '5'],
      ],
    );
    assert.match(take(config(8, '7', '1'))!, /type 8/);
  });

  test('of a topic: known by the topic, gone with it, and there before it', () => {
    const { image, take } = begun(
      setting('orders', 'a', '1'),
      topic('orders', topicId(1)),
      setting('orders', 'b', '2'),
    );
    assert.deepEqual(
      [...image.topicByName('orders')!.configs],
      [
        ['a', '1'],
        ['b', '2'],
      ],
    );
    assert.equal(take(removal(topicId(1)), topic('orders', topicId(2))), null);
    assert.deepEqual([...image.topicByName('orders')!.configs], []);
    assert.equal(take(setting('orders', 'c', '3'), setting('orders', 'c', null), setting('orders', 'd', '4')), null);
    assert.deepEqual([...image.topicByName('orders')!.configs], [['d', '4']]);
  });

  test('features: 0 is off, and a metadata.version that this build does not know stops the applier', () => {
    const level = (name: string, featureLevel: number): MetadataRecord =>
      metadataRecord(featureLevelRecord, 0, { name, featureLevel });
    const { image, take, changes } = begun(level('metadata.version', 30), level('group.version', 1));
    assert.deepEqual([image.features.metadataVersion, image.features.level('group.version')], [30, 1]);
    assert.equal(take(level('group.version', 0), level('kraft.version', 1)), null);
    assert.deepEqual([...image.features.levels], [['metadata.version', 30]]);
    assert.equal(changes.lines.length, 4);
    for (const unknown of [6, 31]) assert.match(take(level('metadata.version', unknown))!, /does not know/);
  });

  test('quotas: an entity is its parts in any order, and goes with its last quota', () => {
    const parts = [
      { entityType: 'user', entityName: 'alice' },
      { entityType: 'client-id', entityName: null },
    ];
    const quota = (entity: typeof parts, key: string, remove: boolean): MetadataRecord =>
      metadataRecord(clientQuotaRecord, 0, { entity, key, value: 5.5, remove });
    const { image, take } = begun(quota(parts, 'a', false), quota(parts.toReversed(), 'b', false));
    assert.deepEqual(
      [...image.quotas.of(parts)!.values],
      [
        ['a', 5.5],
        ['b', 5.5],
      ],
    );
    assert.equal(take(quota(parts, 'a', true), quota(parts, 'b', true), quota(parts, 'c', true)), null);
    assert.deepEqual([image.quotas.of(parts), [...image.quotas.entities()]], [undefined, []]);
  });
});

suite('security', () => {
  test('an entry is there until it is removed, once', () => {
    const entry = {
      id: topicId(5),
      resourceType: 2,
      resourceName: 't',
      patternType: 3,
      operation: 3,
      permissionType: 3,
    };
    const { image, take } = begun(metadataRecord(accessControlEntryRecord, 0, { ...entry, principal: 'p', host: '*' }));
    const remove = metadataRecord(removeAccessControlEntryRecord, 0, { id: topicId(5) });
    assert.equal(image.acls.entries.get(topicId(5))!.resourceName, 't');
    assert.equal(take(remove), null);
    assert.match(take(remove)!, /not there/);
  });

  test('a SCRAM mechanism that this build does not know stops the applier', () => {
    const bytes = Uint8Array.of(1, 2);
    const credential = (mechanism: number): MetadataRecord =>
      metadataRecord(userScramCredentialRecord, 0, {
        name: 'alice',
        mechanism,
        salt: bytes,
        storedKey: bytes,
        serverKey: bytes,
        iterations: 4096,
      });
    const { image, take } = begun(credential(1), credential(2));
    assert.equal([...image.scram.credentials()].length, 2);
    assert.deepEqual(image.scram.of(1, 'alice')!.salt, bytes);
    assert.match(take(credential(3))!, /malformed/);
  });
});
