/**
 * What a start costs, how much more with many partitions, what it costs to make them, and what a broker takes that rests.
 * Of the built package (`npm run build` first), each run a process of its own:
 *
 *     node bench/micro/start.ts cold                 to the first answered Metadata, formatted and empty
 *     node bench/micro/start.ts many                 the same with 5,000 partitions × 2 segments, after a clean stop
 *     node bench/micro/start.ts killed               the same after kill -9 with 20 logs written since the last start
 *     node bench/micro/start.ts create               a topic of 5,000 partitions made, each written once
 *     node bench/micro/start.ts rest                 CPU and memory of a broker that nobody asks for anything
 *
 * `--runs N`, `--partitions N`, `--shards N`, `--directory PATH`; `--node-option X` (repeated) goes to the broker's Node. Times are from `spawn` on, seen by a
 * client that tries to connect each millisecond. CPU is the broker's, all threads, up to that moment. With partitions a
 * broker is at rest 3 s later: its threads give back what the start has left in their heaps when they have nothing to do.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  checkCreateTopic,
  createTopicFrame,
  metadataFrame,
  produceErrorAt,
  produceHead,
  PRODUCE_TAIL,
  readMetadata,
  type TopicMetadata,
} from '../load/frames.ts';
import { buildBatch } from '../load/record_batch.ts';
import { cpuSecondsBetween, parseStat, readProcessCpu } from '../measure/proc_stat.ts';
import { median } from '../measure/statistics.ts';

const PROGRAM = fileURLToPath(new URL('../../dist/launch.cjs', import.meta.url));
const TOPIC = 'many';
const PRODUCE_VERSION = 13;
const CONNECTIONS = 4;
const IN_FLIGHT = 5;
const WAIT_MS = 120_000;
const SETTLE_MS = 3000;
/** An answer about thousands of partitions costs the broker 10 ms and more: it is not asked without a pause. */
const ASK_AGAIN_MS = 50;
const REST_MS = 20_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '10' },
    partitions: { type: 'string', default: '5000' },
    shards: { type: 'string', default: '2' },
    directory: { type: 'string', default: tmpdir() },
    'node-option': { type: 'string', multiple: true, default: [] },
  },
});
const runs = Number(values.runs);
const partitions = Number(values.partitions);
const scratch = mkdtempSync(join(values.directory, 'millrace-start-'));
process.setMaxListeners(0);
process.once('exit', () => rmSync(scratch, { recursive: true, force: true }));
const log = (text: string): void => void process.stdout.write(`${text}\n`);

/** One life of a broker on the directory of the whole run. */
class Broker {
  readonly #child: ChildProcess;
  readonly port: number;
  readonly startedMs = performance.now();
  #errors = '';

