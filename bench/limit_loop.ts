/**
 * The machine's own limit: one Node thread that moves the same bytes with nothing in between. For produce it writes
 * what comes from the sockets into a file and answers as many frames as the bytes make up; for fetch it sends bytes of
 * a file for each request. It reads no field of any frame: all frames of a run have one length, and the answers were
 * built before. No broker in one Node thread can be better, so the report holds a broker's figures beside these.
 */
import { closeSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { createServer, Socket, type AddressInfo, type Server } from 'node:net';

/** What one read of a socket may bring. */
const READ_BYTES = 256 * 1024;

export type LimitPlan =
  | {
      readonly kind: 'socket-to-file';
      readonly file: string;
      readonly frameBytes: number;
      /** The whole answer, base64; correlation ids count up to `inFlight` and begin again. */
      readonly answer: string;
      readonly inFlight: number;
    }
  | {
      readonly kind: 'file-to-socket';
      readonly file: string;
      readonly fileBytes: number;
      readonly frameBytes: number;
      readonly recordsBytes: number;
      /** Before and behind the records, base64. */
      readonly head: string;
      readonly tail: string;
      readonly inFlight: number;
    };

export interface LimitReady {
  readonly port: number;
}

const CORRELATION_AT = 4;

/** Answers with ids 0 to `inFlight` − 1, twice in a row, so that any run of up to `inFlight` is one view. */
class AnswerRun {
  readonly #bytes: Buffer;
  readonly #length: number;
  readonly #inFlight: number;

  constructor(answer: Buffer, inFlight: number) {
    this.#length = answer.length;
    this.#inFlight = inFlight;
    this.#bytes = Buffer.concat(Array.from({ length: 2 * inFlight }, () => answer));
    for (let index = 0; index < 2 * inFlight; index++) {
      this.#bytes.writeInt32BE(index % inFlight, index * this.#length + CORRELATION_AT);
    }
  }

  view(first: number, count: number): Buffer {
    const at = (first % this.#inFlight) * this.#length;
    return this.#bytes.subarray(at, at + count * this.#length);
  }
}

/** One connection: where the next bytes are to go, and what to do when they came. */
interface Receiver {
  destination(): Buffer;
  received(length: number, socket: Socket): void;
}

function socketToFile(plan: LimitPlan & { kind: 'socket-to-file' }, descriptor: number): () => Receiver {
  const answers = new AnswerRun(Buffer.from(plan.answer, 'base64'), plan.inFlight);
  let position = 0;
  return () => {
    const landing = Buffer.alloc(plan.frameBytes + READ_BYTES);
    let filled = 0;
    let partial = 0;
    let answered = 0;
    return {
      destination: () => (filled === 0 ? landing : landing.subarray(filled)),
      // What came is written as soon as it completes a frame: large frames in one piece, small ones together.
      received(length, socket) {
        filled += length;
        partial += length;
        const count = Math.floor(partial / plan.frameBytes);
        if (count === 0) return;
        position += writeSync(descriptor, landing, 0, filled, position);
        filled = 0;
        partial -= count * plan.frameBytes;
        socket.write(answers.view(answered, count));
        answered += count;
      },
    };
  };
}

function fileToSocket(plan: LimitPlan & { kind: 'file-to-socket' }, descriptor: number): () => Receiver {
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

let server: Server | null = null;
let descriptor = -1;

function serve(plan: LimitPlan, ready: (answer: LimitReady) => void): void {
  stop();
  descriptor = openSync(plan.file, plan.kind === 'socket-to-file' ? 'w' : 'r');
  const receiver = plan.kind === 'socket-to-file' ? socketToFile(plan, descriptor) : fileToSocket(plan, descriptor);
  server = createServer({ pauseOnConnect: true, noDelay: true }, (outer) => {
    const connection = receiver();
    // Only sockets made here may read into a buffer of ours, so the accepted one gives its handle away.
    const handle = (outer as unknown as { _handle: unknown })._handle;
    const onread = {
      buffer: () => connection.destination(),
      callback: (length: number) => (connection.received(length, inner), true),
    };
    const inner: Socket = new Socket({ handle, onread } as unknown as ConstructorParameters<typeof Socket>[0]);
    inner.on('error', () => inner.destroy());
    inner.on('close', () => outer.destroy());
    inner.resume();
  });
  server.listen(0, '127.0.0.1', () => ready({ port: (server!.address() as AddressInfo).port }));
}

/** Connections of the old plan are gone by now: the generator closes its side first. */
function stop(): void {
  server?.close();
  server = null;
  if (descriptor < 0) return;
  closeSync(descriptor);
  descriptor = -1;
}

process.on('message', (message: LimitPlan | 'empty') => {
  if (message === 'empty') {
    ftruncateSync(descriptor, 0);
    process.send!('emptied');
  } else serve(message, (answer) => process.send!(answer));
});
process.on('disconnect', () => process.exit(0));
