import { ByteReader, ByteWriter } from '../../src/base/bytes.ts';
import type { Network, Socket, SocketEvents } from '../../src/port/network.ts';
import type { ApiKey } from '../../src/protocol/api_keys.ts';
import { codecOf } from '../../src/protocol/codec.ts';
import { beginFrame, endFrame } from '../../src/protocol/framing.ts';
import { readResponseHeader, writeRequestHeader } from '../../src/protocol/headers.ts';
import type { Decoded, Encodable, Fields, Message } from '../../src/protocol/schema_language.ts';
import { simKernels } from './sim_kernels.ts';
import type { World } from './world.ts';

/** A request's definition with that of its response, and the version that this client speaks. */
export interface Call<Request extends Fields, Response extends Fields> {
  readonly request: Message<Request>;
  readonly response: Message<Response>;
  readonly version: number;
}

interface Pending {
  readonly correlationId: number;
  readonly apiKey: ApiKey;
  readonly version: number;
  readonly answered: (reader: ByteReader) => void;
  readonly lost: () => void;
}

/**
 * One connection of a Kafka client: requests go out pipelined, responses come back in the order of the requests, and
 * anything else is a violation. When the connection ends, every request without a response is lost: nobody knows
 * whether it took effect.
 */
export class SimClientConnection implements SocketEvents {
  /** Bytes that arrive at once at most: small ones make a slow reader. */
  readonly #landing: Uint8Array;
  readonly #world: World;
  readonly #clientId: string;
  readonly #socket: Socket;
  readonly #opened: () => void;
  readonly #closed: (code: string) => void;
  #pending: Pending[] = [];
  #received = new Uint8Array(1024);
  #length = 0;
  #nextCorrelationId: number;
  #isOpen = false;
  #isOver = false;
  /** Memory of writes that the kernel has not taken yet. */
  #held: Uint8Array[] = [];

  constructor(
    world: World,
    network: Network,
    target: { readonly host: string; readonly port: number },
    clientId: string,
    events: { readonly opened: () => void; readonly closed: (code: string) => void },
  ) {
    this.#world = world;
    this.#clientId = clientId;
    this.#opened = events.opened;
    this.#closed = events.closed;
    this.#landing = new Uint8Array(world.random.pick([500, 4000, 65_536]));
    this.#nextCorrelationId = world.random.between(0, 1_000_000);
    this.#socket = network.connect(target.host, target.port, this);
  }

  get isOpen(): boolean {
    return this.#isOpen && !this.#isOver;
  }

  get inFlight(): number {
    return this.#pending.length;
  }

  get localPort(): number {
    return this.#socket.localPort;
  }

  /** Sends a request. Exactly one of `answered` and `lost` is called, never from inside this call. */
  send<Request extends Fields, Response extends Fields>(
    call: Call<Request, Response>,
    body: Encodable<Message<Request>>,
    answered: (response: Decoded<Message<Response>>) => void,
    lost: () => void,
  ): void {
    this.#write(call, body, (correlationId, apiKey) => {
      this.#pending.push({
        correlationId,
        apiKey,
        version: call.version,
        lost,
        answered: (reader) => {
          const response = codecOf(call.response).decode(reader, call.version);
          if (response === null || reader.remaining > 0) {
            this.#world.violate('malformed response', `${call.response.name} version ${call.version}`);
            this.#socket.destroy();
            return lost();
          }
          answered(response);
        },
      });
    });
  }

  /** Sends a request that is not answered (Produce with acks=0). */
  sendSilently<Request extends Fields, Response extends Fields>(
    call: Call<Request, Response>,
    body: Encodable<Message<Request>>,
  ): void {
    this.#write(call, body, () => {});
  }

  /** Sends bytes as they are. */
  sendRaw(bytes: Uint8Array): void {
    if (!this.#socket.write([bytes], 1)) this.#held.push(bytes);
  }

  pauseReading(): void {
    this.#socket.pauseReading();
  }

  resumeReading(): void {
    this.#socket.resumeReading();
  }

  close(): void {
    this.#socket.destroy();
  }

  connected(): void {
    this.#isOpen = true;
    this.#opened();
  }

  destination(): Uint8Array {
    return this.#landing;
  }

  received(length: number): void {
    this.#keep(length);
    for (;;) {
      if (this.#length < 4) return;
      const view = new DataView(this.#received.buffer);
      const frameBytes = view.getInt32(0);
      if (frameBytes < 4 || frameBytes > 64 * 1024 * 1024) {
        this.#world.violate('malformed response', `a frame of ${frameBytes} bytes`);
        this.#socket.destroy();
        return;
      }
      if (this.#length < 4 + frameBytes) return;
      const frame = this.#received.slice(4, 4 + frameBytes);
      this.#received.copyWithin(0, 4 + frameBytes, this.#length);
      this.#length -= 4 + frameBytes;
      this.#answer(frame);
      if (this.#isOver) return;
    }
  }

  written(): void {
    this.#held = [];
  }

  ended(): void {
    this.#socket.end();
  }

  closed(code: string): void {
    this.#isOver = true;
    const lost = this.#pending;
    this.#pending = [];
    for (const pending of lost) pending.lost();
    this.#closed(code);
  }

  #write<Request extends Fields, Response extends Fields>(
    call: Call<Request, Response>,
    body: Encodable<Message<Request>>,
    expect: (correlationId: number, apiKey: ApiKey) => void,
  ): void {
    const correlationId = this.#nextCorrelationId++;
    const apiKey = call.request.apiKey as ApiKey;
    const writer = new ByteWriter(simKernels.encodeText);
    const frame = beginFrame(writer);
    writeRequestHeader(writer, apiKey, call.version, correlationId, this.#clientId);
    codecOf(call.request).encode(writer, call.version, body);
    endFrame(writer, frame);
    expect(correlationId, apiKey);
    this.sendRaw(writer.copyWritten());
  }

  #answer(frame: Uint8Array): void {
    const pending = this.#pending.shift();
    if (pending === undefined) {
      this.#world.violate('answer without a request', this.#clientId);
      return this.#socket.destroy();
    }
    const reader = new ByteReader(simKernels.decodeText).resetTo(frame);
    const correlationId = readResponseHeader(reader, pending.apiKey, pending.version);
    if (correlationId !== pending.correlationId) {
      const detail = `${this.#clientId} waits for ${pending.correlationId} and gets ${correlationId}`;
      this.#world.violate('answers out of order', detail);
      this.#socket.destroy();
      return pending.lost();
    }
    pending.answered(reader);
  }

  #keep(length: number): void {
    if (this.#length + length > this.#received.length) {
      const grown = new Uint8Array(2 * (this.#length + length));
      grown.set(this.#received.subarray(0, this.#length));
      this.#received = grown;
    }
    this.#received.set(this.#landing.subarray(0, length), this.#length);
    this.#length += length;
  }
}
