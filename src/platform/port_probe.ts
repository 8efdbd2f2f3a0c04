import net from 'node:net';

import { bindAtOnce } from './network/bound_socket.ts';

export interface PortTaken {
  readonly host: string;
  readonly port: number;
  /** The operating system's name: EADDRINUSE, EACCES, EADDRNOTAVAIL, ENOTFOUND, … */
  readonly code: string;
  /** One sentence for the operator. */
  readonly message: string;
}

/**
 * Binds an address for a moment without SO_REUSEPORT, which fails when anything else listens there, also a node
 * whose own sockets share the port; with SO_REUSEPORT alone both would get half of the connections. Null when the
 * address is free. Port 0 is never taken. Control asks before the shards listen.
 */
export function probePort(host: string, port: number): Promise<PortTaken | null> {
  if (port === 0) return Promise.resolve(null);
  const bound = bindAtOnce(host, port, false);
  if (bound instanceof Error) return Promise.resolve(takenBy(host, port, bound));
  if (bound !== null) {
    bound.close();
    return Promise.resolve(null);
  }
  return new Promise((resolve) => {
    const server = net.createServer((socket) => socket.destroy());
    server.once('error', (error) => resolve(takenBy(host, port, error)));
    server.once('listening', () => server.close(() => resolve(null)));
    server.listen({ ...(host === '' ? {} : { host }), port, exclusive: true });
  });
}

function takenBy(host: string, port: number, error: NodeJS.ErrnoException): PortTaken {
  const code = error.code ?? error.name;
  return { host, port, code, message: sentenceOf(host, port, code, error.message) };
}

function sentenceOf(host: string, port: number, code: string, message: string): string {
  const address = `${host.includes(':') ? `[${host}]` : host === '' ? '*' : host}:${port}`;
  switch (code) {
    case 'EADDRINUSE':
      return `${address} is taken: another process listens there; another port is chosen with --port, or listeners`;
    case 'EACCES':
      return `${address} cannot be listened on: this user lacks the privilege, which ports from 1024 on do not need`;
    case 'EADDRNOTAVAIL':
      return `${address} is not an address of this machine; what others reach it by goes into advertised.listeners`;
    case 'ENOTFOUND':
      return `${address} cannot be listened on: the name is not known; listeners has an address of this machine, or none`;
    default:
      return `${address} cannot be listened on: ${message}`;
  }
}
