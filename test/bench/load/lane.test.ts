// Lanes against a server of the test's own, which cuts its answers wherever it likes.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { CatchUpTraffic } from '../../../bench/load/fetch.ts';
import {
  fetchAnswer,
  fetchFrame,
  fetchOffsetAt,
  PRODUCE_TAIL,
  produceAnswer,
  produceErrorAt,
  produceHead,
} from '../../../bench/load/frames.ts';
import { PipelinedLane, Run, type Lane } from '../../../bench/load/lane.ts';
import { ProduceTraffic, UnansweredLane, type ProduceShape } from '../../../bench/load/produce.ts';
import { buildBatch } from '../../../bench/load/record_batch.ts';
import { LogLinearHistogram } from '../../../bench/measure/histogram.ts';

const topic = { name: 'bench-topic', id: new Uint8Array(16) };
const version = 13;

/** Hands each whole frame to `serve`, which writes answers. */
async function startServer(context: TestContext, serve: (frame: Buffer, socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    let received = Buffer.alloc(0);
    socket.on('error', () => {});
    socket.on('data', (bytes: Buffer) => {
      received = Buffer.concat([received, bytes]);
      while (received.length >= 4 && received.length >= 4 + received.readInt32BE(0)) {
        const size = 4 + received.readInt32BE(0);
        serve(Buffer.from(received.subarray(0, size)), socket);
        received = received.subarray(size);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** The answer with the correlation id of the request. */
function answerTo(frame: Buffer, answer: Buffer): Buffer {
  const copy = Buffer.from(answer);
  frame.copy(copy, 4, 8, 12);
  return copy;
}

function runLane(lane: Lane, quota: number, untilMs = Number.POSITIVE_INFINITY): Promise<Run> {
  const { promise, resolve, reject } = Promise.withResolvers<Run>();
  const run: Run = new Run(1, untilMs, new LogLinearHistogram(), (error) =>
    error === null ? resolve(run) : reject(error),
  );
  lane.begin(run, quota);
  return promise;
}

function produceShape(changes: Partial<ProduceShape> = {}): ProduceShape {
  return { version, topic, partitions: 3, acks: -1, inFlight: 5, firstPartition: 1, ...changes };
}

for (const batchBytes of [200, 100_000]) {
  test(`a produce lane sends whole frames of ${batchBytes} bytes to the partitions in turn`, async (context) => {
    const batch = buildBatch({ recordBytes: 200, batchBytes }, 0);
    const expected = Array.from({ length: 5 }, (_, slot) =>
      Buffer.concat([
        produceHead(version, slot, topic, (1 + slot) % 3, -1, batch.bytes.length),
        batch.bytes,
        PRODUCE_TAIL,
      ]),
    );
    let frames = 0;
    const pieces: Buffer[] = [];
    const pump = (socket: Socket): void => {
      socket.write(pieces.shift()!);
      if (pieces.length > 0) setImmediate(pump, socket);
    };
    const port = await startServer(context, (frame, socket) => {
      assert.ok(frame.equals(expected[frames++ % 5]!));
      // Cut a byte further on each time, so that answers arrive in pieces of every length.
      const answer = answerTo(frame, produceAnswer(version, topic));
      const cut = frames % answer.length;
      pieces.push(answer.subarray(0, cut), answer.subarray(cut));
      if (pieces.length === 2) setImmediate(pump, socket);
    });
    const lane = await PipelinedLane.open('127.0.0.1', port, 5, new ProduceTraffic(produceShape(), batch));
    context.after(() => lane.close());
    const run = await runLane(lane, 203);
    assert.equal(run.requests, 203);
    assert.equal(run.payloadBytes, 203 * batch.bytes.length);
    assert.equal(run.latencyUs.total, 203);
    // The slots go on where the first run left them.
    assert.equal((await runLane(lane, 11)).requests, 11);
    assert.equal(frames, 214);
  });
}

test('a refused request ends the run with its error', async (context) => {
  const batch = buildBatch({ recordBytes: 200, batchBytes: 200 }, 0);
  const refusal = produceAnswer(version, topic);
  refusal.writeInt16BE(87, produceErrorAt(version, topic));
  const port = await startServer(context, (frame, socket) => socket.write(answerTo(frame, refusal)));
  const lane = await PipelinedLane.open('127.0.0.1', port, 5, new ProduceTraffic(produceShape(), batch));
  context.after(() => lane.close());
  await assert.rejects(runLane(lane, 10), /error 87/);
});

test('answers out of order and closed connections end the run', async (context) => {
  const batch = buildBatch({ recordBytes: 200, batchBytes: 200 }, 0);
  const swapped = await startServer(context, (_frame, socket) => {
    const answer = produceAnswer(version, topic);
    answer.writeInt32BE(3, 4);
    socket.write(answer);
  });
  const lane = await PipelinedLane.open('127.0.0.1', swapped, 5, new ProduceTraffic(produceShape(), batch));
  context.after(() => lane.close());
  await assert.rejects(runLane(lane, 10), /correlation id 3, not 0/);

  const closing = await startServer(context, (_frame, socket) => socket.destroy());
  const other = await PipelinedLane.open('127.0.0.1', closing, 5, new ProduceTraffic(produceShape(), batch));
  context.after(() => other.close());
  await assert.rejects(runLane(other, 10));
});

test('a run that is over sends nothing, and waits for what is in flight', async (context) => {
  const batch = buildBatch({ recordBytes: 200, batchBytes: 200 }, 0);
  const port = await startServer(context, () => assert.fail('a frame came'));
  const lane = await PipelinedLane.open('127.0.0.1', port, 5, new ProduceTraffic(produceShape(), batch));
  context.after(() => lane.close());
  assert.equal((await runLane(lane, 10, 0)).requests, 0);
});

test('acks=0: every frame arrives, and one request at the end is answered', async (context) => {
  const batch = buildBatch({ recordBytes: 200, batchBytes: 200 }, 0);
  let produced = 0;
  const port = await startServer(context, (frame, socket) => {
    if (frame.readInt16BE(4) === 0) produced++;
    else socket.write(answerTo(frame, Buffer.from([0, 0, 0, 4, 0, 0, 0, 0])));
  });
  const lane = await UnansweredLane.open('127.0.0.1', port, produceShape({ acks: 0 }), batch);
  context.after(() => lane.close());
  const run = await runLane(lane, 23);
  assert.equal(run.requests, 23);
  assert.equal(produced, 23);
});

test('catch-up walks the log in whole batches and begins again where an answer would not be filled', async (context) => {
  const batch = buildBatch({ recordBytes: 100, batchBytes: 1000 }, 0);
  const fetch = { maxWaitMs: 500, minBytes: 1, maxBytes: 3500, partitionMaxBytes: 3500 };
  const fetchVersion = 18;
  const offsets: number[] = [];
  const port = await startServer(context, (frame, socket) => {
    offsets.push(Number(frame.readBigInt64BE(fetchOffsetAt(fetchVersion, topic))));
    assert.equal(frame.length, fetchFrame(fetchVersion, 0, topic, 0, 0, fetch).length);
    // Three whole batches, and a fourth cut short.
    const { head, tail } = fetchAnswer(fetchVersion, topic, 3500);
    socket.write(answerTo(frame, Buffer.concat([head, Buffer.alloc(3500), tail])));
  });
  const traffic = new CatchUpTraffic({
    version: fetchVersion,
    topic,
    partitions: 1,
    inFlight: 1,
    firstPartition: 0,
    batchBytes: batch.bytes.length,
    recordsPerBatch: batch.records,
    batchesPerPartition: 8,
    firstBatches: [1],
    fetch,
  });
  const lane = await PipelinedLane.open('127.0.0.1', port, 1, traffic);
  context.after(() => lane.close());
  const run = await runLane(lane, 5);
  assert.deepEqual(
    offsets,
    [1, 4, 0, 3, 0].map((batches) => batches * batch.records),
  );
  assert.equal(run.payloadBytes, 5 * 3 * batch.bytes.length);
});
