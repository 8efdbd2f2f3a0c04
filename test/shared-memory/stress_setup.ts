import type { TestContext } from 'node:test';
import { Worker } from 'node:worker_threads';
import type { Threads } from '../../src/port/threads.ts';
import { doorbellStride } from '../../src/shared-memory/doorbell.ts';
import { followerBlockBytes } from '../../src/shared-memory/follower_table.ts';
import { indexTailStride } from '../../src/shared-memory/index_tail.ts';
import { ConnectionClaim, limitsBytes } from '../../src/shared-memory/connection_limits.ts';
import type { ConnectionLimits } from '../../src/shared-memory/connection_limits.ts';
import { noticesBytes } from '../../src/shared-memory/notices.ts';
import { partitionColumnsBytes } from '../../src/shared-memory/partition_columns.ts';
import { rowStride } from '../../src/shared-memory/partition_table.ts';
import { ringStride, smallestRingBytes } from '../../src/shared-memory/ring.ts';
import type { RingPlace } from '../../src/shared-memory/ring.ts';
import { segmentEntryBytes } from '../../src/shared-memory/segment_lists.ts';
import { startRingAt } from './ring_start.ts';

export const stressPayloadMax = 64;
const ringBytes = smallestRingBytes(stressPayloadMax);

export interface StressData {
  readonly role: string;
  readonly rounds: number;
  readonly go: SharedArrayBuffer;
  readonly bells: SharedArrayBuffer;
  readonly rings: SharedArrayBuffer;
  readonly rows: SharedArrayBuffer;
  readonly segments: SharedArrayBuffer;
  readonly tails: SharedArrayBuffer;
  readonly followers: SharedArrayBuffer;
  readonly limits: SharedArrayBuffer;
  readonly notices: SharedArrayBuffer;
  readonly numbers: SharedArrayBuffer;
  readonly columns: SharedArrayBuffer;
  readonly idLists: SharedArrayBuffer;
}

/** Partitions whose columns are written. */
export const stressPartitions = 4;

/** Fresh memory; the rings' positions are about to pass 2^32. */
export function stressData(role: string, rounds: number): StressData {
  const data = {
    role,
    rounds,
    go: new SharedArrayBuffer(4),
    bells: new SharedArrayBuffer(2 * doorbellStride),
    rings: new SharedArrayBuffer(2 * ringStride(ringBytes)),
    rows: new SharedArrayBuffer(2 * rowStride),
    segments: new SharedArrayBuffer(64 * segmentEntryBytes),
    tails: new SharedArrayBuffer(indexTailStride),
    followers: new SharedArrayBuffer(followerBlockBytes),
    limits: new SharedArrayBuffer(limitsBytes(1, 64)),
    notices: new SharedArrayBuffer(2 * noticesBytes(5000)),
    numbers: new SharedArrayBuffer(5000 * 4),
    columns: new SharedArrayBuffer(partitionColumnsBytes(stressPartitions)),
    // Just enough: what is given back is written again at once.
    idLists: new SharedArrayBuffer(512),
  };
  for (const self of [0, 1] as const) startRingAt(listensTo(data, self).incoming, 2 ** 32 - 64 * 1024);
  return data;
}

export function listensTo(data: Pick<StressData, 'rings'>, self: 0 | 1): { incoming: RingPlace; outgoing: RingPlace } {
  const place = (from: number): RingPlace => ({ memory: data.rings, start: from * ringStride(ringBytes), ringBytes });
  return { incoming: place(1 - self), outgoing: place(self) };
}

/** Starts the other thread; it ends with the test. Resolves with what it posts. */
export function startRole(context: TestContext, data: StressData): Promise<unknown> {
  const worker = new Worker(new URL('./stress_worker.ts', import.meta.url), { workerData: data });
  context.after(() => worker.terminate());
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('the worker ended without a result')));
  });
}

/** The first word is the caller's; the other bytes follow from it and from where they stand. */
export function fillPayload(view: DataView, position: number, length: number, first: number): void {
  for (let at = 0; at < length; at++) view.setUint8(position + at, first + at * 7);
  if (length >= 4) view.setInt32(position, first, true);
}

export function isIntact(view: DataView, start: number, length: number): boolean {
  const first = view.getInt32(start, true);
  for (let at = 4; at < length; at++) if (view.getUint8(start + at) !== ((first + at * 7) & 255)) return false;
  return true;
}

/** Counts connections of five addresses up and down; −1 when more of one are seen than two threads can add at once. */
export function countConnections(limits: ConnectionLimits, rounds: number): number {
  const caps = { total: Infinity, listener: Infinity, address: 6 };
  const held: ConnectionClaim[] = [];
  let refused = 0;
  for (let round = 0; round < rounds; round++) {
    const claim = new ConnectionClaim();
    const verdict = limits.reserve(0, round % 5, caps, claim);
    if (verdict === 'granted') held.push(claim);
    else refused++;
    if (limits.ofAddress(round % 5) > 8) return -1;
    while (held.length > round % 12) limits.release(held.shift()!);
  }
  for (const claim of held) limits.release(claim);
  return refused;
}

/** Just the waiting of the port, for a thread with an event loop of its own. */
export class NodeThreads implements Threads {
  readonly self: number;

  constructor(self: number) {
    this.self = self;
  }

  wait(words: Int32Array<SharedArrayBuffer>, index: number, expected: number, woken: () => void): boolean {
    const waiting = Atomics.waitAsync(words, index, expected);
    if (!waiting.async) return false;
    // A pending waitAsync does not keep an event loop alive.
    const hold = setInterval(() => {}, 1_000_000);
    void waiting.value.then(() => {
      clearInterval(hold);
      woken();
    });
    return true;
  }

  notify(words: Int32Array<SharedArrayBuffer>, index: number): void {
    Atomics.notify(words, index);
  }

  spawnShard(): void {
    throw new Error('no thread is started here');
  }

  exit(): void {
    throw new Error('no thread ends here');
  }
}
