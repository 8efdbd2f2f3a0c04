import assert from 'node:assert/strict';
import type { BrokerProcess } from '../processes/broker_process.ts';

/** What one shard holds for clients at a moment. */
export interface Holdings {
  readonly thread: number;
  /** Whole pages of requests' memory; the page that is open counts even when it is empty. */
  readonly arenaBytes: number;
  readonly incompleteBytes: number;
  readonly requests: number;
  readonly connections: number;
  /** Memory of answers that the kernel has not taken. */
  readonly sendBytes: number;
}

export const holdingsMark = 'holdings: ';
/** Arguments of Node with which a broker tells its holdings. */
export const probed: readonly string[] = ['--import', new URL('memory_probe.ts', import.meta.url).pathname];

const openPageBytes = 16 * 1024;
const looks = 100;

/** What each shard holds now. */
export async function holdingsOf(broker: BrokerProcess, shards: number): Promise<Holdings[]> {
  const from = broker.lines.length;
  broker.signal('SIGUSR2');
  const found = new Map<number, Holdings>();
  for (let next = from; found.size < shards; next++) {
    await broker.line((line) => line.startsWith(holdingsMark), next);
    while (!broker.lines[next]!.startsWith(holdingsMark)) next++;
    const holdings = JSON.parse(broker.lines[next]!.slice(holdingsMark.length)) as Holdings;
    // The background pool's threads are loaded with the probe, too.
    if (holdings.thread > 0) found.set(holdings.thread, holdings);
  }
  return [...found.values()];
}

/** Waits until nothing is held but for `connections` that are idle; fails with what still is. */
export async function nothingHeld(broker: BrokerProcess, shards: number, connections: number): Promise<void> {
  let last: Holdings[] = [];
  for (let look = 0; look < looks; look++) {
    last = await holdingsOf(broker, shards);
    const open = last.reduce((sum, each) => sum + each.connections, 0);
    if (open <= connections && last.every(isEmpty)) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    setTimeout(resolve, 100);
    await promise;
  }
  assert.fail(`still held with ${connections} idle connections: ${JSON.stringify(last)}`);
}

function isEmpty(held: Holdings): boolean {
  return held.arenaBytes <= openPageBytes && held.incompleteBytes === 0 && held.requests === 0 && held.sendBytes === 0;
}
