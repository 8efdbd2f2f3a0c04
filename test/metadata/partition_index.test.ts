import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PartitionIndex, partitionIndexBytes } from '../../src/metadata/partition_index.ts';

const idOf = (number: number): Int32Array => Int32Array.of(number >> 3, number % 3, -1, number % 7);

test('partitions come and go for ever; each is found by every thread as long as it is there', () => {
  const step = fc.record({ number: fc.nat(60), partition: fc.nat(2), removes: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const partitionsMax = 20;
      const memory = new SharedArrayBuffer(partitionIndexBytes(partitionsMax));
      const [control, shard] = [new PartitionIndex(memory), new PartitionIndex(memory)];
      const model = new Map<string, number>();
      for (const [slot, { number, partition, removes }] of steps.entries()) {
        const id = idOf(number);
        const key = `${[...id].join()}-${partition}`;
        if (removes) {
          control.remove(id, partition);
          model.delete(key);
        } else if (!model.has(key) && model.size < partitionsMax) {
          control.insert(id, partition, slot);
          model.set(key, slot);
        }
        assert.equal(shard.find(id, partition), model.get(key) ?? -1);
      }
      for (let number = 0; number <= 60; number++) {
        for (let partition = 0; partition <= 2; partition++) {
          const key = `${[...idOf(number)].join()}-${partition}`;
          assert.equal(shard.find(idOf(number), partition), model.get(key) ?? -1);
        }
      }
    }),
    { numRuns: 60 },
  );
});

test('there is room for as many partitions as there are rows', () => {
  const partitionsMax = 1000;
  const index = new PartitionIndex(new SharedArrayBuffer(partitionIndexBytes(partitionsMax)));
  for (let slot = 0; slot < partitionsMax; slot++) index.insert(Int32Array.of(1, 2, 3, slot >> 4), slot & 15, slot);
  for (let slot = 0; slot < partitionsMax; slot++) {
    assert.equal(index.find(Int32Array.of(1, 2, 3, slot >> 4), slot & 15), slot);
  }
  assert.equal(index.find(Int32Array.of(1, 2, 3, 4000), 0), -1);
});
