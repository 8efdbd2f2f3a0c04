import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { PartitionTable, replicaState, RowSnapshot, rowStride } from '../../src/shared-memory/partition_table.ts';
import {
  SegmentEntry,
  segmentEntryBytes,
  SegmentHeap,
  SegmentListReader,
  SegmentListWriter,
  segmentState,
} from '../../src/shared-memory/segment_lists.ts';

function makeLists(logs: number, entries: number) {
  const heapMemory = new SharedArrayBuffer(entries * segmentEntryBytes);
  const table = new PartitionTable(new SharedArrayBuffer(logs * rowStride));
  const heap = new SegmentHeap(heapMemory);
  const reader = new SegmentListReader([heapMemory]);
  const writers = Array.from({ length: logs }, (_, slot) => {
    const row = table.row(slot);
    row.state = replicaState.leader;
    row.owner = 1;
    row.publish();
    return new SegmentListWriter(heap, row);
  });
  return { table, reader, writers };
}

function entryOf(baseOffset: number, generation = 1): SegmentEntry {
  const entry = new SegmentEntry();
  entry.baseOffset = baseOffset;
  entry.generation = generation;
  entry.state = baseOffset % 3 === 0 ? segmentState.remote : segmentState.local;
  entry.bytes = (baseOffset * 1_000_003) % 2 ** 32;
  entry.largestTimestamp = baseOffset * 7 - 1;
  return entry;
}

function readAll(table: PartitionTable, reader: SegmentListReader, slot: number): SegmentEntry[] {
  const snapshot = new RowSnapshot();
  table.snapshot(slot, snapshot);
  const entries = Array.from({ length: snapshot.segmentCount }, (_, index) => {
    const entry = new SegmentEntry();
    reader.read(snapshot, index, entry);
    return entry;
  });
  assert.ok(table.hasSameSegments(snapshot));
  for (let index = 0; index < entries.length; index++) {
    assert.equal(reader.floor(snapshot, entries[index]!.baseOffset), index);
    assert.equal(reader.floor(snapshot, entries[index]!.baseOffset - 1), index - 1);
  }
  return entries;
}

const step = fc.record({
  log: fc.nat(3),
  action: fc.constantFrom('append', 'append', 'append', 'append', 'drop', 'replace', 'close'),
  count: fc.nat(12),
});

suite('segment lists', () => {
  test('each log has its own list, whatever happens to the others', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150 }), (steps) => {
        const { table, reader, writers } = makeLists(4, 400);
        const lists: SegmentEntry[][] = [[], [], [], []];
        let next = 0;
        for (const { log, action, count } of steps) {
          const writer = writers[log]!;
          if (action === 'append') {
            const entry = entryOf(next++);
            if (writer.append(entry)) lists[log]!.push(entry);
          } else if (action === 'drop') {
            const dropped = Math.min(count, lists[log]!.length);
            writer.dropOldest(dropped);
            lists[log]!.splice(0, dropped);
          } else if (action === 'replace') {
            const replaced = Array.from({ length: count }, () => entryOf(next++, 2));
            if (writer.replaceAll(replaced)) lists[log] = replaced;
          } else {
            writer.close();
            lists[log] = [];
          }
          for (let slot = 0; slot < 4; slot++) assert.deepEqual(readAll(table, reader, slot), lists[slot]);
        }
      }),
      { numRuns: 100 },
    );
  });

  test('a list that grows and loses its oldest segments for ever needs no more memory', () => {
    const { table, reader, writers } = makeLists(1, 64);
    for (let offset = 0; offset < 1000; offset++) {
      assert.ok(writers[0]!.append(entryOf(offset)));
      if (writers[0]!.count > 5) writers[0]!.dropOldest(1);
    }
    assert.deepEqual(
      readAll(table, reader, 0).map((entry) => entry.baseOffset),
      [995, 996, 997, 998, 999],
    );
  });

  test('a full heap refuses and changes nothing', () => {
    const { table, reader, writers } = makeLists(1, 16);
    let appended = 0;
    while (writers[0]!.append(entryOf(appended))) appended++;
    assert.equal(readAll(table, reader, 0).length, appended);
    assert.equal(writers[0]!.replaceAll(Array.from({ length: 40 }, (_, index) => entryOf(index))), false);
    assert.equal(readAll(table, reader, 0).length, appended);
  });

  test('a reader whose list was written over is told', () => {
    const { table, reader, writers } = makeLists(2, 64);
    const snapshot = new RowSnapshot();
    writers[0]!.append(entryOf(1));
    table.snapshot(0, snapshot);
    writers[0]!.replaceAll([entryOf(2)]);
    writers[1]!.append(entryOf(3));
    const entry = new SegmentEntry();
    reader.read(snapshot, 0, entry);
    assert.equal(entry.baseOffset, 3, 'the memory belongs to another log now');
    assert.equal(table.hasSameSegments(snapshot), false);
  });
});
