/**
 * What a message between two threads costs.
 *
 *     node bench/micro/ring.ts
 *
 * First in one thread, without any waiting: the instructions of both sides. Then between two threads: a stream with
 * both awake, and a ping-pong with both asleep between messages (a round trip is two wake-ups). Then the parts: a row
 * published and read, a notice, a counter.
 */
import { Worker } from 'node:worker_threads';
import { measure } from 'mitata';
import type { Threads } from '../../src/port/threads.ts';
import { Channel } from '../../src/shared-memory/channel.ts';
import { counter, CounterBlock } from '../../src/shared-memory/counters.ts';
import { Doorbell } from '../../src/shared-memory/doorbell.ts';
import { allocateSharedMemory, sharedGeometry } from '../../src/shared-memory/layout.ts';
import type { SharedMemory } from '../../src/shared-memory/layout.ts';
import { Notices } from '../../src/shared-memory/notices.ts';
import { PartitionTable, replicaState, RowSnapshot } from '../../src/shared-memory/partition_table.ts';
import { RingReader, RingWriter } from '../../src/shared-memory/ring.ts';
import { ringPlace } from '../../src/shared-memory/thread_memory.ts';
import { waitingThreads } from './ring_threads.ts';

const geometry = sharedGeometry(2, { partitionsMax: 4096, arenaBytes: 1024 * 1024, arenaBudgetBytes: 1024 * 1024 });

function silentThreads(self: number): Threads {
  return { ...waitingThreads(self), wait: () => true, notify: () => {} };
}

function report(name: string, value: number, unit: string): void {
  console.log(`${name.padEnd(64)} ${(value < 10 ? value.toFixed(2) : value.toFixed(1)).padStart(10)} ${unit}`);
}

async function time(name: string, perCall: number, run: () => void): Promise<void> {
  for (let warm = 0; warm < 3000; warm++) run();
  const { p50 } = await measure(run, { min_cpu_time: 200e6 });
  report(name, p50 / perCall, 'ns');
}

function writePayload(view: DataView, position: number, length: number): void {
  for (let at = 0; at < length; at += 4) view.setInt32(position + at, at, true);
}

async function ringInOneThread(batch: number, length: number): Promise<void> {
  const memory = allocateSharedMemory(geometry);
  const place = ringPlace(memory, 1, 2);
  const writer = new RingWriter(place);
  const reader = new RingReader(place);
  let sum = 0;
  const handler = {
    message: (_kind: number, _correlation: number, _extra: number, start: number) => {
      sum += reader.view.getInt32(start, true);
    },
  };
  await time(`ring, ${length} B, batches of ${batch}: one message in and out`, batch, () => {
    for (let count = 0; count < batch; count++) writePayload(writer.view, writer.begin(1, count, length), length);
    writer.publish();
    reader.drain(batch, handler);
  });
  if (sum < 0) console.log(sum);
}

async function channelInOneThread(batch: number): Promise<void> {
  const memory = allocateSharedMemory(geometry);
  const [asks, answers] = [1, 2].map((self) => {
    const peer = 3 - self;
    const bell = new Doorbell(memory.doorbells, silentThreads(self));
    const places = { outgoing: ringPlace(memory, self, peer), incoming: ringPlace(memory, peer, self) };
    return new Channel(peer, { ...places, payloadMax: geometry.ringPayloadMax }, bell);
  }) as [Channel, Channel];
  const answering = {
    request: (_peer: number, _kind: number, correlation: number) => {
      writePayload(answers.view, answers.answer(correlation, 32), 32);
    },
    answer: () => {},
    creditReturned: () => {},
  };
  const asking = { request: () => {}, answer: () => {}, creditReturned: () => {} };
  await time(`channel, 48 B and 32 B, batches of ${batch}: one request and answer`, batch, () => {
    for (let count = 0; count < batch; count++) writePayload(asks.view, asks.request(1, count, 48, 32), 48);
    asks.flush();
    answers.drain(batch, answering);
    answers.flush();
    asks.drain(batch, asking);
  });
}