  constructor(directory: string, port: number) {
    const program = ['--port', String(port), '--data-dir', directory, '--shards', values.shards];
    this.port = port;
    this.#child = spawn(process.execPath, [...values['node-option'], PROGRAM, ...program], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child.stderr!.on('data', (text: Buffer) => (this.#errors += text.toString()));
    process.once('exit', () => this.#child.kill('SIGKILL'));
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** CPU of all threads so far, ended ones too. */
  get cpuSeconds(): number {
    const { user, kernel } = parseStat(readFileSync(`/proc/${this.pid}/stat`, 'utf8'));
    return user + kernel;
  }

  get residentMiB(): number {
    return residentOf(this.pid);
  }

  async connected(): Promise<Socket> {
    for (;;) {
      const socket = await tryConnect(this.port);
      if (socket !== null) return socket;
      if (this.#child.exitCode !== null || performance.now() > this.startedMs + WAIT_MS) {
        throw new Error(`the broker does not answer:\n${this.#errors}`);
      }
      await delay(1);
    }
  }

  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill(signal);
    await ended;
  }
}

interface Figures {
  readonly ms: number;
  readonly cpuSeconds: number;
  readonly residentMiB: number;
}

/** Starts a broker and waits until a Metadata answer shows `expected` partitions of the topic with a leader. */
async function startOnce(directory: string, expected: number): Promise<{ broker: Broker; figures: Figures }> {
  const broker = new Broker(directory, await freePort());
  const frame = metadataFrame(0, TOPIC);
  let socket = await broker.connected();
  for (;;) {
    const answer = await exchange(socket, frame).catch(() => null);
    if (answer !== null && readMetadata(answer).ready >= expected) break;
    // The probe for a taken port accepts for a moment.
    if (answer === null) socket = await broker.connected();
    else await delay(ASK_AGAIN_MS);
  }
  const ms = performance.now() - broker.startedMs;
  const figures = { ms, cpuSeconds: broker.cpuSeconds, residentMiB: broker.residentMiB };
  socket.destroy();
  return { broker, figures };
}

/** Repeated starts of one directory; the first, which warms the compile cache, does not count. */
async function measureStarts(
  name: string,
  directory: string,
  expected: number,
  before?: (broker: Broker) => Promise<void>,
): Promise<void> {
  const all: Figures[] = [];
  const rest: number[] = [];
  for (let run = 0; run <= runs; run++) {
    const { broker, figures } = await startOnce(directory, expected);
    if (run > 0) all.push(figures);
    await delay(expected === 0 ? 300 : SETTLE_MS);
    if (run > 0) rest.push(broker.residentMiB);
    await before?.(broker);
    await broker.stop(before === undefined ? 'SIGTERM' : 'SIGKILL');
  }
  const least = (of: (one: Figures) => number): number => Math.min(...all.map(of));
  const middle = (of: (one: Figures) => number): number => median(all.map(of));
  log(
    `${name}: ${least(({ ms }) => ms).toFixed(0)} ms at least, ${middle(({ ms }) => ms).toFixed(0)} ms median; ` +
      `CPU ${least(({ cpuSeconds }) => cpuSeconds).toFixed(2)} s at least, ${middle(({ cpuSeconds }) => cpuSeconds).toFixed(2)} s median; ` +
      `resident ${middle(({ residentMiB }) => residentMiB).toFixed(0)} MiB then, ${median(rest).toFixed(0)} MiB at rest (${runs} runs)`,
  );
}

async function cold(): Promise<void> {
  await measureStarts('cold', join(scratch, 'cold'), 0);
}

async function many(): Promise<void> {
  await measureStarts('empty', join(scratch, 'empty'), 0);
  const directory = await buildMany();
  await measureStarts(`${partitions} partitions × 2 segments`, directory, partitions);
}

async function killed(): Promise<void> {
  const directory = await buildMany();
  await measureStarts(`${partitions} partitions × 2 segments, killed`, directory, partitions, async (broker) => {
    const topic = await topicOf(broker);
    await writeEach(broker, topic, Date.now(), Math.min(20, partitions));
  });
}

/** A directory with two segments in each partition: each batch is a second later than the one before. */
async function buildMany(): Promise<string> {
  const directory = join(scratch, 'many');
  const { broker } = await startOnce(directory, 0);
  const topic = await createTopic(broker, { 'segment.ms': '1', 'segment.jitter.ms': '0' });
  const nowMs = Date.now();
  for (const timestampMs of [nowMs - 2000, nowMs - 1000]) await writeEach(broker, topic, timestampMs, partitions);
  await broker.stop();
  return directory;
}

async function create(): Promise<void> {
  const made: Figures[] = [];
  for (let run = 0; run < runs; run++) {
    const directory = join(scratch, `create-${run}`);
    const { broker } = await startOnce(directory, 0);
    await delay(500);
    const cpuBefore = broker.cpuSeconds;
    const startMs = performance.now();
    const topic = await createTopic(broker, {});
    const createdMs = performance.now() - startMs;
    const createdCpu = broker.cpuSeconds - cpuBefore;
    await writeEach(broker, topic, Date.now(), partitions);
    const figures = {
      ms: performance.now() - startMs,
      cpuSeconds: broker.cpuSeconds - cpuBefore,
      residentMiB: broker.residentMiB,
    };
    made.push(figures);
    log(
      `  created in ${createdMs.toFixed(0)} ms with ${createdCpu.toFixed(2)} CPU-s; written too in ` +
        `${figures.ms.toFixed(0)} ms with ${figures.cpuSeconds.toFixed(2)} CPU-s; ${figures.residentMiB.toFixed(0)} MiB`,
    );
    await broker.stop();
    rmSync(directory, { recursive: true, force: true });
  }
  const ms = made.map((one) => one.ms);
  const cpu = made.map((one) => one.cpuSeconds);
  log(
    `${partitions} partitions made and written: ${Math.min(...ms).toFixed(0)} ms at least, ${median(ms).toFixed(0)} median; ` +
      `CPU ${Math.min(...cpu).toFixed(2)} s at least, ${median(cpu).toFixed(2)} median`,
  );
}

async function rest(): Promise<void> {
  const { broker } = await startOnce(join(scratch, 'rest'), 0);
  await delay(SETTLE_MS);
  const cpuBefore = readProcessCpu(broker.pid);
  const startMs = performance.now();
  await delay(REST_MS);
  const used = cpuSecondsBetween(cpuBefore, readProcessCpu(broker.pid));
  const share = (used * 1000) / (performance.now() - startMs);
  log(`at rest: ${(share * 100).toFixed(2)} % CPU, ${broker.residentMiB.toFixed(1)} MiB resident`);
  const status = readFileSync(`/proc/${broker.pid}/status`, 'utf8');
  log(
    status
      .split('\n')
      .filter((line) => /^(?:Rss|VmHWM|Threads)/.test(line))
      .join('\n'),
  );
  await broker.stop();
}

async function createTopic(broker: Broker, configs: Readonly<Record<string, string>>): Promise<TopicMetadata> {
  const socket = await broker.connected();
  checkCreateTopic(await exchange(socket, createTopicFrame(0, TOPIC, partitions, configs)));
  socket.destroy();
  return topicOf(broker);
}

async function topicOf(broker: Broker): Promise<TopicMetadata> {
  const socket = await broker.connected();
  for (;;) {
    const metadata = readMetadata(await exchange(socket, metadataFrame(0, TOPIC)));
    if (metadata.ready === partitions) {
      socket.destroy();
      return metadata;
    }
    await delay(10);
  }
}

/** One batch of one record of 100 B to each of the first `count` partitions, a request each. */
async function writeEach(broker: Broker, topic: TopicMetadata, timestampMs: number, count: number): Promise<void> {
  const { bytes: batch } = buildBatch({ recordBytes: 100, batchBytes: 200 }, timestampMs);
  const errorAt = produceErrorAt(PRODUCE_VERSION, topic);
  let next = 0;
  const lane = async (): Promise<void> => {
    const socket = await broker.connected();
    let inFlight = 0;
    await new Promise<void>((resolve, reject) => {
      const frames = readFrames(socket);
      const fill = (): void => {
        while (inFlight < IN_FLIGHT && next < count) {
          const partition = next++;
          inFlight++;
          const head = produceHead(PRODUCE_VERSION, partition, topic, partition, -1, batch.length);
          socket.write(Buffer.concat([head, batch, PRODUCE_TAIL]));
        }
        if (inFlight === 0) resolve();
      };
      frames((answer) => {
        inFlight--;
        const error = answer.readInt16BE(errorAt);
        if (error !== 0) reject(new Error(`partition ${answer.readInt32BE(4)} was answered with error ${error}`));
        fill();
      });
      fill();
    });
    socket.destroy();
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, lane));
}

