/**
 * The machine's own limit for work that crosses threads: as many bare Node threads as a broker has shards, each with a
 * part of the connections. A connection's frames belong to the threads in turns; who receives one tells its owner where
 * it lies, the owner writes it into its file and tells so, and the answers of a connection leave together. Threads talk
 * by rings of four words for a message and wake each other by `Atomics.waitAsync`, as a broker's shards do, and there is
 * nothing else: no frame is parsed or checked. What it costs more than one such thread, no broker of Node threads can save.
 */
import { ftruncateSync, openSync, writeSync } from 'node:fs';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { AnswerRun } from './answer_run.ts';
import { readInto } from './bare_socket.ts';
import type { AppendPlan, LimitReady } from './limit_loop.ts';

export interface CrossingPlan {
  readonly threads: number;
  /** Each thread writes to this name with its number behind it. */
  readonly file: string;
  readonly append: AppendPlan;
  readonly connections: number;
}

interface ThreadBoot {
  readonly plan: CrossingPlan;
  readonly self: number;
  /** Where each thread's sockets are read into. */
  readonly areas: readonly SharedArrayBuffer[];
  /** Of `from * threads + to`. */
  readonly rings: SharedArrayBuffer;
  /** A word for each thread: 1 while it sleeps. */
  readonly bells: SharedArrayBuffer;
}

const READ_BYTES = 256 * 1024;
/** Frames below are copied together for their write; the others are written from where they lie. */
const LARGE_FRAME_BYTES = 4096;

const RING_SLOTS = 4096;
const SLOT_WORDS = 4;
/** A line for the tail, then the slots. */
const SLOTS_AT = 32;
const RING_WORDS = SLOTS_AT + RING_SLOTS * SLOT_WORDS;
const TAIL = 0;
const BELL_WORDS = 32;

/** Bytes for one connection: what it may have in flight twice, as new frames come while old ones are looked at. */
const regionBytes = (plan: CrossingPlan): number => 2 * plan.append.inFlight * plan.append.frameBytes + 2 * READ_BYTES;

/** One direction between two threads. Never full: connections bound what is in flight. */
class Ring {
  readonly #words: Int32Array;
  #tail = 0;
  #head = 0;
  #published = 0;

  constructor(memory: SharedArrayBuffer, index: number) {
    this.#words = new Int32Array(memory, index * RING_WORDS * 4, RING_WORDS);
  }

