import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import {
  idListsBytes,
  PartitionColumns,
  partitionColumnsBytes,
  PartitionColumnsWriter,
  PartitionState,
} from '../../src/shared-memory/partition_columns.ts';
import { anyValues, valuesIn, valuesOf } from './partition_values.ts';

const SLOTS = 5;

function columnsOf(slots: number): { columns: PartitionColumns; writer: PartitionColumnsWriter } {
  const memory = new SharedArrayBuffer(partitionColumnsBytes(slots));
  const lists = new SharedArrayBuffer(idListsBytes(slots));
  return {
    columns: new PartitionColumns(memory, lists, slots),
    writer: new PartitionColumnsWriter(memory, lists, slots),
  };
}

suite('partition columns', () => {
  test('a slot says what was written last, until it is cleared', () => {
    const slot = fc.nat(SLOTS - 1);
    const write = fc.tuple(slot, fc.nat(3), fc.option(anyValues));
    fc.assert(
      fc.property(fc.array(write, { maxLength: 40 }), (writes) => {
        const { columns, writer } = columnsOf(SLOTS);
        const expected = new Map<number, { partition: number; values: object }>();
        const kept = Array.from({ length: SLOTS }, () => new PartitionState());
        for (const [at, partition, values] of writes) {
          if (values === null) writer.clear(at);
          else writer.write(at, Int32Array.of(1, -2, partition, 4), partition, values);
          if (values === null) expected.delete(at);
          else expected.set(at, { partition, values });
          for (let read = 0; read < SLOTS; read++) {
            const now = expected.get(read);
            for (const state of [kept[read]!, new PartitionState()]) {
              assert.equal(columns.read(read, state), now !== undefined);
              if (now === undefined) continue;
              assert.deepEqual(valuesIn(state), now.values);
              assert.ok(state.isOf(Int32Array.of(1, -2, now.partition, 4), now.partition));
            }
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  test('a slot never written, and one out of range', () => {
    const { columns, writer } = columnsOf(2);
    assert.equal(columns.read(1, new PartitionState()), false);
    writer.clear(1);
    assert.equal(columns.read(1, new PartitionState()), false);
    assert.throws(() => columns.read(2, new PartitionState()), /a slot/);
    assert.throws(() => writer.clear(-1), /a slot/);
  });

  test('a thread that still holds the slot of a removed partition sees that it is another’s', () => {
    const { columns, writer } = columnsOf(1);
    const [former, later] = [Int32Array.of(1, 1, 1, 1), Int32Array.of(1, 1, 1, 2)];
    const state = new PartitionState();
    writer.write(0, former, 3, valuesOf(8));
    assert.ok(columns.read(0, state) && state.isOf(former, 3) && !state.isOf(former, 4));
    writer.clear(0);
    writer.write(0, later, 3, valuesOf(9));
    assert.ok(columns.read(0, state) && !state.isOf(former, 3) && state.isOf(later, 3));
  });

  test('lists of a reading stay as they were when the entry changes', () => {
    const { columns, writer } = columnsOf(1);
    const state = new PartitionState();
    writer.write(0, Int32Array.of(0, 0, 0, 1), 0, valuesOf(4));
    columns.read(0, state);
    const { replicas, directories } = state;
    for (let number = 10; number < 30; number++) writer.write(0, Int32Array.of(0, 0, 0, 1), 0, valuesOf(number));
    columns.read(0, state);
    assert.deepEqual(replicas, [4, 5, 6]);
    assert.equal(directories.length, 1);
    assert.deepEqual(state.replicas, [29, 30, 31]);
  });

  test('there is room for as many different lists as the docstring says', () => {
    const slots = 40;
    const { writer } = columnsOf(slots);
    for (let round = 0; round < 3; round++) {
      for (let slot = 0; slot < slots; slot++) {
        const first = (round * slots + slot) * 100;
        const replicas = Array.from({ length: 12 }, (_, index) => first + index);
        writer.write(slot, Int32Array.of(0, 0, 0, 1), slot, {
          ...valuesOf(first),
          replicas,
          isr: replicas.toReversed(),
        });
      }
    }
  });
});
