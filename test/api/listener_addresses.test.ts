/** Addresses in answers are those of the listener that the request came by. Metadata: metadata.test.ts. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { describeClusterHandler } from '../../src/api/60_describe_cluster.ts';
import type { ApiHost } from '../../src/api/host.ts';
import type { Request } from '../../src/api/request.ts';
import { ByteReader, ByteWriter } from '../../src/base/bytes.ts';
import { uuidOfWords } from '../../src/base/uuid.ts';
import { metadataRecord } from '../../src/metadata/metadata_record.ts';
import type { MetadataRecord } from '../../src/metadata/records.ts';
import { codecOf } from '../../src/protocol/codec.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import { produceRequest, produceResponse } from '../../src/protocol/schema/00_produce.ts';
import { fetchRequest, fetchResponse } from '../../src/protocol/schema/01_fetch.ts';
import { describeClusterRequest, describeClusterResponse } from '../../src/protocol/schema/60_describe_cluster.ts';
import { registerBrokerRecord } from '../../src/protocol/schema/metadata/register_broker_record.ts';
import { registerControllerRecord } from '../../src/protocol/schema/metadata/register_controller_record.ts';
import { PartitionColumnsWriter } from '../../src/shared-memory/partition_columns.ts';
import { replicaState } from '../../src/shared-memory/partition_table.ts';
import {
  apply,
  decodeText,
  encodeText,
  imageWithColumns,
  NotedChanges,
  topicId,
} from '../metadata/metadata_fixture.ts';
import { valuesOf } from '../shared-memory/partition_values.ts';
import { frameOf, HERE, LISTENERS, SmallShard, TOPIC } from '../shard/small_shard.ts';

const endpoints = (id: number, names: readonly string[]) =>
  names.map((name, index) => ({ name, host: `${name}-${id}`, port: 9000 + index, securityProtocol: 0 }));

const broker = (brokerId: number, names: readonly string[], fenced = false): MetadataRecord =>
  metadataRecord(registerBrokerRecord, 4, {
    brokerId,
    incarnationId: topicId(brokerId),
    brokerEpoch: brokerId,
    endPoints: endpoints(brokerId, names),
    features: [],
    rack: brokerId === 2 ? 'r2' : null,
    fenced,
    logDirs: [],
  });

const controller = (controllerId: number): MetadataRecord =>
  metadataRecord(registerControllerRecord, 0, {
    controllerId,
    incarnationId: topicId(controllerId),
    zkMigrationReady: false,
    endPoints: endpoints(controllerId, ['CONTROLLER']),
    features: [],
  });

const CONTROLLER_LISTENER = 2;

/** What node 1 answers to DescribeCluster that knows these records. */
function describe(
  records: readonly MetadataRecord[],
  asked: { listener?: number; version?: number; endpointType?: number; includeFencedBrokers?: boolean } = {},
) {
  const { image } = imageWithColumns(4);
  assert.equal(apply(image, new NotedChanges(), ...records), null);
  const { listener = 0, version = 2, endpointType = 1, includeFencedBrokers = false } = asked;
  const writer = new ByteWriter(encodeText);
  const body = { includeClusterAuthorizedOperations: false, endpointType, includeFencedBrokers };
  codecOf(describeClusterRequest).encode(writer, version, body);
  const reader = new ByteReader(decodeText).resetTo(writer.copyWritten());
  const answered = new ByteWriter(encodeText);
  const names = [...LISTENERS, 'CONTROLLER'];
  const host = {
    image,
    node: {
      nodeId: 1,
      clusterId: 'c',
      rack: 'r1',
      listenerName: (index: number) => names[index]!,
      endpoint: (index: number) => ({ host: `came-by-${names[index]!}`, port: 1000 + index }),
      isControllerListener: (index: number) => index === CONTROLLER_LISTENER,
    },
    body: () => reader,
    beginAnswer: () => answered,
    complete: () => {},
    refuse: () => assert.fail('it is a request'),
  } as unknown as ApiHost;
  describeClusterHandler.handle({ apiVersion: version, origin: { listener } } as unknown as Request, host);
  const decoded = codecOf(describeClusterResponse).decode(
    new ByteReader(decodeText).resetTo(answered.copyWritten()),
    version,
  )!;
  assert.equal(decoded.errorCode, ErrorCode.NONE);
  const nodes = decoded.brokers.map(({ brokerId, host: name, port, rack, isFenced }) => [
    brokerId,
    `${name}:${port}`,
    rack,
    isFenced,
  ]);
  return { nodes, controllerId: decoded.controllerId };
}

