/** Listening sockets and connections of one thread. Every callback comes in an event of its own loop turn. */
export interface Network {
  /**
   * Begins to listen; the outcome comes by `events.listening` or `events.failed`. With `shared`, several threads
   * listen on the same address and the kernel spreads connections over them (SO_REUSEPORT).
   */
  listen(address: ListenAddress, events: ListenerEvents): Listener;
  /** Opens a connection; the outcome comes by `events.connected`/`events.closed` of the socket. */
  connect(host: string, port: number, events: SocketEvents): Socket;
  /** False where the platform has no SO_REUSEPORT: then only the first shard listens. */
  readonly sharesPorts: boolean;
  /** How many descriptors the process may have open; Infinity where nobody knows. */
  readonly descriptorsMax: number;
}

export interface ListenAddress {
  /** A name or literal without brackets; '' listens on every address, dual-stack where there is IPv6. */
  readonly host: string;
  /** 0 lets the kernel choose. */
  readonly port: number;
  readonly backlog: number;
  readonly shared: boolean;
}

export interface Listener {
  /** No more connections are accepted and the port is free; accepted ones go on. `events.closed` follows, once. */
  close(): void;
}

export interface ListenerEvents {
  listening(port: number): void;
  /** A connection was accepted. Reading begins when `Socket.start` is called; `destroy` refuses it without a byte. */
  accepted(socket: Socket): void;
  /**
   * `code` is the operating system's name: EADDRINUSE, EACCES, EADDRNOTAVAIL, … Failures of accepting come at most
   * once a second, and not all: libuv itself closes the connections for which there is no descriptor (EMFILE).
   */
  failed(code: string, message: string): void;
  closed(): void;
}

/**
 * One TCP connection. Bytes are received in place: before each read the port asks where the next bytes are to go,
 * and that memory stays pinned until they came or the socket closed. A destination may be shared by several
 * sockets of one thread: `received` is called with nothing in between, and consumes everything before it returns.
 */
export interface Socket {
  /** IPv4-mapped IPv6 addresses are given as IPv4. '' when the peer is gone already. */
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  /**
   * The number of its descriptor, −1 when it is not known. The kernel gives the lowest that is free, so at least so many
   * others were open when it was accepted.
   */
  readonly descriptor: number;
  /** Begins reading. Once, for accepted sockets. */
  start(events: SocketEvents): void;
  /**
   * Sends `views[0..count)` one behind the other. True: the kernel has all bytes, the memory is free again and
   * `written` is not called. False: the memory must not change until `events.written`, which comes once for all
   * writes that returned false so far, or until `events.closed`. Views may be of shared memory. After `end` or `destroy`,
   * or when the connection has failed, the bytes are dropped: true.
   */
  write(views: readonly Uint8Array[], count: number): boolean;
  /** Stops asking the kernel for bytes; a read that has been asked for may still deliver once. */
  pauseReading(): void;
  resumeReading(): void;
  /** Sends what is queued, then closes. */
  end(): void;
  /** Closes now; queued bytes are lost. `closed` follows. */
  destroy(): void;
}

export interface SocketEvents {
  /** For sockets made by `connect`. */
  connected(): void;
  /** Where the next bytes are to go: asked inside `start` or before `connected`, and after each `received`. Never empty. */
  destination(): Uint8Array;
  /** `length` ≥ 1 bytes lie at the front of the destination given last. */
  received(length: number): void;
  /** Everything handed to `write` has been taken by the kernel. */
  written(): void;
  /** The peer will send nothing more (half-close). Writing is still possible. */
  ended(): void;
  /** The connection is over; the last call. `code` is '' for an orderly end, else the operating system's name. */
  closed(code: string): void;
}