function exchange(socket: Socket, frame: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('the connection was closed')));
    readFrames(socket)((answer) => {
      socket.removeAllListeners('data');
      socket.removeAllListeners('error');
      socket.removeAllListeners('close');
      resolve(answer);
    });
    socket.write(frame);
  });
}

function readFrames(socket: Socket): (take: (answer: Buffer) => void) => void {
  return (take) => {
    let pieces: Buffer[] = [];
    let length = 0;
    let needed = 4;
    socket.on('data', (bytes: Buffer) => {
      pieces.push(bytes);
      length += bytes.length;
      while (length >= needed) {
        const all = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
        pieces = [all];
        needed = 4 + all.readInt32BE(0);
        if (length < needed) break;
        take(all.subarray(0, needed));
        pieces = [all.subarray(needed)];
        length -= needed;
        needed = 4;
      }
    });
  };
}

function tryConnect(port: number): Promise<Socket | null> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    socket.once('error', () => resolve(null));
    socket.once('connect', () => {
      socket.removeAllListeners('error');
      resolve(socket);
    });
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { readonly port: number };
      server.close(() => resolve(port));
    });
  });
}

function residentOf(pid: number): number {
  const found = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(found?.[1] ?? 0) / 1024;
}

const delay = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const questions: Readonly<Record<string, () => Promise<void>>> = { cold, many, killed, create, rest };
for (const name of positionals.length === 0 ? ['cold'] : positionals) {
  const question = questions[name];
  if (question === undefined) throw new Error(`one of ${Object.keys(questions).join(', ')}, not ${name}`);
  await question();
}
process.exit();
