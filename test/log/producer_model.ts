/**
 * What a log knows of its producers, told in the plainest way: everything that was written is kept, and each question is
 * answered by looking through it. Tests hold the product against it.
 */
export type Written =
  | {
      readonly kind: 'data';
      readonly producerId: number;
      readonly epoch: number;
      readonly baseSequence: number;
      readonly records: number;
      readonly baseOffset: number;
      readonly timestampMs: number;
      readonly isTransactional: boolean;
    }
  | {
      readonly kind: 'marker';
      readonly producerId: number;
      readonly epoch: number;
      readonly coordinatorEpoch: number;
      readonly isAbort: boolean;
      readonly baseOffset: number;
      readonly timestampMs: number;
      readonly records: 1;
    };

export type Data = Extract<Written, { kind: 'data' }>;

export type Verdict =
  | { readonly answer: 'append' | 'epoch' | 'sequence' | 'transaction' }
  | { readonly answer: 'duplicate'; readonly original: Data };

export interface ModelTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
  readonly lastOffset: number;
}

const sequences = 2 ** 31;

/** Reads a batch as it lies in a log; null when it is no producer's. */
export function writtenOf(bytes: Uint8Array): Written | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const producerId = Number(view.getBigInt64(43));
  if (producerId < 0) return null;
  const attributes = view.getInt16(21);
  const facts = {
    producerId,
    epoch: view.getInt16(51),
    baseOffset: Number(view.getBigInt64(0)),
    timestampMs: Number(view.getBigInt64(35)),
  };
  if ((attributes & 32) === 0) {
    const isTransactional = (attributes & 16) !== 0;
    const records = view.getInt32(23) + 1;
    return { kind: 'data', ...facts, baseSequence: view.getInt32(53), records, isTransactional };
  }
  // Key and value of a marker end the record: kind 2, value's length 1, version 2, coordinator epoch 4, no headers 1.
  const end = bytes.length;
  const coordinatorEpoch = view.getInt32(end - 5);
  return { kind: 'marker', ...facts, records: 1, coordinatorEpoch, isAbort: view.getInt16(end - 10) === 0 };
}

export const endOf = ({ baseOffset, records }: Written): number => baseOffset + records;

export class ProducerModel {
  written: Written[] = [];

  /** Only what ends at or below `offset` is left. */
  truncate(offset: number): void {
    this.written = this.written.filter((each) => endOf(each) <= offset);
  }

  /** `isVerified`: its coordinator says that a transaction of it is open. */
  judge(
    producerId: number,
    epoch: number,
    baseSequence: number,
    records: number,
    isTransactional: boolean,
    isVerified = false,
  ): Verdict {
    const mine = this.written.filter((each) => each.producerId === producerId);
    const last = mine.at(-1);
    if (last === undefined) return { answer: isTransactional && !isVerified ? 'transaction' : 'append' };
    // Batches since the epoch became what it is.
    const otherEpoch = mine.findLastIndex((each) => each.epoch !== last.epoch);
    const current = mine.slice(otherEpoch + 1).filter((each): each is Data => each.kind === 'data');
    const isOpen = this.openTransactions().some((transaction) => transaction.producerId === producerId);
    if (epoch === last.epoch) {
      const original = current.slice(-5).find((each) => each.baseSequence === baseSequence && each.records === records);
      if (original !== undefined) return { answer: 'duplicate', original };
    }
    if (isTransactional && !isVerified && !(isOpen && epoch === last.epoch)) return { answer: 'transaction' };
    if (epoch < last.epoch) return { answer: 'epoch' };
    const before = epoch === last.epoch ? current.at(-1) : undefined;
    const expected = before === undefined ? 0 : (before.baseSequence + before.records) % sequences;
    if (baseSequence !== expected) return { answer: 'sequence' };
    return { answer: isOpen && !isTransactional ? 'transaction' : 'append' };
  }

  openTransactions(): { readonly producerId: number; readonly firstOffset: number }[] {
    return this.#transactions().open;
  }