  put(connection: number, place: number, length: number): void {
    const at = SLOTS_AT + (this.#tail++ % RING_SLOTS) * SLOT_WORDS;
    this.#words[at] = connection;
    this.#words[at + 1] = place;
    this.#words[at + 2] = length;
  }

  /** Whether there was something to publish. */
  publish(): boolean {
    if (this.#published === this.#tail) return false;
    this.#published = this.#tail;
    Atomics.store(this.#words, TAIL, this.#tail);
    return true;
  }

  get isEmpty(): boolean {
    return Atomics.load(this.#words, TAIL) === this.#head;
  }

  drain(message: (connection: number, place: number, length: number) => void): void {
    const tail = Atomics.load(this.#words, TAIL);
    for (; this.#head < tail; this.#head++) {
      const at = SLOTS_AT + (this.#head % RING_SLOTS) * SLOT_WORDS;
      message(this.#words[at]!, this.#words[at + 1]!, this.#words[at + 2]!);
    }
  }
}

/** A connection of this thread's: frames come, and answers leave when all that came are written. */
class Crosser {
  socket: Socket | null = null;
  readonly region: Uint8Array;
  readonly place: number;
  filled = 0;
  parsed = 0;
  frames = 0;
  owed = 0;
  answered = 0;

  constructor(region: Uint8Array, place: number) {
    this.region = region;
    this.place = place;
  }
}

class CrossingThread {
  readonly #boot: ThreadBoot;
  readonly #answers: AnswerRun;
  readonly #file: number;
  readonly #areas: readonly Uint8Array[];
  readonly #to: readonly Ring[];
  readonly #from: readonly Ring[];
  readonly #bells: Int32Array;
  readonly #connections: Crosser[] = [];
  readonly #complete: Crosser[] = [];
  /** Connection and place of frames that came here and belong here. */
  readonly #own: number[] = [];
  /** Whom what was gathered is to be told to: peer and connection. */
  readonly #asked: number[] = [];
  readonly #gathered: Uint8Array;
  #gatheredBytes = 0;
  #position = 0;
  #turnIsDue = false;
  #isWaiting = false;

  constructor(boot: ThreadBoot) {
    const { plan, self } = boot;
    const { threads } = plan;
    this.#boot = boot;
    this.#answers = new AnswerRun(Buffer.from(plan.append.answer, 'base64'), plan.append.inFlight);
    this.#file = openSync(`${plan.file}-${self}`, 'w+');
    this.#areas = boot.areas.map((area) => new Uint8Array(area));
    this.#to = Array.from({ length: threads }, (_, peer) => new Ring(boot.rings, self * threads + peer));
    this.#from = Array.from({ length: threads }, (_, peer) => new Ring(boot.rings, peer * threads + self));
    this.#bells = new Int32Array(boot.bells);
    this.#gathered = new Uint8Array(plan.append.writeBytesMax);
  }

  listen(port: number, ready: (port: number) => void): void {
    const server = createServer({ pauseOnConnect: true, noDelay: true }, (outer) => this.#accept(outer));
    server.listen({ port, host: '127.0.0.1', reusePort: true }, () => ready((server.address() as AddressInfo).port));
  }

  empty(): void {
    ftruncateSync(this.#file, 0);
    this.#position = 0;
  }

  #accept(outer: Socket): void {
    const { plan, self } = this.#boot;
    const bytes = regionBytes(plan);
    // The generator connects anew for each run, after it has closed what was there.
    const place = (this.#connections.length % plan.connections) * bytes;
    const connection = new Crosser(this.#areas[self]!.subarray(place, place + bytes), place);
    const index = this.#connections.push(connection) - 1;
    connection.socket = readInto(
      outer,
      () => this.#destination(connection),
      (length) => this.#received(connection, index, length),
    );
  }

  #destination(connection: Crosser): Uint8Array {
    const { region } = connection;
    if (connection.owed === 0 && connection.parsed === connection.filled) connection.filled = connection.parsed = 0;
    if (region.length - connection.filled < READ_BYTES) {
      // Frames that are still to be written lie behind half of the region.
      region.copyWithin(0, connection.parsed, connection.filled);
      connection.filled -= connection.parsed;
      connection.parsed = 0;
    }
    return region.subarray(connection.filled, connection.filled + READ_BYTES);
  }

  #received(connection: Crosser, index: number, length: number): void {
    const { plan, self } = this.#boot;
    const { frameBytes } = plan.append;
    connection.filled += length;
    for (; connection.filled - connection.parsed >= frameBytes; connection.parsed += frameBytes) {
      const owner = (index + connection.frames++) % plan.threads;
      const place = connection.place + connection.parsed;
      connection.owed++;
      if (owner !== self) this.#to[owner]!.put(index, place, frameBytes);
      else this.#own.push(index, place);
    }
    this.#wake();
  }

  readonly #runTurn = (): void => {
    this.#turnIsDue = false;
    const { plan, self } = this.#boot;
    const { frameBytes } = plan.append;
    Atomics.store(this.#bells, self * BELL_WORDS, 0);
    for (let peer = 0; peer < plan.threads; peer++) {
      if (peer === self) continue;
      this.#from[peer]!.drain((connection, place, length) => {
        if (length === 0) this.#written(this.#connections[connection]!);
        else this.#take(peer, connection, place, length);
      });
    }
    for (let at = 0; at < this.#own.length; at += 2) this.#take(self, this.#own[at]!, this.#own[at + 1]!, frameBytes);
    this.#own.length = 0;
    this.#write();
    for (const connection of this.#complete) {
      const { answered, frames } = connection;
      connection.answered = frames;
      connection.socket!.write(this.#answers.view(answered, frames - answered));
    }
    this.#complete.length = 0;
    for (let peer = 0; peer < plan.threads; peer++) {
      if (peer === self || !this.#to[peer]!.publish()) continue;
      const bell = peer * BELL_WORDS;
      if (Atomics.load(this.#bells, bell) === 1 && Atomics.exchange(this.#bells, bell, 0) === 1) {
        Atomics.notify(this.#bells, bell);
      }
    }
    this.#sleep();
  };

  #take(peer: number, connection: number, place: number, length: number): void {
    if (this.#gatheredBytes + length > this.#gathered.length) this.#write();
    this.#asked.push(peer, connection);
    const area = this.#areas[peer]!;
    if (length >= LARGE_FRAME_BYTES) {
      this.#position += writeSync(this.#file, area, place, length, this.#position);
    } else {
      for (let index = 0; index < length; index++) this.#gathered[this.#gatheredBytes + index] = area[place + index]!;
      this.#gatheredBytes += length;
    }
  }

  #write(): void {
    if (this.#gatheredBytes > 0) {
      this.#position += writeSync(this.#file, this.#gathered, 0, this.#gatheredBytes, this.#position);
    }
    this.#gatheredBytes = 0;
    for (let at = 0; at < this.#asked.length; at += 2) {
      const peer = this.#asked[at]!;
      const connection = this.#asked[at + 1]!;
      if (peer === this.#boot.self) this.#written(this.#connections[connection]!);
      else this.#to[peer]!.put(connection, 0, 0);
    }
    this.#asked.length = 0;
  }

  #written(connection: Crosser): void {
    if (--connection.owed === 0) this.#complete.push(connection);
  }

  #wake(): void {
    if (this.#turnIsDue) return;
    this.#turnIsDue = true;
    setImmediate(this.#runTurn);
  }

  #sleep(): void {
    const { self, plan } = this.#boot;
    const bell = self * BELL_WORDS;
    Atomics.store(this.#bells, bell, 1);
    for (let peer = 0; peer < plan.threads; peer++)
      if (peer !== self && !this.#from[peer]!.isEmpty) return this.#wake();
    if (this.#isWaiting) return;
    const waiting = Atomics.waitAsync(this.#bells, bell, 1);
    if (!waiting.async) return this.#wake();
    this.#isWaiting = true;
    void waiting.value.then(() => {
      this.#isWaiting = false;
      this.#wake();
    });
  }
}

function runThread(boot: ThreadBoot): void {
  const thread = new CrossingThread(boot);
  parentPort!.on('message', (message: number | 'empty') => {
    if (message === 'empty') {
      thread.empty();
      parentPort!.postMessage('emptied');
    } else thread.listen(message, (port) => parentPort!.postMessage(port));
  });
}

interface Group {
  readonly workers: readonly Worker[];
  readonly port: number;
}

/** Threads whose code is compiled wait for the next run of the same plan. */
const groups = new Map<string, Group>();
let current: Group | null = null;

function ask(worker: Worker, question: number | 'empty'): Promise<unknown> {
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.postMessage(question);
  });
}

async function start(plan: CrossingPlan): Promise<Group> {
  const { threads } = plan;
  const areas = Array.from({ length: threads }, () => new SharedArrayBuffer(regionBytes(plan) * plan.connections));
  const rings = new SharedArrayBuffer(threads * threads * RING_WORDS * 4);
  const bells = new SharedArrayBuffer(threads * BELL_WORDS * 4);
  const workers = areas.map((_, self) => {
    const boot: ThreadBoot = { plan, self, areas, rings, bells };
    return new Worker(new URL(import.meta.url), { workerData: boot });
  });
  let port = 0;
  for (const worker of workers) port = (await ask(worker, port)) as number;
  return { workers, port };
}

async function serve(plan: CrossingPlan): Promise<LimitReady> {
  const name = JSON.stringify(plan);
  current = groups.get(name) ?? (await start(plan));
  groups.set(name, current);
  return { port: current.port };
}

async function empty(): Promise<'emptied'> {
  await Promise.all(current!.workers.map((worker) => ask(worker, 'empty')));
  return 'emptied';
}

if (isMainThread) {
  process.on('message', (message: CrossingPlan | 'empty') => {
    const answer = message === 'empty' ? empty() : serve(message);
    void answer.then((told) => process.send!(told));
  });
  process.on('disconnect', () => process.exit(0));
} else runThread(workerData as ThreadBoot);
