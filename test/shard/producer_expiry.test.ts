import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTopicsRequest, createTopicsResponse } from '../../src/protocol/schema/19_create_topics.ts';
import {
  describeProducersRequest,
  describeProducersResponse,
} from '../../src/protocol/schema/61_describe_producers.ts';
import { produceRequest, produceResponse } from '../../src/protocol/schema/00_produce.ts';
import type { Decoded, Encodable, Fields, Message } from '../../src/protocol/schema_language.ts';
import { makeBatch } from '../log/batches.ts';
import { steadyDisk } from '../simulation/disk_faults.ts';
import { Internet, steadyNetwork } from '../simulation/internet.ts';
import { drawProcessOptions } from '../simulation/options.ts';
import { clientPort, nodeConfig, product, roomySettings } from '../simulation/product.ts';
import { SimClientConnection, type Call } from '../simulation/sim_client.ts';
import { SimNetwork } from '../simulation/sim_network.ts';
import { SimNode } from '../simulation/sim_node.ts';
import { SimThread } from '../simulation/sim_thread.ts';
import { World } from '../simulation/world.ts';

const HOUR_MS = 3_600_000;
const PRODUCER_ID = 7;

test('a producer that has not written for producer.id.expiration.ms is forgotten while the log is open', () => {
  const world = new World(1);
  const internet = new Internet(world, steadyNetwork);
  const config = nodeConfig('node', roomySettings);
  const options = { config, process: drawProcessOptions(world.random), disk: steadyDisk, wallRate: 1 };
  const node = new SimNode(world, internet, 'node', product, options);
  node.start();
  assert.ok(world.runUntil(() => node.state === 'up', HOUR_MS));
  const thread = new SimThread(world, 'client');
  const network = new SimNetwork(internet.host('client'), thread);

  /** Asks on a connection of its own, which may have been idle for too long otherwise. */
  const ask = <Request extends Fields, Response extends Fields>(
    call: Call<Request, Response>,
    body: Encodable<Message<Request>>,
  ): Decoded<Message<Response>> => {
    let response: Decoded<Message<Response>> | null = null;
    const client: SimClientConnection = new SimClientConnection(
      world,
      network,
      { host: 'node', port: clientPort },
      'client',
      {
        opened: () => client.send(call, body, (answer) => (response = answer), assert.fail),
        closed: () => {},
      },
    );
    assert.ok(world.runUntil(() => response !== null, HOUR_MS));
    client.close();
    return response!;
  };
  const topic = { name: 'orders', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };
  const creation = { request: createTopicsRequest, response: createTopicsResponse, version: 7 };
  assert.equal(ask(creation, { topics: [topic] }).topics[0]!.errorCode, 0);
  const producer = { id: PRODUCER_ID, epoch: 0, baseSequence: 0 };
  const records = makeBatch({ baseOffset: 0, timestamps: [node.wall.nowMs()], producer });
  const produce = { request: produceRequest, response: produceResponse, version: 12 };
  const sent = ask(produce, {
    acks: -1,
    timeoutMs: 1000,
    topicData: [{ name: 'orders', partitionData: [{ index: 0, records }] }],
  });
  assert.equal(sent.responses[0]!.partitionResponses[0]!.errorCode, 0);

  const description = { request: describeProducersRequest, response: describeProducersResponse, version: 0 };
  const known = (): number[] => {
    const { topics } = ask(description, { topics: [{ name: 'orders', partitionIndexes: [0] }] });
    return topics[0]!.partitions[0]!.activeProducers.map(({ producerId }) => Number(producerId));
  };
  assert.deepEqual(known(), [PRODUCER_ID]);
  world.runFor(23 * HOUR_MS);
  assert.deepEqual(known(), [PRODUCER_ID], 'a day is not over');
  world.runFor(1.5 * HOUR_MS);
  assert.deepEqual(known(), []);
});