  aborted(): ModelTransaction[] {
    return this.#transactions().ended.filter(({ isAbort }) => isAbort);
  }

  /** For each aborted transaction: where read_committed ends once its marker is replicated. */
  stableOffsetsOfAborted(): number[] {
    return this.aborted().map(({ lastOffset }) => {
      const before = new ProducerModel();
      before.written = this.written.filter((each) => each.baseOffset <= lastOffset);
      return before.lastStableOffset(lastOffset + 1);
    });
  }

  /** Where read_committed ends for a log of which all below `highWatermark` is replicated. */
  lastStableOffset(highWatermark: number): number {
    const { open, ended } = this.#transactions();
    const undecided = [...open, ...ended.filter(({ lastOffset }) => lastOffset >= highWatermark)];
    return Math.min(highWatermark, ...undecided.map(({ firstOffset }) => firstOffset));
  }

  /** Aborted transactions with records in `[from, to)`. */
  abortedIn(from: number, to: number): ModelTransaction[] {
    return this.aborted().filter(({ firstOffset, lastOffset }) => firstOffset < to && lastOffset >= from);
  }

  /** By producer: what DescribeProducers and a snapshot tell. */
  producers(): Map<number, ModelProducer> {
    const known = new Map<number, ModelProducer>();
    for (const each of this.written) {
      const before = known.get(each.producerId);
      const sameEpoch = before !== undefined && before.epoch === each.epoch;
      known.set(each.producerId, {
        epoch: each.epoch,
        lastTimestampMs: each.timestampMs,
        coordinatorEpoch: each.kind === 'marker' ? each.coordinatorEpoch : (before?.coordinatorEpoch ?? -1),
        lastSequence:
          each.kind === 'data'
            ? (each.baseSequence + each.records - 1) % sequences
            : sameEpoch
              ? before.lastSequence
              : -1,
        transactionFirstOffset: -1,
      });
    }
    for (const { producerId, firstOffset } of this.openTransactions()) {
      known.set(producerId, { ...known.get(producerId)!, transactionFirstOffset: firstOffset });
    }
    return known;
  }

  /**
   * Batches whose sequence numbers are not those that come next: a log has them only where a producer was forgotten, or
   * not heard of before.
   */
  outOfSequence(): Data[] {
    const next = new Map<number, { readonly epoch: number; readonly sequence: number }>();
    const found: Data[] = [];
    for (const each of this.written) {
      const before = next.get(each.producerId);
      const isSameEpoch = before?.epoch === each.epoch;
      if (each.kind === 'marker') {
        if (before !== undefined && !isSameEpoch) next.set(each.producerId, { epoch: each.epoch, sequence: 0 });
        continue;
      }
      const expected = isSameEpoch ? before!.sequence : before === undefined ? each.baseSequence : 0;
      if (each.baseSequence !== expected) found.push(each);
      next.set(each.producerId, { epoch: each.epoch, sequence: (each.baseSequence + each.records) % sequences });
    }
    return found;
  }

  #transactions(): {
    open: { producerId: number; firstOffset: number }[];
    ended: (ModelTransaction & { isAbort: boolean })[];
  } {
    const open = new Map<number, number>();
    const ended: (ModelTransaction & { isAbort: boolean })[] = [];
    for (const each of this.written) {
      const firstOffset = open.get(each.producerId);
      if (each.kind === 'data') {
        if (each.isTransactional && firstOffset === undefined) open.set(each.producerId, each.baseOffset);
      } else if (firstOffset !== undefined) {
        open.delete(each.producerId);
        const { producerId, baseOffset: lastOffset, isAbort } = each;
        ended.push({ producerId, firstOffset, lastOffset, isAbort });
      }
    }
    return { open: [...open].map(([producerId, firstOffset]) => ({ producerId, firstOffset })), ended };
  }
}

export interface ModelProducer {
  readonly epoch: number;
  readonly lastSequence: number;
  readonly lastTimestampMs: number;
  readonly coordinatorEpoch: number;
  readonly transactionFirstOffset: number;
}
