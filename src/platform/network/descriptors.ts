import { readFileSync } from 'node:fs';
import type net from 'node:net';

/**
 * How many descriptors this process may have open (RLIMIT_NOFILE; Node raises it to the hard limit when it starts);
 * Infinity where the system does not tell by a file.
 */
export function descriptorLimit(limits: string | null = readLimits()): number {
  const soft = /^Max open files +(\d+)/m.exec(limits ?? '')?.[1];
  return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft);
}

/** The number of a stream's descriptor; −1 when it has none, or this Node does not tell. */
export function descriptorOf(stream: net.Socket): number {
  const { _handle: handle } = stream as unknown as { _handle?: { readonly fd?: unknown } | null };
  return typeof handle?.fd === 'number' ? handle.fd : -1;
}

function readLimits(): string | null {
  try {
    return readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return null;
  }
}
