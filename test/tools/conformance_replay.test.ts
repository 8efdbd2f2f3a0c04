import { deepEqual } from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { test } from 'node:test';
import { ByteWriter } from '../../src/base/bytes.ts';
import { ApiKey } from '../../src/protocol/api_keys.ts';
import { codecOf } from '../../src/protocol/codec.ts';
import { apiVersionsResponse } from '../../src/protocol/schema/18_api_versions.ts';
import { initProducerIdResponse } from '../../src/protocol/schema/22_init_producer_id.ts';
import { Broker } from './conformance_broker.ts';
import type { JsonObject } from './conformance_json.ts';
import { encodeRequest } from './conformance_messages.ts';
import { replay } from './conformance_replay.ts';
import type { Step } from './conformance_transcript.ts';
import { kernels, toHex } from './kernels.ts';

const VERSION = 2;
const BODY: JsonObject = { transactionalId: null, transactionTimeoutMs: 1 };

/** What the broker answers to InitProducerId, one after another: an error code and an id, `end`, or `hold`. */
type Answer = readonly [errorCode: number, producerId: number] | 'end' | 'hold';

/** Serves ApiVersions and InitProducerId, as far as the script goes. */
async function scripted(script: Answer[]) {
  const sockets = new Set<Socket>();
  const seen: string[] = [];
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    const held: Buffer[] = [];
    socket.on('data', (bytes: Buffer) => {
      for (let at = 0; at < bytes.length; at += 4 + bytes.readInt32BE(at)) {
        const apiKey = bytes.readInt16BE(at + 4);
        const correlationId = bytes.readInt32BE(at + 8);
        if (apiKey === ApiKey.ApiVersions) {
          socket.write(apiVersions(correlationId));
          continue;
        }
        seen.push(toHex(bytes.subarray(at)));
        const answer = script.shift()!;
        if (answer === 'end') socket.end();
        else if (answer === 'hold') held.push(producerId(correlationId, [0, 77]));
        else socket.write(Buffer.concat([...held.splice(0), producerId(correlationId, answer)]));
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const broker = await Broker.ask(new Map([['PLAINTEXT', { host: '127.0.0.1', port }]]));
  const stop = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return { broker, seen, [Symbol.dispose]: stop };
}

function apiVersions(correlationId: number): Buffer {
  return frame(correlationId, false, (writer) =>
    codecOf(apiVersionsResponse).encode(writer, 0, {
      errorCode: 0,
      apiKeys: [{ apiKey: ApiKey.InitProducerId, minVersion: 0, maxVersion: VERSION }],
    }),
  );
}

function producerId(correlationId: number, [errorCode, id]: readonly [number, number]): Buffer {
  return frame(correlationId, true, (writer) =>
    codecOf(initProducerIdResponse).encode(writer, VERSION, {
      throttleTimeMs: 0,
      errorCode,
      producerId: BigInt(id),
      producerEpoch: 0,
    }),
  );
}

function frame(correlationId: number, isFlexible: boolean, write: (writer: ByteWriter) => void): Buffer {
  const writer = new ByteWriter(kernels.encodeText, 64);
  writer.int32(0);
  writer.int32(correlationId);
  if (isFlexible) writer.noTaggedFields();
  write(writer);
  writer.view.setInt32(0, writer.position - 4);
  return Buffer.from(writer.copyWritten());
}

function step(number: number, more: Partial<Step>): Step {
  const header = { correlationId: number, clientId: 'c' };
  return {
    scenario: 'scenario',
    step: number,
    conn: 'main',
    listener: 'PLAINTEXT',
    api: ApiKey.InitProducerId,
    name: 'InitProducerId',
    version: VERSION,
    header,
    requestHex: toHex(encodeRequest(ApiKey.InitProducerId, VERSION, number, 'c', BODY)),
    outcome: 'response',
    responseHeaderVersion: 1,
    response: { throttleTimeMs: 0, errorCode: 0, producerId: 5, producerEpoch: 0 },
    ...more,
  };
}

async function play(broker: Broker, steps: readonly Step[]): Promise<string[]> {
  const verdicts: string[] = [];
  const scenario = { name: 'scenario', about: '', needsFreshBroker: false, steps };
  await replay(broker, [scenario], {
    began: () => {},
    judged: (_step, verdict) => {
      if (verdict.kind === 'failed')
        verdicts.push(`failed ${verdict.differences.map(({ pointer }) => pointer).join()}`);
      else verdicts.push(verdict.kind === 'skipped' ? `skipped: ${verdict.reason}` : verdict.kind);
    },
  });
  return verdicts;
}

test('answers are compared, and what differs is named', async () => {
  using run = await scripted([
    [0, 5],
    [0, 6],
  ]);
  deepEqual(await play(run.broker, [step(1, {}), step(2, {})]), ['passed', 'failed /producerId']);
});

test('a step is sent again as long as its conditions say, and while a leader is not known', async () => {
  using run = await scripted([
    [3, 5],
    [0, 5],
    [6, 5],
    [0, 5],
    [6, 5],
    [0, 5],
  ]);
  const steps = [step(1, { retryUntil: '/errorCode=0' }), step(2, { retryWhile: '/errorCode=6' }), step(3, {})];
  deepEqual(await play(run.broker, steps), ['passed', 'passed', 'passed']);
  deepEqual(run.seen.length, 6);
});

test('halves of an answer meet by their id; a connection that was closed opens again', async () => {
  using run = await scripted(['hold', [0, 5], [0, 5]]);
  const steps = [
    step(1, { event: 'send', id: 1 }),
    step(2, {}),
    step(3, { event: 'recv', id: 1, response: { throttleTimeMs: 0, errorCode: 0, producerId: 77, producerEpoch: 0 } }),
    step(4, { event: 'close' }),
    step(5, {}),
  ];
  deepEqual(await play(run.broker, steps), ['passed', 'passed', 'passed', 'passed', 'passed']);
});

test('an end is an outcome, expected or not', async () => {
  using run = await scripted(['end', 'end', [0, 5]]);
  const closed = { outcome: 'connection closed' };
  deepEqual(await play(run.broker, [step(1, closed), step(2, {}), step(3, closed)]), ['passed', 'failed ', 'failed ']);
});

test('raw bytes are answered by raw bytes', async () => {
  using run = await scripted([
    [0, 5],
    [0, 6],
  ]);
  const responseHex = toHex(producerId(1, [0, 5]));
  const raw = { event: 'raw', responseHex } as const;
  deepEqual(await play(run.broker, [step(1, raw), step(1, raw)]), ['passed', 'failed ']);
});

test('what is not served is skipped by name, and what needs a value of it', async () => {
  using run = await scripted([[0, 5]]);
  const template = { ...BODY, transactionTimeoutMs: '$timeout' };
  const steps = [
    step(1, { version: 4 }),
    step(2, { api: ApiKey.Heartbeat, name: 'Heartbeat', version: 0, capture: { timeout: '/x' } }),
    step(3, { template }),
    step(4, { listener: 'CONTROLLER' }),
    step(5, {}),
  ];
  deepEqual(await play(run.broker, steps), [
    'skipped: InitProducerId v4 is not served',
    'skipped: Heartbeat is not served',
    'skipped: $timeout was not captured by step 2 (Heartbeat)',
    'skipped: no address is given for the listener CONTROLLER',
    'passed',
  ]);
});

test('where no answer was recorded, silence, an answer and an end are as good', async () => {
  using run = await scripted(['end', [87, -1], [0, 5]]);
  const silent = { outcome: 'no response within 6 s' };
  deepEqual(await play(run.broker, [step(1, silent), step(2, silent), step(3, {})]), ['passed', 'passed', 'passed']);
});
