import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { MetadataHandler } from '../../src/api/03_metadata.ts';
import type { ApiHost } from '../../src/api/host.ts';
import type { Request } from '../../src/api/request.ts';
import { ByteReader, ByteWriter } from '../../src/base/bytes.ts';
import { ZERO_UUID } from '../../src/base/uuid.ts';
import { LOST_DIRECTORY } from '../../src/metadata/cluster_image.ts';
import { metadataRecord } from '../../src/metadata/metadata_record.ts';
import type { MetadataRecord } from '../../src/metadata/records.ts';
import { codecOf } from '../../src/protocol/codec.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import { metadataRequest, metadataResponse } from '../../src/protocol/schema/03_metadata.ts';
import { partitionRecord } from '../../src/protocol/schema/metadata/partition_record.ts';
import { registerBrokerRecord } from '../../src/protocol/schema/metadata/register_broker_record.ts';
import { PartitionTable, replicaState, rowStride } from '../../src/shared-memory/partition_table.ts';
import {
  apply,
  decodeText,
  encodeText,
  imageWithColumns,
  NotedChanges,
  topic,
  topicId,
} from '../metadata/metadata_fixture.ts';

const SELF = 1;
const DIRECTORY = topicId(91);
const LISTENERS = ['PLAINTEXT', 'INSIDE'];

const broker = (brokerId: number, names: readonly string[], fenced = false): MetadataRecord =>
  metadataRecord(registerBrokerRecord, 4, {
    brokerId,
    incarnationId: topicId(brokerId),
    brokerEpoch: brokerId,
    endPoints: names.map((name, index) => ({
      name,
      host: `${name}-${brokerId}`,
      port: 9000 + index,
      securityProtocol: 0,
    })),
    features: [],
    rack: brokerId === 2 ? 'r2' : null,
    fenced,
    logDirs: [DIRECTORY],
  });

const led = (partitionId: number, leader: number, replicas: readonly number[], lost: readonly number[] = []) =>
  metadataRecord(partitionRecord, 1, {
    partitionId,
    topicId: topicId(1),
    replicas,
    isr: replicas.slice(0, 2),
    removingReplicas: [],
    addingReplicas: [],
    leader,
    leaderEpoch: 6,
    partitionEpoch: 9,
    directories: replicas.map((id) => (lost.includes(id) ? LOST_DIRECTORY : DIRECTORY)),
  });

interface Asked {
  readonly version?: number;
  readonly listener?: number;
  /** Of this node's row of the partition. */
  readonly state?: number;
  /** Left out: all. */
  readonly topics?: readonly { readonly name: string | null; readonly topicId: string }[];
}

/** What a node answers about all topics that knows these records. */
function answer(
  records: readonly MetadataRecord[],
  { version = 13, listener = 0, state = replicaState.leader, topics: asked }: Asked,
) {
  const { image, columns } = imageWithColumns(4);
  assert.equal(apply(image, new NotedChanges(), ...records), null);
  const table = new PartitionTable(new SharedArrayBuffer(4 * rowStride));
  for (let slot = 0; slot < 4; slot++) {
    const row = table.row(slot);
    row.state = state;
    row.publish();
  }
  const writer = new ByteWriter(encodeText);
  codecOf(metadataRequest).encode(writer, version, {
    topics: asked ?? (version === 0 ? [] : null),
    allowAutoTopicCreation: version >= 4 ? false : true,
  });
  const body = new ByteReader(decodeText).resetTo(writer.copyWritten());
  const answered = new ByteWriter(encodeText);
  const host = {
    image,
    columns,
    table,
    node: {
      nodeId: SELF,
      clusterId: 'c',
      rack: 'r1',
      listenerName: (index: number) => LISTENERS[index]!,
      endpoint: (index: number) => ({ host: `came-by-${LISTENERS[index]!}`, port: 1000 + index }),
    },
    body: () => body,
    beginAnswer: () => answered,
    complete: () => {},
    refuse: () => assert.fail('it is a request'),
  } as unknown as ApiHost;
  new MetadataHandler().handle({ apiVersion: version, origin: { listener } } as unknown as Request, host);
  const reader = new ByteReader(decodeText).resetTo(answered.copyWritten());
  const decoded = codecOf(metadataResponse).decode(reader, version);
  assert.ok(decoded !== null && reader.remaining === 0);
  const { brokers, topics } = decoded;
  const addresses = brokers.map(({ nodeId, host: name, port, rack }) => [nodeId, `${name}:${port}`, rack]);
  const told = topics.map(({ errorCode, name, topicId: id }) => [errorCode, name, id]);
  return { addresses, partitions: topics.flatMap(({ partitions }) => partitions), topics: told };
}

const orders = topic('orders', topicId(1));
const both = [broker(1, LISTENERS), broker(2, LISTENERS)];

