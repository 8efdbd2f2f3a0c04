import { empty } from '../base/empty.ts';
import type { Request } from '../api/request.ts';
import type { PartitionTable } from '../shared-memory/partition_table.ts';

/**
 * Fetches that wait for their partitions, found by the partition's slot. The waiting bit of each row makes the owner
 * send a notice when the partition moved.
 */
export class ParkedFetches {
  readonly #table: PartitionTable;
  readonly #thread: number;
  readonly #bySlot = new Map<number, Set<Request>>();
  readonly #taken: Request[] = [];

  constructor(table: PartitionTable, thread: number) {
    this.#table = table;
    this.#thread = thread;
  }

  /** Sets the waiting bits. What moved before is seen by looking again now. */
  park(request: Request): void {
    const plan = request.fetch!;
    plan.isParked = true;
    for (let at = 0; at < plan.partitionCount; at++) {
      const slot = plan.slot[at]!;
      if (slot < 0) continue;
      let waiting = this.#bySlot.get(slot);
      if (waiting === undefined) {
        waiting = new Set();
        this.#bySlot.set(slot, waiting);
      }
      waiting.add(request);
      this.#table.park(slot, this.#thread);
    }
  }

  unpark(request: Request): void {
    const plan = request.fetch!;
    if (!plan.isParked) return;
    plan.isParked = false;
    for (let at = 0; at < plan.partitionCount; at++) this.#bySlot.get(plan.slot[at]!)?.delete(request);
  }

  /** A notice about this partition came: whoever waits looks again, its waiting bit set first. */
  notice(slot: number, retry: (request: Request) => void): void {
    const waiting = this.#bySlot.get(slot);
    if (waiting === undefined) return;
    if (waiting.size === 0) {
      this.#bySlot.delete(slot);
      return;
    }
    this.#table.park(slot, this.#thread);
    const taken = this.#taken;
    for (const request of waiting) taken.push(request);
    for (const request of taken) if (request.fetch?.isParked === true) retry(request);
    empty(taken);
  }

  /** The partition in this row is gone: whoever waits for it does so no longer, and is answered without it. */
  forget(slot: number, answer: (request: Request) => void): void {
    const waiting = this.#bySlot.get(slot);
    if (waiting === undefined) return;
    this.#bySlot.delete(slot);
    for (const { fetch } of waiting) {
      // Looked at again, the row could be another partition's by then.
      for (let at = 0; at < fetch!.partitionCount; at++) if (fetch!.slot[at] === slot) fetch!.slot[at] = NO_SLOT;
    }
    for (const request of waiting) if (request.fetch?.isParked === true) answer(request);
  }

  /** Everyone who waits, for the stop. */
  all(): Request[] {
    const all = new Set<Request>();
    for (const waiting of this.#bySlot.values()) for (const request of waiting) all.add(request);
    return [...all];
  }
}

const NO_SLOT = -1;
