import { Socket } from 'node:net';

/**
 * Reads what comes on an accepted socket into memory of the caller's. Only sockets that are made here may do so, so the
 * accepted one gives its handle away.
 */
export function readInto(accepted: Socket, destination: () => Uint8Array, received: (length: number) => void): Socket {
  const handle = (accepted as unknown as { _handle: unknown })._handle;
  const onread = { buffer: destination, callback: (length: number) => (received(length), true) };
  const socket = new Socket({ handle, onread } as unknown as ConstructorParameters<typeof Socket>[0]);
  socket.on('error', () => socket.destroy());
  socket.on('close', () => accepted.destroy());
  socket.resume();
  return socket;
}
