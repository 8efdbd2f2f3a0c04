import { empty } from '../base/empty.ts';

/** Why a single record is refused, and its batch with it. */
export type RecordError = 'no key' | 'time';

/**
 * The records of a batch that are at fault (KIP-467). The owner of a partition leaves them in the place of the batch,
 * whose bytes nobody needs any more, for the shard that received it:
 *
 *     count (4) · for each: index in the batch (4), as its complement where the time is wrong
 *
 * As many as fit there: the first ones.
 */
export class RecordErrors {
  readonly #words: number[] = [];

  get count(): number {
    return this.#words.length;
  }

  clear(): void {
    empty(this.#words);
  }

  add(index: number, error: RecordError): void {
    if (this.#words.length < RECORD_ERRORS_MAX) this.#words.push(error === 'no key' ? index : ~index);
  }

  indexAt(position: number): number {
    const word = this.#words[position]!;
    return word < 0 ? ~word : word;
  }

  errorAt(position: number): RecordError {
    return this.#words[position]! < 0 ? 'time' : 'no key';
  }

  /** Writes them over `[start, end)` of a refused batch. */
  leave(view: DataView, start: number, end: number): void {
    const count = Math.min(this.#words.length, Math.floor((end - start) / 4) - 1);
    view.setInt32(start, count);
    for (let index = 0; index < count; index++) view.setInt32(start + 4 + 4 * index, this.#words[index]!);
  }

  /** Takes what was left at `start`. */
  take(view: DataView, start: number): void {
    this.clear();
    const count = view.getInt32(start);
    for (let index = 0; index < count; index++) this.#words.push(view.getInt32(start + 4 + 4 * index));
  }
}

/** What an answer tells. Clients say of a record that is not told that its batch was refused. */
const RECORD_ERRORS_MAX = 1000;
