import { assert } from '../base/assert.ts';
import {
  ATTRIBUTES_AT,
  baseOffsetOf,
  CONTROL_BIT,
  lastOffsetDeltaOf,
  lastSequenceOf,
  maxTimestampOf,
  PRODUCER_ID_AT,
  producerEpochOf,
  TRANSACTIONAL_BIT,
} from '../protocol/record_batch.ts';
import { batchIsLegacy, batchLastOffset } from './batch_header.ts';
import { ProducerEntry } from './producer_entry.ts';
import { producerIdAt } from './producer_id.ts';
import type { ProducerId } from './producer_id.ts';
import type { AbortedTransaction } from './transaction_index.ts';
import { TransactionMarker } from './transaction_marker.ts';

interface OpenTransaction {
  readonly entry: ProducerEntry;
  readonly firstOffset: number;
}

/** Of every log that no producer with an id writes to: stays empty. */
const noProducers = new Map<ProducerId, ProducerEntry>();
/** Read and acted on at once, whichever log it is of. */
const marker = new TransactionMarker();

/** Its marker is written, and not yet below the high watermark. */
interface EndedTransaction {
  readonly firstOffset: number;
  readonly markerOffset: number;
}

/**
 * What the batches of a log up to `endOffset` say about their producers: a function of the log and of nothing else (but
 * for what has expired), so that it can be made again from any snapshot and the batches behind it.
 */
export class ProducerState {
  /** Everything below is taken in. */
  endOffset: number;
  /** A map of its own comes with the first producer. */
  #entries = noProducers;
  /** By first offset, ascending. */
  readonly #open: OpenTransaction[] = [];
  readonly #ended: EndedTransaction[] = [];

  constructor(endOffset: number) {
    this.endOffset = endOffset;
  }

  get size(): number {
    return this.#entries.size;
  }

  entries(): IterableIterator<ProducerEntry> {
    return this.#entries.values();
  }

  get(producerId: ProducerId): ProducerEntry | undefined {
    return this.#entries.get(producerId);
  }

  /** The entry of a producer, made if there is none. One of which nothing is written is no part of the state. */
  obtain(producerId: ProducerId): ProducerEntry {
    let entry = this.#entries.get(producerId);
    if (entry === undefined) {
      entry = new ProducerEntry(producerId);
      this.#set(entry);
    }
    return entry;
  }

  /** Takes in the entry of a snapshot. */
  load(entry: ProducerEntry): void {
    this.#set(entry);
    if (entry.isInTransaction) this.#open.push({ entry, firstOffset: entry.transactionFirstOffset });
    this.#open.sort((left, right) => left.firstOffset - right.firstOffset);
  }

  #set(entry: ProducerEntry): void {
    if (this.#entries === noProducers) this.#entries = new Map();
    this.#entries.set(entry.producerId, entry);
  }

  remove(entry: ProducerEntry): void {
    this.#entries.delete(entry.producerId);
  }

  clear(endOffset: number): void {
    this.#entries.clear();
    this.#open.length = 0;
    this.#ended.length = 0;
    this.endOffset = endOffset;
  }

  /**
   * Takes in a batch that is in the log, checked or not: what a leader has accepted is not judged again. `view` has all
   * of a control batch. Returns the transaction that it aborts.
   */
  apply(view: DataView, at: number): AbortedTransaction | null {
    this.endOffset = batchLastOffset(view, at) + 1;
    if (batchIsLegacy(view, at)) return null;
    const producerId = producerIdAt(view, at + PRODUCER_ID_AT);
    if (producerId === -1) return null;
    const attributes = view.getInt16(at + ATTRIBUTES_AT);
    if ((attributes & CONTROL_BIT) !== 0) return this.#applyMarker(view, at, producerId);
    const entry = this.obtain(producerId);
    const offsetDelta = lastOffsetDeltaOf(view, at);
    const baseOffset = baseOffsetOf(view, at);
    const lastOffset = baseOffset + offsetDelta;
    entry.addBatch(
      producerEpochOf(view, at),
      lastSequenceOf(view, at),
      offsetDelta,
      lastOffset,
      maxTimestampOf(view, at),
    );
    if ((attributes & TRANSACTIONAL_BIT) !== 0 && !entry.isInTransaction) {
      entry.transactionFirstOffset = baseOffset;
      this.#open.push({ entry, firstOffset: baseOffset });
    }
    return null;
  }

  #applyMarker(view: DataView, at: number, producerId: ProducerId): AbortedTransaction | null {
    if (!marker.read(view, at)) return null;
    const entry = this.obtain(producerId);
    const firstOffset = entry.transactionFirstOffset;
    entry.endTransaction(producerEpochOf(view, at), marker.coordinatorEpoch, maxTimestampOf(view, at));
    // A marker without records before it changes nothing for those who read.
    if (firstOffset < 0) return null;
    const markerOffset = baseOffsetOf(view, at);
    const index = this.#open.findIndex((transaction) => transaction.entry === entry);
    assert(index >= 0, 'an open transaction is in the list');
    this.#open.splice(index, 1);
    this.#ended.push({ firstOffset, markerOffset });
    if (!marker.isAbort) return null;
    const lastStableOffset = this.#open[0]?.firstOffset ?? markerOffset + 1;
    return { producerId, firstOffset, lastOffset: markerOffset, lastStableOffset };
  }

  /**
   * Offset of the first record whose transaction is open, or ended above the high watermark: what read_committed must not
   * pass. Infinity when there is none.
   */
  get firstUnstableOffset(): number {
    let first = this.#open.length === 0 ? Infinity : this.#open[0]!.firstOffset;
    for (const { firstOffset } of this.#ended) first = Math.min(first, firstOffset);
    return first;
  }

  /** Transactions whose markers lie below `offset` are decided for everybody. */
  highWatermarkMoved(offset: number): void {
    const ended = this.#ended;
    if (ended.length === 0) return;
    let kept = 0;
    for (const transaction of ended) if (transaction.markerOffset >= offset) ended[kept++] = transaction;
    ended.length = kept;
  }
}

/**
 * Whether a producer is forgotten at `nowMs`: `expirationMs` after its last record, by the record's own time, unless it
 * has a transaction open.
 */
export function isExpired(entry: ProducerEntry, nowMs: number, expirationMs: number): boolean {
  return !entry.isInTransaction && nowMs - entry.lastTimestampMs >= expirationMs;
}
