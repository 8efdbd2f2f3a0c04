import net from 'node:net';

import type { SocketEvents } from '../../port/network.ts';

/** What reading needs of a connection's events. */
export type ReadingEvents = Pick<SocketEvents, 'destination' | 'received'>;

/**
 * Moves the kernel's socket under `outer`, which has not begun to read, into a new stream that reads in place: libuv
 * writes into the memory that `destination` named last. Null when this Node does not let us: then `outer` is as it was.
 *
 * Node offers `onread` for the sockets that a program makes, not for those that a server accepted. The one thing
 * taken from its inside is the property `_handle`; test/platform/in_place_reading.test.ts tells when a new Node
 * changes it. `outer` gives its handle up and is destroyed, so that it neither counts as a connection of its server nor
 * stays in memory.
 */
export function readInPlace(outer: net.Socket, events: ReadingEvents): net.Socket | null {
  const holder = outer as unknown as { _handle?: object | null };
  const handle = holder._handle;
  if (!isKernelSocket(handle)) return null;
  holder._handle = null;
  if (holder._handle !== null) return null;
  outer.destroy();
  return socketReadingInPlace(events, handle);
}

/** A socket to connect with, that reads in place as Node documents it. */
export function newSocketReadingInPlace(events: ReadingEvents): net.Socket {
  return socketReadingInPlace(events, null);
}

function socketReadingInPlace(events: ReadingEvents, handle: object | null): net.Socket {
  let destination: Uint8Array | null = null;
  const options: net.SocketConstructorOpts = {
    allowHalfOpen: true,
    onread: {
      // Node asks at each attempt to connect too, and after the socket was destroyed: the answer stays the same then.
      buffer: () => (destination ??= events.destination()),
      callback: (length) => {
        events.received(length);
        if (!socket.destroyed) destination = null;
        return true;
      },
    },
  };
  if (handle !== null) options.handle = handle as net.BoundSocket; // what the types know of it
  const socket: net.Socket = new net.Socket(options);
  return socket;
}

function isKernelSocket(handle: object | null | undefined): handle is object {
  if (handle === null || handle === undefined) return false;
  return typeof (handle as { useUserBuffer?: unknown }).useUserBuffer === 'function';
}
