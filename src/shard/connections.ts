import { empty } from '../base/empty.ts';
import { TimerQueue } from '../base/timer_queue.ts';
import type { NetworkConfig } from '../config/node_config.ts';
import type { Clock } from '../port/clock.ts';
import type { Log } from '../port/log.ts';
import type { Socket } from '../port/network.ts';
import type { Arena } from '../shared-memory/arena.ts';
import type { ConnectionClaim } from '../shared-memory/connection_limits.ts';
import { counter, type CounterBlock } from '../shared-memory/counters.ts';
import type { Answers } from './answers.ts';
import { Connection, PAUSED_FOR_ARENA, PAUSED_FOR_QUEUE, PAUSED_FOR_STOP, PAUSED_FOR_THROTTLE } from './connection.ts';
import { ADMISSION_TICK_MS, FrameAdmission } from './frame_admission.ts';
import { HeldAnswers } from './held_answers.ts';
import type { SendBuffers } from './send_buffers.ts';

/** What the connections of a shard need of it. */
export interface ConnectionsHost {
  /** Something waits to be begun or sent: a turn is due. */
  wake(): void;
  /** So much has come in this round of the sockets that a turn is better taken now. */
  crowded(): void;
  /** The connection is over: its claim is to be released, and nobody will read the answers to what it began. */
  abandoned(connection: Connection): void;
  listenerName(listener: number): string;
  /** It may have become unheard (`Connection.isUnheard`): nothing of it may wait for data then. */
  unheard(connection: Connection): void;
}

/**
 * The connections of one shard: accepted, counted, kept in bounds, closed. A connection that misbehaves costs itself,
 * with one log line that says who and what.
 */
export class Connections {
  readonly arena: Arena;
  readonly admission: FrameAdmission;
  readonly frameBytesMax: number;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #counters: CounterBlock;
  readonly #host: ConnectionsHost;
  readonly #buffers: SendBuffers;
  readonly #idleMsMax: number;
  readonly #open = new Map<number, Connection>();
  #nextId = 1;
  #runnable: Connection[] = [];
  #sendable: Connection[] = [];
  #spareRunnable: Connection[] = [];
  #spareSendable: Connection[] = [];
  readonly #held = new HeldAnswers();
  /** When connections that are throttled go on. */
  readonly #throttled = new TimerQueue();
  #arenaIsShort = false;
  #bytesSinceTurn = 0;
  #isStopping = false;
  #lastIdleScanMs = 0;
  readonly #release = (connection: Connection): void => this.send(connection);
  #linesSinceMs = -Infinity;
  #lines = 0;
  /** Connections closed without a line of their own, since the last one. */
  #unsaid = 0;
  #lastTickMs = 0;

  constructor(
    config: NetworkConfig,
    arena: Arena,
    counters: CounterBlock,
    buffers: SendBuffers,
    clock: Clock,
    log: Log,
    host: ConnectionsHost,
  ) {
    this.arena = arena;
    this.admission = new FrameAdmission(arena, config.frameIdleMs);
    this.frameBytesMax = config.requestBytesMax;
    this.#idleMsMax = config.connectionIdleMsMax;
    this.#counters = counters;
    this.#buffers = buffers;
    this.#clock = clock;
    this.#log = log;
    this.#host = host;
  }

  get size(): number {
    return this.#open.size;
  }

  /** A connection that is still open. */
  byId(id: number): Connection | undefined {
    return this.#open.get(id);
  }

  nowMs(): number {
    return this.#clock.monotonicMs();
  }

