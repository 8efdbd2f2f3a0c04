import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiTable } from '../../src/api/table.ts';
import { ControlThread } from '../../src/control/control_thread.ts';
import { metadataRequest, metadataResponse } from '../../src/protocol/schema/03_metadata.ts';
import { apiVersionsRequest, apiVersionsResponse } from '../../src/protocol/schema/18_api_versions.ts';
import { describeClusterRequest, describeClusterResponse } from '../../src/protocol/schema/60_describe_cluster.ts';
import { steadyDisk } from '../simulation/disk_faults.ts';
import { Internet, steadyNetwork } from '../simulation/internet.ts';
import { drawProcessOptions } from '../simulation/options.ts';
import { clientPort, nodeConfig, product, roomySettings } from '../simulation/product.ts';
import { SimClientConnection } from '../simulation/sim_client.ts';
import { SimNetwork } from '../simulation/sim_network.ts';
import { SimNode, type NodeProgram } from '../simulation/sim_node.ts';
import { SimThread } from '../simulation/sim_thread.ts';
import { World } from '../simulation/world.ts';

const MINUTE_MS = 60_000;
const CLIENTS = 6;

test('control tells how often each API and version was asked, over all shards', () => {
  const world = new World(3);
  const internet = new Internet(world, steadyNetwork);
  const config = nodeConfig('node', { ...roomySettings, shards: 3, checkpointIntervalMs: MINUTE_MS });
  let control: ControlThread | null = null;
  const watched: NodeProgram = {
    ...product,
    startControl(ports, given, events) {
      const running = product.startControl(ports, given, events);
      assert.ok(running instanceof ControlThread);
      return (control = running);
    },
  };
  const options = { config, process: drawProcessOptions(world.random), disk: steadyDisk, wallRate: 1 };
  const node = new SimNode(world, internet, 'node', watched, options);
  node.start();
  assert.ok(world.runUntil(() => node.state === 'up', MINUTE_MS));
  const counts = (): unknown[] =>
    control!.requestCounts().map(({ api, version, count }) => [api, version, count] as const);
  assert.deepEqual(counts(), [], 'a node asks itself nothing');

  let answers = 0;
  let ended = 0;
  const answered = (): void => void answers++;
  const lost = (): void => assert.fail('the node answers');
  const network = new SimNetwork(internet.host('client'), new SimThread(world, 'client'));
  const connect = (opened: (client: SimClientConnection) => void): void => {
    const client = new SimClientConnection(world, network, { host: 'node', port: clientPort }, 'client', {
      opened: () => opened(client),
      closed: () => void ended++,
    });
  };
  for (let at = 0; at < CLIENTS; at++) {
    connect((client) => {
      const metadata = { request: metadataRequest, response: metadataResponse };
      client.send({ ...metadata, version: 12 }, { topics: [] }, answered, lost);
      client.send({ ...metadata, version: 13 }, { topics: [] }, answered, lost);
      client.send({ ...metadata, version: 13 }, { topics: [] }, answered, lost);
      const cluster = { request: describeClusterRequest, response: describeClusterResponse, version: 0 };
      client.send(cluster, { includeClusterAuthorizedOperations: false }, answered, lost);
    });
  }
  assert.ok(world.runUntil(() => answers === 4 * CLIENTS, MINUTE_MS));
  const served = [
    ['Metadata', 12, CLIENTS],
    ['Metadata', 13, 2 * CLIENTS],
    ['DescribeCluster', 0, CLIENTS],
  ];
  assert.deepEqual(counts(), served);

  // What is not served is one number: an unknown key, a version to come, a version that is gone, half a header.
  for (const start of [[3, 99], [3, 0x7f, 0xff], [0, 0, 0, 1, 0, 0, 0, 9, 0xff, 0xff], [0]]) {
    connect((client) => client.sendRaw(Uint8Array.of(0, 0, 0, start.length, ...start)));
  }
  assert.ok(world.runUntil(() => ended === 4, MINUTE_MS));
  connect((client) => {
    const call = { request: apiVersionsRequest, response: apiVersionsResponse, version: 0 };
    client.send(call, {}, answered, lost);
    // Answered in version 0, and not served all the same.
    client.sendRaw(Uint8Array.of(0, 0, 0, 10, 0, 18, 0x7f, 0xff, 0, 0, 0, 9, 0xff, 0xff));
  });
  assert.ok(
    world.runUntil(() => control!.requestCounts().some(({ api, count }) => api === null && count === 5), MINUTE_MS),
  );
  assert.deepEqual(counts(), [...served.slice(0, 2), ['ApiVersions', 0, 1], served[2], [null, -1, 5]]);
});

test('no two versions that are served are counted as one', () => {
  const kinds = [...apiTable.values()].flatMap(({ kindsFrom, minVersion, maxVersion }) =>
    Array.from({ length: maxVersion - minVersion + 1 }, (_, at) => kindsFrom + at),
  );
  assert.equal(new Set([0, ...kinds]).size, kinds.length + 1);
});
