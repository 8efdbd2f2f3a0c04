/**
 * Loaded before the broker's own entry (`node --import memory_probe.ts src/main.ts …`), in its main thread and in every
 * thread that it starts, so that the broker has no code for these tests. On SIGUSR2 each shard says in one line on its
 * standard output what it holds for clients.
 */
import { writeSync } from 'node:fs';
import { BroadcastChannel, isMainThread, workerData } from 'node:worker_threads';
import { Connections } from '../../src/shard/connections.ts';
import { RequestPool } from '../../src/shard/request_pool.ts';
import { SendBuffers } from '../../src/shard/send_buffers.ts';
import { Arena } from '../../src/shared-memory/arena.ts';
import { type Holdings, holdingsMark } from './holdings.ts';

const channel = new BroadcastChannel('millrace-memory-probe');
channel.unref();

if (isMainThread) process.on('SIGUSR2', () => channel.postMessage('say'));
else {
  const arena = seen(Arena, 'allocate', 'reserve');
  const requests = seen(RequestPool, 'take');
  const connections = seen(Connections, 'add');
  const buffers = seen(SendBuffers, 'take');
  channel.onmessage = () => {
    const holdings: Holdings = {
      thread: (workerData as { thread?: number } | null)?.thread ?? -1,
      arenaBytes: arena()?.usedBytes ?? 0,
      incompleteBytes: arena()?.incompleteBytes ?? 0,
      requests: requests()?.inUse ?? 0,
      connections: connections()?.size ?? 0,
      sendBytes: buffers()?.takenBytes ?? 0,
    };
    writeSync(1, `${holdingsMark}${JSON.stringify(holdings)}\n`);
  };
}

/** The thread's one object of a class, from its first use on. */
function seen<T extends object>(of: { readonly prototype: T }, ...methods: readonly (keyof T)[]): () => T | null {
  let found: T | null = null;
  for (const name of methods) {
    const original = of.prototype[name] as (...values: unknown[]) => unknown;
    const note = (self: T): void => void (found = self);
    of.prototype[name] = function (this: T, ...values: unknown[]): unknown {
      note(this);
      return original.apply(this, values);
    } as T[keyof T];
  }
  return () => found;
}