suite('DescribeCluster', () => {
  const all = [broker(1, LISTENERS), broker(2, LISTENERS), broker(3, LISTENERS, true), broker(4, ['INSIDE'])];

  test('tells brokers by the listener that was asked, this one by the address that was bound', () => {
    assert.deepEqual(describe(all, { listener: 0 }).nodes, [
      [1, 'came-by-PLAINTEXT:1000', null, false],
      [2, 'PLAINTEXT-2:9000', 'r2', false],
    ]);
    assert.deepEqual(describe(all, { listener: 1 }).nodes, [
      [1, 'came-by-INSIDE:1001', null, false],
      [2, 'INSIDE-2:9001', 'r2', false],
      [4, 'INSIDE-4:9000', null, false],
    ]);
  });

  test('tells fenced brokers to those who ask for them, from version 2 on', () => {
    const asked = { includeFencedBrokers: true };
    const fenced = [3, 'PLAINTEXT-3:9000', null, true];
    assert.deepEqual(describe(all, asked).nodes.slice(1), [[2, 'PLAINTEXT-2:9000', 'r2', false], fenced]);
    assert.deepEqual(describe([broker(1, LISTENERS, true)], asked).nodes, [[1, 'came-by-PLAINTEXT:1000', null, true]]);
    for (const version of [0, 1]) assert.equal(describe(all, { version }).nodes.length, 2);
  });

  test('names a broker that is not fenced as the controller, itself if it can', () => {
    assert.equal(describe([]).controllerId, 1);
    assert.equal(describe(all).controllerId, 1);
    assert.equal(
      describe([broker(1, LISTENERS, true), broker(3, LISTENERS, true), broker(2, LISTENERS)]).controllerId,
      2,
    );
    assert.equal(describe([broker(1, LISTENERS, true)]).controllerId, -1);
  });

  test('tells controllers on a listener of controllers', () => {
    const records = [...all, controller(1), controller(7)];
    const { nodes, controllerId } = describe(records, { listener: CONTROLLER_LISTENER, endpointType: 2 });
    assert.deepEqual(nodes, [
      [1, 'came-by-CONTROLLER:1002', null, false],
      [7, 'CONTROLLER-7:9000', null, false],
    ]);
    assert.equal(controllerId, 1);
  });
});

suite('leaders elsewhere (KIP-951)', () => {
  const TOPIC_ID = uuidOfWords(1, 2, 3, 4);
  const OTHERS = [
    { nodeId: 2, host: 'PLAINTEXT-2', port: 9000, rack: 'r2' },
    { nodeId: 2, host: 'INSIDE-2', port: 9001, rack: 'r2' },
  ];

  /** A shard that does not lead the topic's first partition: broker 2 does, in epoch 6. */
  function follower(): SmallShard {
    const shard = new SmallShard();
    assert.equal(apply(shard.image, new NotedChanges(), broker(1, LISTENERS), broker(2, LISTENERS)), null);
    const row = shard.memory.table.row(HERE);
    row.state = replicaState.follower;
    row.publish();
    const { partitionColumns, idLists, geometry } = shard.shared;
    new PartitionColumnsWriter(partitionColumns, idLists, geometry.partitionsMax).write(
      HERE,
      Int32Array.of(1, 2, 3, 4),
      HERE,
      { ...valuesOf(2), leaderEpoch: 6 },
    );
    return shard;
  }

  /** The body of the one answer, behind the tags of its header. */
  function ask(shard: SmallShard, listener: number, frame: Uint8Array): ByteReader {
    const socket = shard.connect(listener);
    socket.deliver(frame);
    shard.settle();
    return new ByteReader(decodeText).resetTo(socket.takeSent().subarray(9));
  }

  test('Produce tells where, by the listener that was asked', () => {
    for (const version of [9, 10, 12, 13]) {
      for (const listener of LISTENERS.keys()) {
        const records = new Uint8Array(100);
        const view = new DataView(records.buffer);
        view.setInt32(8, records.length - 12);
        view.setInt8(16, 2);
        const frame = frameOf(produceRequest, version, 7, {
          transactionalId: null,
          acks: -1,
          timeoutMs: 1000,
          topicData: [
            { ...(version >= 13 ? { topicId: TOPIC_ID } : { name: TOPIC }), partitionData: [{ index: HERE, records }] },
          ],
        });
        const answer = codecOf(produceResponse).decode(ask(follower(), listener, frame), version)!;
        const outcome = answer.responses[0]!.partitionResponses[0]!;
        assert.equal(outcome.errorCode, ErrorCode.NOT_LEADER_OR_FOLLOWER);
        const isTold = version >= 10;
        assert.deepEqual(
          [outcome.currentLeader.leaderId, outcome.currentLeader.leaderEpoch],
          isTold ? [2, 6] : [-1, -1],
        );
        assert.deepEqual(answer.nodeEndpoints, isTold ? [OTHERS[listener]] : []);
      }
    }
  });

  test('Fetch tells where, by the listener that was asked', () => {
    for (const version of [12, 15, 16, 18]) {
      for (const listener of LISTENERS.keys()) {
        const frame = frameOf(fetchRequest, version, 7, {
          ...(version < 15 ? { replicaId: -1 } : {}),
          maxWaitMs: 0,
          minBytes: 0,
          sessionEpoch: -1,
          topics: [
            {
              ...(version >= 13 ? { topicId: TOPIC_ID } : { topic: TOPIC }),
              partitions: [{ partition: HERE, fetchOffset: 0, partitionMaxBytes: 1000 }],
            },
          ],
          forgottenTopicsData: [],
        });
        const answer = codecOf(fetchResponse).decode(ask(follower(), listener, frame), version)!;
        const told = answer.responses[0]!.partitions[0]!;
        assert.equal(told.errorCode, ErrorCode.NOT_LEADER_OR_FOLLOWER);
        const isTold = version >= 16;
        assert.deepEqual([told.currentLeader.leaderId, told.currentLeader.leaderEpoch], isTold ? [2, 6] : [-1, -1]);
        assert.deepEqual(answer.nodeEndpoints, isTold ? [OTHERS[listener]] : []);
      }
    }
  });
});
