/**
 * The machine's own limit: one Node thread that moves the same bytes with nothing in between. For produce it writes
 * what comes from the sockets into a file and answers as many frames as the bytes make up; for fetch it sends bytes of
 * a file for each request; for a consumer at the end it sends what its producer has just had written. All frames of a run
 * have one length and the answers were built before, so it reads no field of any frame, but the api key of a
 * connection's first one. No broker in one Node thread can be better: the report holds a broker's figures beside these.
 */
import { closeSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { AnswerRun, CORRELATION_AT } from './answer_run.ts';
import { readInto } from './bare_socket.ts';

/** What one read of a socket may bring. */
const READ_BYTES = 256 * 1024;

/** Frames into a file. */
export interface AppendPlan {
  readonly frameBytes: number;
  /** The whole answer, base64; correlation ids count up to `inFlight` and begin again. */
  readonly answer: string;
  readonly inFlight: number;
  /** The most that is written at once. The kernel takes memory in pieces like this, and a broker's are to be the same. */
  readonly writeBytesMax: number;
}

/** Pieces of a file into frames. */
export interface ReadPlan {
  readonly file: string;
  readonly fileBytes: number;
  readonly frameBytes: number;
  readonly recordsBytes: number;
  /** Before and behind the records, base64. */
  readonly head: string;
  readonly tail: string;
  readonly inFlight: number;
}

export interface LimitPlan {
  /** What is written to. */
  readonly file: string;
  readonly append: AppendPlan | null;
  readonly read: ReadPlan | null;
  /** Connections come in pairs, a producer and its consumer, who waits for what the former has written. */
  readonly pairs: boolean;
}

export interface LimitReady {
  readonly port: number;
}

/** Of the api key, in a frame. */
const KEY_AT = 4;
const PRODUCE_KEY = 0;
/** One connection: where the next bytes are to go, and what to do when they came. */
interface Receiver {
  destination(): Buffer;
  received(length: number, socket: Socket): void;
}

/** `written` is told how many frames have become whole, and where the file ends. */
function socketToFile(
  plan: AppendPlan,
  descriptor: number,
): (written: (count: number, end: number) => void) => Receiver {
  const answers = new AnswerRun(Buffer.from(plan.answer, 'base64'), plan.inFlight);
  let position = 0;
  return (written) => {
    const landing = Buffer.alloc(plan.frameBytes + READ_BYTES);
    let filled = 0;
    let partial = 0;
    let answered = 0;
    return {
      destination: () => (filled === 0 ? landing : landing.subarray(filled)),
      // What came is written as soon as it completes a frame.
      received(length, socket) {
        filled += length;
        partial += length;
        const count = Math.floor(partial / plan.frameBytes);
        if (count === 0) return;
        for (let at = 0; at < filled; at += plan.writeBytesMax) {
          position += writeSync(descriptor, landing, at, Math.min(plan.writeBytesMax, filled - at), position);
        }
        filled = 0;
        partial -= count * plan.frameBytes;
        socket.write(answers.view(answered, count));
        answered += count;
        written(count, position);
      },
    };
  };
}

function fileToSocket(plan: ReadPlan, descriptor: number): () => Receiver {
  const head = Buffer.from(plan.head, 'base64');
  const tail = Buffer.from(plan.tail, 'base64');
  const free: Buffer[] = [];
  let position = 0;
  return () => {
    const landing = Buffer.alloc(READ_BYTES);
    let partial = 0;
    let answered = 0;
    return {
      destination: () => landing,
      received(length, socket) {
        partial += length;
        for (; partial >= plan.frameBytes; partial -= plan.frameBytes) {
          const answer = free.pop() ?? Buffer.concat([head, Buffer.alloc(plan.recordsBytes), tail]);
          answer.writeInt32BE(answered++ % plan.inFlight, CORRELATION_AT);
          if (position + plan.recordsBytes > plan.fileBytes) position = 0;
          position += readSync(descriptor, answer, head.length, plan.recordsBytes, position);
          socket.write(answer, () => free.push(answer));
        }
      },
    };
  };
}

/** Consumers that wait: each gets one batch for a fetch, as soon as its producer's frame is in the file. */
class WaitingConsumer implements Receiver {
  readonly #plan: ReadPlan;
  readonly #descriptor: number;
  readonly #landing = Buffer.alloc(READ_BYTES);
  readonly #answer: Buffer;
  readonly #headBytes: number;
  #socket: Socket | null = null;
  #partial = 0;
  #fetches = 0;
  #batches = 0;
  #end = 0;

  constructor(plan: ReadPlan, descriptor: number) {
    this.#plan = plan;
    this.#descriptor = descriptor;
    const head = Buffer.from(plan.head, 'base64');
    this.#headBytes = head.length;
    this.#answer = Buffer.concat([head, Buffer.alloc(plan.recordsBytes), Buffer.from(plan.tail, 'base64')]);
  }

  destination(): Buffer {
    return this.#landing;
  }

  received(length: number, socket: Socket): void {
    this.#socket = socket;
    this.#partial += length;
    for (; this.#partial >= this.#plan.frameBytes; this.#partial -= this.#plan.frameBytes) this.#fetches++;
    this.#send();
  }

  written(count: number, end: number): void {
    this.#batches += count;
    this.#end = end;
    this.#send();
  }

  /** The next fetch comes after this answer has left, so that one buffer is enough. */
  #send(): void {
    if (this.#fetches === 0 || this.#batches === 0) return;
    this.#fetches--;
    this.#batches--;
    const { recordsBytes } = this.#plan;
    readSync(this.#descriptor, this.#answer, this.#headBytes, recordsBytes, Math.max(0, this.#end - recordsBytes));
    this.#socket!.write(this.#answer);
  }
}

/** By the first frame of a connection it is one that appends, or one that reads. */
class UnknownReceiver implements Receiver {
  readonly #landing = Buffer.alloc(READ_BYTES);
  readonly #of: (apiKey: number) => Receiver;
  #known: Receiver | null = null;

  constructor(of: (apiKey: number) => Receiver) {
    this.#of = of;
  }

  destination(): Buffer {
    return this.#known?.destination() ?? this.#landing;
  }

  received(length: number, socket: Socket): void {
    if (this.#known !== null) return this.#known.received(length, socket);
    this.#known = this.#of(this.#landing.readInt16BE(KEY_AT));
    for (let at = 0; at < length;) {
      const taken = this.#landing.copy(this.#known.destination(), 0, at, length);
      this.#known.received(taken, socket);
      at += taken;
    }
  }
}

let server: Server | null = null;
let target = -1;
let source = -1;

function receivers(plan: LimitPlan): () => Receiver {
  const append = plan.append === null ? null : socketToFile(plan.append, target);
  const read = plan.read === null ? null : fileToSocket(plan.read, source);
  if (plan.pairs) {
    // A generator connects one after the other: first the producer of a pair.
    let consumer: WaitingConsumer | null = null;
    return () => {
      const waiting = consumer;
      if (waiting !== null) {
        consumer = null;
        return waiting;
      }
      const next = new WaitingConsumer(plan.read!, target);
      consumer = next;
      return append!((count, end) => next.written(count, end));
    };
  }
  if (read === null) return () => append!(() => {});
  if (append === null) return read;
  return () => new UnknownReceiver((apiKey) => (apiKey === PRODUCE_KEY ? append(() => {}) : read()));
}

function serve(plan: LimitPlan, ready: (answer: LimitReady) => void): void {
  stop();
  if (plan.append !== null) target = openSync(plan.file, 'w+');
  if (plan.read !== null && !plan.pairs) source = openSync(plan.read.file, 'r');
  const receiver = receivers(plan);
  server = createServer({ pauseOnConnect: true, noDelay: true }, (outer) => {
    const connection = receiver();
    const inner: Socket = readInto(
      outer,
      () => connection.destination(),
      (length) => connection.received(length, inner),
    );
  });
  server.listen(0, '127.0.0.1', () => ready({ port: (server!.address() as AddressInfo).port }));
}

/** Connections of the old plan are gone by now: the generator closes its side first. */
function stop(): void {
  server?.close();
  server = null;
  for (const descriptor of [target, source]) if (descriptor >= 0) closeSync(descriptor);
  target = -1;
  source = -1;
}

process.on('message', (message: LimitPlan | 'empty') => {
  if (message === 'empty') {
    if (target >= 0) ftruncateSync(target, 0);
    process.send!('emptied');
  } else serve(message, (answer) => process.send!(answer));
});
process.on('disconnect', () => process.exit(0));
