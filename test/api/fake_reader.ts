import assert from 'node:assert/strict';
import type { LogReader } from '../../src/log/log_reader.ts';
import type { ReadPosition, ReadResult, ReadStatus } from '../../src/log/read_position.ts';
import type { RowSnapshot } from '../../src/shared-memory/partition_table.ts';

/** A reader whose partitions hold so many bytes each; by slot. Some reads end later, in the order of `later`. */
export class FakeReader {
  readonly bytesOf = new Map<number, number>();
  readonly failing = new Set<number>();
  readsLater = false;
  /** Called before each read into memory. */
  reading = (): void => {};
  readonly later: (() => void)[] = [];

  get asReader(): LogReader {
    return this as unknown as LogReader;
  }

  locate(row: RowSnapshot, offset: number, _hint: ReadPosition, out: ReadPosition): ReadStatus {
    out.incarnation = row.incarnation;
    out.readEpoch = row.readEpoch;
    out.offset = offset;
    out.batchBytes = this.bytesOf.get(row.slot)!;
    return 'found';
  }

  bytesAhead(row: RowSnapshot): number {
    return this.bytesOf.get(row.slot)!;
  }

  bytesUpTo(row: RowSnapshot): number {
    return this.bytesOf.get(row.slot)!;
  }

  read(
    row: RowSnapshot,
    from: ReadPosition,
    _end: number,
    memory: { readonly bytes: Uint8Array },
    at: number,
    room: number,
    out: ReadResult,
  ): ReadStatus {
    if (this.readsLater) return 'later';
    this.reading();
    if (this.failing.has(row.slot)) return (out.status = 'failed');
    const bytes = this.bytesOf.get(row.slot)!;
    assert.ok(bytes <= room);
    memory.bytes.set(recordsOf(row.slot, bytes), at);
    out.bytes = bytes;
    out.isPartial = false;
    out.next.copyFrom(from);
    return (out.status = 'found');
  }

  readLater(
    row: RowSnapshot,
    from: ReadPosition,
    end: number,
    memory: { readonly bytes: Uint8Array },
    at: number,
    room: number,
    out: ReadResult,
    done: () => void,
  ): void {
    const { slot } = row;
    this.later.push(() => {
      this.readsLater = false;
      this.read({ slot } as RowSnapshot, from, end, memory, at, room, out);
      this.readsLater = true;
      done();
    });
  }
}

export function recordsOf(slot: number, bytes: number): Uint8Array {
  return new Uint8Array(bytes).fill(slot + 100);
}
