import { assert } from '../../src/base/assert.ts';
import type { Socket, SocketEvents } from '../../src/port/network.ts';
import { ByteQueue } from './byte_queue.ts';
import type { SimEvent } from './event_queue.ts';
import type { SimHost } from './internet.ts';
import type { SimThread } from './sim_thread.ts';
import { checksum } from './world.ts';

/** What travels: bytes in order, then perhaps the end of the stream. A reset overtakes everything. */
interface Segment {
  readonly bytes: Uint8Array | null;
  readonly arrivesMs: number;
}

interface HeldView {
  readonly bytes: Uint8Array;
  readonly sum: number;
  taken: number;
}

const ethernetSegmentBytes = 1448;
/** Bytes of a connection that are delivered one at a time at most; then larger pieces, so that runs stay short. */
const singleBytesMax = 400;
/** What the port scribbles behind the bytes that it delivered: the rest of the destination is its own. */
const poisonByte = 0xa5;
const poisonBytesMax = 4096;

/**
 * One end of a connection, and what its kernel holds for it.
 *
 *     write ▶ held views ▶ send buffer ▶ wire (ordered, delayed, may be cut) ▶ receive buffer ▶ received
 *
 * The receive buffer is bounded, and bytes on the wire count against it: a reader that does not read fills it, then
 * the sender's buffer, then `write` returns false.
 */
export class SimEndpoint implements Socket {
  readonly host: SimHost;
  readonly thread: SimThread;
  readonly localPort: number;
  readonly remotePort: number;
  /** A simulated process has as many as it likes. */
  readonly descriptor = -1;
  readonly localAddress: string;
  readonly remoteAddress: string;

  #peer: SimEndpoint | null = null;
  #events: SocketEvents | null = null;
  /**
   * What the kernel knows. `lingering`: the process has closed the socket, what the kernel took is still being sent,
   * then the end of the stream. `dead`: whatever arrives is answered with a reset. `gone`: the machine lost its
   * power; nothing leaves and nothing is told.
   */
  #kernel: 'live' | 'lingering' | 'dead' | 'gone' = 'live';
  /** The process may still use the socket. */
  #open = true;
  #ending = false;
  #closedTold = false;
  #closeCode = '';

  #held: HeldView[] = [];
  #writtenOwed = false;
  readonly #sendBuffer = new ByteQueue();
  readonly #wire: Segment[] = [];
  #arrival: SimEvent | null = null;
  #lastArrivesMs = 0;
  #wireBytes = 0;
  #stalledSinceMs = -1;

  readonly #receiveBuffer = new ByteQueue();
  #finReceived = false;
  #endTold = false;
  #reading = false;
  #readPosted = false;
  #destination: Uint8Array | null = null;
  #singleBytesLeft: number;
  readonly #cuts: 'whole' | 'segments' | 'bytes';

  constructor(host: SimHost, thread: SimThread, localPort: number, remote: SimHost, remotePort: number) {
    this.host = host;
    this.thread = thread;
    this.localPort = localPort;
    this.localAddress = host.address;
    this.remotePort = remotePort;
    this.remoteAddress = remote.address;
    const random = host.internet.world.random;
    const { segmentation } = host.internet.options;
    this.#cuts = segmentation === 'mixed' ? random.pick(['whole', 'segments', 'segments', 'bytes']) : segmentation;
    this.#singleBytesLeft = singleBytesMax;
    host.endpoints.add(this);
    thread.hold();
  }

  get isOpen(): boolean {
    return this.#open;
  }

  /** The kernel of this host knows the connection. */
  join(peer: SimEndpoint): void {
    this.#peer = peer;
  }

  /** For the side that connects: how it ends is told from now on. */
  connecting(events: SocketEvents): void {
    this.#events = events;
  }