/** Round trips of `batch` requests with a thread that answers them; both sleep whenever there is nothing. */
async function betweenThreads(memory: SharedMemory, batch: number, rounds: number): Promise<number> {
  const threads = waitingThreads(1);
  const bell = new Doorbell(memory.doorbells, threads);
  const places = { outgoing: ringPlace(memory, 1, 2), incoming: ringPlace(memory, 2, 1) };
  const channel = new Channel(2, { ...places, payloadMax: geometry.ringPayloadMax }, bell);
  let answered = 0;
  let round = 0;
  const handler = { request: () => {}, answer: () => answered++, creditReturned: () => {} };
  const send = (): void => {
    for (let count = 0; count < batch; count++) writePayload(channel.view, channel.request(1, count, 48, 32), 48);
    channel.flush();
  };
  const started = performance.now();
  await new Promise<void>((resolve) => {
    const turn = (): void => {
      for (;;) {
        bell.disarm();
        channel.drain(1024, handler);
        if (answered === batch) {
          answered = 0;
          if (++round === rounds) return resolve();
          send();
        }
        if (bell.arm(() => channel.hasWork(), turn)) return;
      }
    };
    send();
    turn();
  });
  return ((performance.now() - started) * 1e6) / rounds;
}

async function twoThreads(): Promise<void> {
  const memory = allocateSharedMemory(geometry);
  const worker = new Worker(new URL('./ring_threads.ts', import.meta.url), { workerData: memory });
  await new Promise((resolve) => worker.once('message', resolve));
  await betweenThreads(memory, 1, 2000);
  const roundTrip = await betweenThreads(memory, 1, 5000);
  report('two threads asleep: round trip of one request', roundTrip / 1000, 'µs');
  report('two threads asleep: one wake-up with its message', roundTrip / 2000, 'µs');
  for (const batch of [16, 256, 2048]) {
    await betweenThreads(memory, batch, 200);
    const each = (await betweenThreads(memory, batch, 800)) / batch;
    report(`two threads, batches of ${batch}: one request and answer`, each, 'ns');
  }
  await worker.terminate();
}

async function parts(): Promise<void> {
  const memory = allocateSharedMemory(geometry);
  const table = new PartitionTable(memory.rows);
  const row = table.row(5);
  row.state = replicaState.leader;
  row.publish();
  const snapshot = new RowSnapshot();
  let offset = 0;
  await time('row: end offset, watermark, stable offset, bytes; publish', 1, () => {
    offset++;
    row.logEndOffset = offset;
    row.highWatermark = offset;
    row.lastStableOffset = offset;
    row.activeSegmentBytes = offset;
    row.publish();
  });
  await time('row: snapshot of a row published since', 1, () => {
    snapshot.slot = -1;
    table.snapshot(5, snapshot);
  });
  await time('row: snapshot again', 1, () => table.snapshot(5, snapshot));
  await time('row: nobody waits', 1, () => table.takeWaiting(5, () => {}));
  const bell = new Doorbell(memory.doorbells, silentThreads(1));
  const notices = new Notices(memory.notices, geometry.partitionsMax, 1, bell);
  await time('notice: post and take', 1, () => {
    notices.post(1, 77);
    notices.take(() => {});
  });
  await time('notice: post again, not taken yet', 1, () => notices.post(2, 77));
  await time('doorbell: ring a thread that is awake', 1, () => bell.ring(2));
  await time('doorbell: disarm, arm', 1, () => {
    bell.disarm();
    bell.arm(
      () => false,
      () => {},
    );
  });
  const counters = new CounterBlock(memory.counters, 1);
  await time('counter: add', 1, () => counters.add(counter.ringMessages, 1));
}

await ringInOneThread(1, 48);
await ringInOneThread(64, 48);
await ringInOneThread(64, 1024);
await channelInOneThread(1);
await channelInOneThread(64);
await parts();
await twoThreads();