  /** A socket that the gate let in. */
  add(listener: number, socket: Socket, claim: ConnectionClaim): void {
    const connection = new Connection(this.#nextId++, listener, socket, claim, this, this.nowMs());
    this.#open.set(connection.id, connection);
    // A socket that has not been started cannot be paused.
    socket.start(connection);
    if (this.#arenaIsShort) connection.pause(PAUSED_FOR_ARENA);
    if (this.#isStopping) connection.pause(PAUSED_FOR_STOP);
    // Its idle time is watched from now on, also when it never says anything and nobody else is here.
    this.#host.wake();
  }

  copied(bytes: number): void {
    this.#counters.add(counter.bytesCopied, bytes);
  }

  received(connection: Connection, length: number): void {
    this.#counters.add(counter.bytesReceived, length);
    if (connection.frames.size >= QUEUED_FRAMES_MAX) {
      connection.pause(PAUSED_FOR_QUEUE);
      this.#host.unheard(connection);
    }
    if (connection.frames.size > 0) this.run(connection);
    if (this.arena.budgetBytes - this.arena.usedBytes < ARENA_RESERVE_BYTES) this.#stopReading();
    if (this.admission.needsTicks) this.#host.wake();
    this.#bytesSinceTurn += length;
    if (this.#bytesSinceTurn >= RECEIVED_BYTES_A_TURN && this.#runnable.length > 0) this.#host.crowded();
  }

  /** Puts a connection on the list of those that have something to begin. */
  run(connection: Connection): void {
    if (connection.queuedToRun || !connection.isOpen) return;
    connection.queuedToRun = true;
    this.#runnable.push(connection);
    this.#host.wake();
  }

  /** Puts a connection on the list of those whose oldest answer is complete. */
  send(connection: Connection): void {
    if (connection.queuedToSend || !connection.isOpen) return;
    connection.queuedToSend = true;
    this.#sendable.push(connection);
    this.#host.wake();
  }

  /** Takes the list of connections to run; connections put on it meanwhile come with the next call. */
  takeRunnable(): readonly Connection[] {
    this.#bytesSinceTurn = 0;
    const taken = this.#runnable;
    this.#runnable = this.#spareRunnable;
    empty(this.#runnable);
    this.#spareRunnable = taken;
    for (const connection of taken) connection.queuedToRun = false;
    return taken;
  }

  /** Sends what waits to be sent, unless it is held. */
  sendAll(nowMs: number, answers: Answers): void {
    const taken = this.#sendable;
    this.#sendable = this.#spareSendable;
    empty(this.#sendable);
    this.#spareSendable = taken;
    for (const connection of taken) connection.queuedToSend = false;
    for (const connection of taken) {
      if (!this.#held.holds(connection, nowMs)) answers.send(connection);
    }
  }

  get hasWork(): boolean {
    return this.#runnable.length > 0 || this.#sendable.length > 0;
  }

  /** A frame was taken from the queue; reading may go on. */
  begun(connection: Connection): void {
    if (connection.frames.size <= QUEUED_FRAMES_MAX / 2) connection.resume(PAUSED_FOR_QUEUE);
  }

  /** Nothing more of the connection is read or begun until then; its answers leave. Not while the node stops. */
  throttle(connection: Connection, untilMs: number): void {
    if (this.#isStopping || untilMs <= connection.throttledUntilMs) return;
    connection.throttledUntilMs = untilMs;
    connection.pause(PAUSED_FOR_THROTTLE);
    this.#throttled.add(untilMs, connection.id);
  }

  written(connection: Connection): void {
    if (connection.unsent.length === 0) this.#unpin(connection);
    this.send(connection);
    if (connection.frames.size > 0) this.run(connection);
    this.#closeIfDone(connection);
  }

  /** The peer sends nothing more. What it asked for is answered, then the connection closes. */
  ended(connection: Connection): void {
    connection.closesWhenSent = true;
    this.#host.unheard(connection);
    this.#closeIfDone(connection);
  }

  /** All answers that were due are in the kernel: closes a connection that was only kept for them. */
  settled(connection: Connection): void {
    this.#closeIfDone(connection);
  }

  /** Closes a connection for what its peer did, and says so. */
  refuse(connection: Connection, why: string): void {
    if (!connection.isOpen) return;
    this.#say(connection, why);
    this.close(connection);
  }

  /** Closes a connection for a request of its peer's, behind the answers to those before it, and says so. */
  refuseInTurn(connection: Connection, why: string): void {
    if (!connection.isOpen || connection.isRefused) return;
    connection.isRefused = true;
    this.#say(connection, why);
    this.send(connection);
  }

  /**
   * Closes a connection for bytes of its peer's that are no request, behind the answers to all requests before them, and
   * says so.
   */
  refuseBehind(connection: Connection, why: string): void {
    if (connection.isQuiet) return this.refuse(connection, why);
    if (!connection.isOpen || connection.isRefused) return;
    connection.isCut = true;
    connection.closesWhenSent = true;
    this.#host.unheard(connection);
    this.#say(connection, why);
  }

  /** A flood of bad connections must not become a flood of lines: beyond so many a second they are counted. */
  #say(connection: Connection, why: string): void {
    const nowMs = this.nowMs();
    if (nowMs - this.#linesSinceMs >= 1000) {
      this.#linesSinceMs = nowMs;
      this.#lines = 0;
    }
    if (++this.#lines > LINES_A_SECOND) {
      this.#unsaid++;
      return;
    }
    const peer = `${connection.remoteAddress}:${connection.socket.remotePort}`;
    const listener = this.#host.listenerName(connection.listener);
    this.#log.warn(
      'closed a connection',
      this.#unsaid === 0 ? { peer, listener, why } : { peer, listener, why, unsaid: this.#unsaid },
    );
    this.#unsaid = 0;
  }

  /** Closes without a word in the log. */
  close(connection: Connection): void {
    if (!connection.isOpen) return;
    connection.isOpen = false;
    connection.socket.destroy();
  }

  closed(connection: Connection, _code: string): void {
    connection.isOpen = false;
    if (!this.#open.delete(connection.id)) return;
    connection.releaseFrames();
    connection.unsent.length = 0;
    this.#unpin(connection);
    this.#counters.add(counter.connectionsClosed, 1);
    this.#host.abandoned(connection);
    this.#resumeReading();
  }

  /** Once a turn: memory came back, frames stalled, connections idled away. */
  tick(nowMs: number): void {
    this.#resumeReading();
    this.#held.takeDue(nowMs, this.#release);
    this.#endThrottles(nowMs);
    if (this.admission.needsTicks && nowMs - this.#lastTickMs >= ADMISSION_TICK_MS) {
      this.#lastTickMs = nowMs;
      this.admission.tick(nowMs);
    }
    if (nowMs - this.#lastIdleScanMs >= IDLE_SCAN_MS) {
      this.#lastIdleScanMs = nowMs;
      this.#closeIdle(nowMs);
    }
  }

  /** When `tick` wants to be called next. */
  nextTickMs(): number {
    const atMs = Math.min(this.#held.nextMs, this.#throttled.nextMs());
    if (this.admission.needsTicks) return Math.min(atMs, this.#lastTickMs + ADMISSION_TICK_MS);
    return this.#open.size > 0 ? Math.min(atMs, this.#lastIdleScanMs + IDLE_SCAN_MS) : Infinity;
  }

  /** The stop: nothing more is read; what was received is answered. */
  stopReading(): void {
    this.#isStopping = true;
    for (const connection of this.#open.values()) {
      connection.pause(PAUSED_FOR_STOP);
      if (connection.isPausedFor(PAUSED_FOR_THROTTLE)) this.#endThrottle(connection);
      connection.closesWhenSent = true;
      this.#closeIfDone(connection);
    }
  }

  closeAll(): void {
    for (const connection of this.#open.values()) this.close(connection);
  }

  #unpin(connection: Connection): void {
    for (const buffer of connection.pinned) this.#buffers.give(buffer);
    empty(connection.pinned);
  }

  #closeIfDone(connection: Connection): void {
    if (!connection.closesWhenSent || !connection.isQuiet || !connection.isOpen) return;
    if (!connection.isCut) return this.close(connection);
    // A close would take answers back that the peer has not received: there are bytes of its that nobody reads.
    connection.isOpen = false;
    connection.socket.end();
  }

  #stopReading(): void {
    if (this.#arenaIsShort) return;
    this.#arenaIsShort = true;
    for (const connection of this.#open.values()) {
      connection.pause(PAUSED_FOR_ARENA);
      this.#host.unheard(connection);
    }
  }

  #resumeReading(): void {
    if (!this.#arenaIsShort) return;
    if (this.arena.budgetBytes - this.arena.usedBytes < 2 * ARENA_RESERVE_BYTES) return;
    this.#arenaIsShort = false;
    for (const connection of this.#open.values()) connection.resume(PAUSED_FOR_ARENA);
  }

  #endThrottles(nowMs: number): void {
    for (let id = this.#throttled.takeDue(nowMs); id >= 0; id = this.#throttled.takeDue(nowMs)) {
      const connection = this.#open.get(id);
      // An entry that a longer throttle has overtaken.
      if (connection !== undefined && connection.throttledUntilMs <= nowMs) this.#endThrottle(connection);
    }
  }

  #endThrottle(connection: Connection): void {
    connection.lastActivityMs = this.nowMs();
    connection.resume(PAUSED_FOR_THROTTLE);
    if (connection.frames.size > 0) this.run(connection);
  }

  #closeIdle(nowMs: number): void {
    for (const connection of this.#open.values()) {
      // Its last answers were sent, and its peer does not take them or does not close.
      if (!connection.isOpen && nowMs - connection.lastActivityMs >= WRITE_STALL_MS_MAX) connection.socket.destroy();
      const idleMs = nowMs - connection.lastActivityMs;
      if (connection.isBlocked && nowMs - connection.blockedSinceMs >= WRITE_STALL_MS_MAX) {
        this.refuse(connection, 'it did not read its answers');
      } else if (this.#idleMsMax >= 0 && idleMs >= this.#idleMsMax && connection.begun === 0) {
        if (connection.isPausedFor(PAUSED_FOR_THROTTLE)) continue;
        // Idle connections are the normal course of things: clients come back. Not worth a line.
        this.close(connection);
      }
    }
  }
}

/** Requests that one connection may queue before it stops being read. */
const QUEUED_FRAMES_MAX = 64;
/** A part of the processor's second cache: the log is written while what came is still in it. */
const RECEIVED_BYTES_A_TURN = 1024 * 1024;
/** Kept free so that what the kernel delivers before reading has stopped everywhere still finds room. */
const ARENA_RESERVE_BYTES = 256 * 1024;
const IDLE_SCAN_MS = 1000;
const LINES_A_SECOND = 100;
/** A peer that takes nothing of its answers for so long is gone. */
const WRITE_STALL_MS_MAX = 30_000;