suite('brokers in Metadata', () => {
  test('each by the listener that was asked, this node by the address that was bound', () => {
    assert.deepEqual(answer(both, { listener: 0 }).addresses, [
      [1, 'came-by-PLAINTEXT:1000', null],
      [2, 'PLAINTEXT-2:9000', 'r2'],
    ]);
    assert.deepEqual(answer(both, { listener: 1 }).addresses, [
      [1, 'came-by-INSIDE:1001', null],
      [2, 'INSIDE-2:9001', 'r2'],
    ]);
  });

  test('fenced ones and those without such a listener are not told', () => {
    const records = [broker(1, LISTENERS), broker(2, LISTENERS, true), broker(3, ['INSIDE'])];
    assert.deepEqual(answer(records, {}).addresses, [[1, 'came-by-PLAINTEXT:1000', null]]);
    assert.deepEqual(
      answer([broker(1, LISTENERS, true), broker(2, LISTENERS)], {}).addresses.map(([id]) => id),
      [2],
    );
  });

  test('this node is told before its registration has come back', () => {
    assert.deepEqual(answer([], {}).addresses, [[1, 'came-by-PLAINTEXT:1000', 'r1']]);
  });
});

suite('partitions in Metadata', () => {
  test('leader, epoch and replicas are those of the columns', () => {
    const { partitions } = answer([...both, orders, led(0, 2, [2, 1]), led(1, 1, [1])], {});
    assert.deepEqual(
      partitions.map((one) => [one.errorCode, one.leaderId, one.leaderEpoch, one.replicaNodes, one.isrNodes]),
      [
        [ErrorCode.NONE, 2, 6, [2, 1], [2, 1]],
        [ErrorCode.NONE, 1, 6, [1], [1]],
      ],
    );
    assert.deepEqual(
      partitions.flatMap(({ offlineReplicas }) => offlineReplicas),
      [],
    );
  });

  test('a replica is offline with its broker, with its log directory, or with this node’s log', () => {
    const nodes = [broker(1, LISTENERS), broker(2, LISTENERS, true), broker(3, ['INSIDE']), broker(4, LISTENERS)];
    const records = [...nodes, orders, led(0, 1, [1, 2, 3, 4, 5]), led(1, 1, [1, 4], [4])];
    const offline = (asked: Asked) => answer(records, asked).partitions.map(({ offlineReplicas }) => offlineReplicas);
    assert.deepEqual(offline({}), [[2, 3, 5], [4]]);
    assert.deepEqual(offline({ listener: 1 }), [[2, 5], [4]]);
    assert.deepEqual(offline({ state: replicaState.offline }), [
      [1, 2, 3, 5],
      [1, 4],
    ]);
  });

  test('nobody leads: nobody was elected, or who was cannot be reached, or this node is not ready', () => {
    const records = [...both, broker(3, ['INSIDE']), orders];
    const told = (leader: number, asked: Asked = {}) => {
      const { partitions } = answer([...records, led(0, leader, [1, 2, 3])], asked);
      const { errorCode, leaderId, leaderEpoch } = partitions[0]!;
      return [errorCode, leaderId, leaderEpoch];
    };
    assert.deepEqual(told(-1), [ErrorCode.LEADER_NOT_AVAILABLE, -1, 6]);
    assert.deepEqual(told(9), [ErrorCode.LEADER_NOT_AVAILABLE, -1, 6]);
    assert.deepEqual(told(1, { state: replicaState.opening }), [ErrorCode.LEADER_NOT_AVAILABLE, -1, 6]);
    assert.deepEqual(told(3), [ErrorCode.LISTENER_NOT_FOUND, -1, 6]);
    assert.equal(told(3, { version: 6 })[0], ErrorCode.LISTENER_NOT_FOUND);
    assert.equal(told(3, { version: 5 })[0], ErrorCode.LEADER_NOT_AVAILABLE);
  });

  test('the first version knows none but living replicas', () => {
    const records = [
      ...both,
      broker(3, LISTENERS, true),
      orders,
      led(0, 1, [1, 2]),
      led(1, 1, [1, 3]),
      led(2, -1, [3]),
    ];
    assert.deepEqual(
      answer(records, { version: 0 }).partitions.map((one) => [one.errorCode, one.replicaNodes, one.isrNodes]),
      [
        [ErrorCode.NONE, [1, 2], [1, 2]],
        [ErrorCode.REPLICA_NOT_AVAILABLE, [1], [1]],
        [ErrorCode.LEADER_NOT_AVAILABLE, [], []],
      ],
    );
  });
});

suite('topics in Metadata', () => {
  const ofOrders = [ErrorCode.NONE, 'orders', topicId(1)];

  test('one id makes it a request by ids, each once, whatever the names beside them', () => {
    const topics = [
      { name: '', topicId: topicId(1) },
      { name: 'unknown', topicId: topicId(7) },
      { name: null, topicId: topicId(1) },
      { name: 'orders', topicId: ZERO_UUID },
    ];
    const told = [ofOrders, [ErrorCode.UNKNOWN_TOPIC_ID, null, topicId(7)]];
    assert.deepEqual(answer([...both, orders], { topics }).topics, told);
  });

  test('ids are refused before version 12', () => {
    const byId = [{ name: 'orders', topicId: topicId(1) }];
    const byNoName = [{ name: null, topicId: ZERO_UUID }];
    for (const version of [10, 11]) {
      const refusal = (name: string, id: string) => [[ErrorCode.INVALID_REQUEST, name, id]];
      assert.deepEqual(answer([...both, orders], { version, topics: byId }).topics, refusal('orders', topicId(1)));
      assert.deepEqual(answer([...both, orders], { version, topics: byNoName }).topics, refusal('', ZERO_UUID));
    }
    assert.deepEqual(answer([...both, orders], { version: 12, topics: byId }).topics, [ofOrders]);
  });
});