  connected(): void {
    this.thread.post(0.01, () => {
      if (!this.#open) return;
      this.#events?.connected();
      if (this.#open) this.#beginReading();
    });
    this.#pump();
  }

  /** For the side that connects: nobody answers, or nobody is there. */
  refused(code: string): void {
    this.#kernel = 'dead';
    this.#close(code);
  }

  start(events: SocketEvents): void {
    assert(this.#events === null, 'a socket is started once');
    this.#events = events;
    if (!this.#open) this.#tellClosed();
    else this.#beginReading();
  }

  write(views: readonly Uint8Array[], count: number): boolean {
    assert(count <= views.length, 'count counts views');
    if (this.#closedTold) this.#world.violate('write after closed', this.#name());
    if (!this.#open || this.#ending) return true;
    for (let index = 0; index < count; index++) {
      const bytes = views[index] as Uint8Array;
      this.#held.push({ bytes, sum: checksum(bytes, 0, bytes.length), taken: 0 });
    }
    this.#takeHeld();
    this.#pump();
    if (this.#held.length === 0) return true;
    this.#writtenOwed = true;
    return false;
  }

  pauseReading(): void {
    this.#reading = false;
  }

  resumeReading(): void {
    if (this.#reading || this.#destination === null) return;
    this.#reading = true;
    this.#offerRead();
  }

  end(): void {
    if (!this.#open) return;
    this.#ending = true;
    if (this.#held.length === 0) this.#release();
  }

  destroy(): void {
    if (this.#open) this.#release();
  }

  /** The process is gone; its kernel does what a close does. */
  abandon(): void {
    if (!this.#open) return;
    if (this.#world.random.chance(0.3)) this.breakDown();
    else this.#release();
    this.#events = null;
  }

  /** The power is gone: nothing is sent and nobody is told. */
  vanish(): void {
    this.#kernel = 'gone';
    this.#open = false;
    this.#silence();
  }

  /** A fault from outside: the connection is reset under both. */
  breakDown(): void {
    if (this.#kernel !== 'live') return;
    this.#reset();
    this.#close('ECONNRESET');
  }

  get #world() {
    return this.host.internet.world;
  }

  #beginReading(): void {
    this.#destination = this.#askDestination();
    this.#reading = true;
    this.#offerRead();
  }

  #askDestination(): Uint8Array {
    assert(this.#events !== null, 'a socket that reads was started');
    const destination = this.#events.destination();
    assert(destination.length > 0, 'a destination is never empty');
    return destination;
  }

  // Sending

  #takeHeld(): void {
    const world = this.#world;
    let room = this.host.internet.options.sendBufferBytes - this.#sendBuffer.length;
    while (this.#held.length > 0 && room > 0) {
      const view = this.#held[0] as HeldView;
      const count = Math.min(room, view.bytes.length - view.taken);
      this.#sendBuffer.add(view.bytes.slice(view.taken, view.taken + count));
      view.taken += count;
      room -= count;
      if (view.taken < view.bytes.length) break;
      this.#held.shift();
      if (checksum(view.bytes, 0, view.bytes.length) !== view.sum) {
        world.violate('memory freed early', `write to ${this.#name()} still held ${view.bytes.length} bytes`);
      }
    }
    if (this.#held.length > 0) return;
    if (this.#ending && this.#open) this.#release();
    if (!this.#writtenOwed) return;
    this.#writtenOwed = false;
    this.thread.post(0.005, () => {
      if (this.#open) this.#events?.written();
    });
  }

  /** Puts on the wire what the peer's window allows; then the end of the stream, when that is due. */
  #pump(): void {
    const peer = this.#peer;
    if (peer === null || (this.#kernel !== 'live' && this.#kernel !== 'lingering')) return;
    for (;;) {
      const window = this.host.internet.options.receiveBufferBytes - peer.#receiveBuffer.length - this.#wireBytes;
      const count = Math.min(window, this.#sendBuffer.length, this.#segmentLength());
      if (count <= 0) break;
      this.#wireBytes += count;
      this.#send(this.#sendBuffer.take(count));
      this.#takeHeld();
    }
    if (this.#kernel === 'lingering' && this.#sendBuffer.length === 0) {
      this.#kernel = 'dead';
      this.#send(null);
      this.host.endpoints.delete(this);
    }
  }

  #segmentLength(): number {
    if (this.#cuts === 'whole') return 65_536;
    const random = this.#world.random;
    if (this.#cuts === 'segments') return random.chance(0.2) ? random.between(1, 100) : ethernetSegmentBytes;
    if (this.#singleBytesLeft <= 0) return random.between(1, 3000);
    this.#singleBytesLeft--;
    return 1;
  }

  #send(bytes: Uint8Array | null): void {
    const world = this.#world;
    const arrivesMs = Math.max(this.#lastArrivesMs, world.nowMs + this.host.internet.drawDelayMs());
    this.#lastArrivesMs = arrivesMs;
    this.#wire.push({ bytes, arrivesMs });
    this.#expectArrival();
  }

  #expectArrival(): void {
    const first = this.#wire[0];
    if (first === undefined || this.#arrival !== null) return;
    const world = this.#world;
    this.#arrival = world.schedule(Math.max(0, first.arrivesMs - world.nowMs), () => {
      this.#arrival = null;
      this.#arrive();
    });
  }

  #arrive(): void {
    const peer = this.#peer;
    const first = this.#wire[0];
    if (peer === null || first === undefined) return;
    const internet = this.host.internet;
    const reachable = internet.passes(this.host, peer.host);
    // A host that lost its power answers bytes of its old connections with a reset once it is up again.
    const listens = peer.#kernel !== 'gone' || peer.host.listeners.size > 0;
    if (!reachable || !listens) {
      this.#retransmit();
      return;
    }
    this.#stalledSinceMs = -1;
    this.#wire.shift();
    if (first.bytes !== null) this.#wireBytes -= first.bytes.length;
    if (peer.#kernel === 'live') peer.#accept(first.bytes);
    else if (first.bytes !== null || peer.#kernel === 'gone') peer.#reset();
    this.#expectArrival();
  }

  #retransmit(): void {
    const world = this.#world;
    if (this.#stalledSinceMs < 0) this.#stalledSinceMs = world.nowMs;
    if (world.nowMs - this.#stalledSinceMs > this.host.internet.options.retransmitMs) {
      this.#kernelEnds();
      this.#close('ETIMEDOUT');
      return;
    }
    this.#arrival = world.schedule(world.random.between(200, 1000), () => {
      this.#arrival = null;
      this.#arrive();
    });
  }

  /** This kernel knows the connection no more and says so to the other one, if that can be reached. */
  #reset(): void {
    this.#kernelEnds();
    const peer = this.#peer;
    if (peer === null) return;
    this.#world.schedule(this.host.internet.drawDelayMs(), () => {
      if (!this.host.internet.passes(this.host, peer.host) || peer.#kernel === 'gone') return;
      peer.#kernelEnds();
      peer.#close('ECONNRESET');
    });
  }

  #kernelEnds(): void {
    if (this.#kernel !== 'gone') this.#kernel = 'dead';
    this.#silence();
    this.host.endpoints.delete(this);
  }

  #silence(): void {
    this.#wire.length = 0;
    this.#wireBytes = 0;
    if (this.#arrival !== null) this.#world.cancel(this.#arrival);
    this.#arrival = null;
  }

  // Receiving

  #accept(bytes: Uint8Array | null): void {
    if (bytes === null) this.#finReceived = true;
    else this.#receiveBuffer.add(bytes);
    this.#offerRead();
  }

  #offerRead(): void {
    const something = this.#receiveBuffer.length > 0 || (this.#finReceived && !this.#endTold);
    if (!something || this.#readPosted || !this.#reading || !this.#open) return;
    this.#readPosted = true;
    this.thread.post(0.002 + this.#world.random.fraction() * 0.01, () => {
      this.#readPosted = false;
      // A pause that came after the kernel had been asked does not take this read back.
      if (this.#open) this.#read();
    });
  }

  #read(): void {
    const events = this.#events;
    const destination = this.#destination;
    if (events === null || destination === null) return;
    const world = this.#world;
    if (this.#receiveBuffer.length > 0) {
      const length = Math.min(this.#receiveBuffer.length, destination.length, this.#readLength());
      const bytes = this.#receiveBuffer.take(length);
      destination.set(bytes, 0);
      destination.fill(poisonByte, length, Math.min(destination.length, length + poisonBytesMax));
      world.foldBytes(bytes, 0, length);
      if (this.#peer !== null) this.#peer.#pump();
      events.received(length);
      if (this.#open) this.#destination = this.#askDestination();
    } else if (this.#finReceived && !this.#endTold) {
      this.#endTold = true;
      events.ended();
    }
    this.#offerRead();
  }

  #readLength(): number {
    const random = this.#world.random;
    return random.chance(0.1) ? random.between(1, 2000) : 65_536;
  }

  // The end

  /** The process closes: unread bytes make it a reset, else the kernel sends what it has. */
  #release(): void {
    if (this.#receiveBuffer.length > 0) this.#reset();
    else {
      this.#kernel = 'lingering';
      this.#pump();
    }
    this.#close('');
  }

  #close(code: string): void {
    if (!this.#open) return;
    this.#open = false;
    this.#closeCode = code;
    this.#held = [];
    this.thread.letGo();
    if (this.#events !== null) this.#tellClosed();
  }

  #tellClosed(): void {
    this.thread.post(0.005 + this.#world.random.fraction() * 0.02, () => {
      this.#closedTold = true;
      this.#destination = null;
      this.#events?.closed(this.#closeCode);
    });
  }

  #name(): string {
    return `${this.localAddress}:${this.localPort} - ${this.remoteAddress}:${this.remotePort}`;
  }
}
