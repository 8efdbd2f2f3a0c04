import assert from 'node:assert/strict';
import { test } from 'node:test';
import { baseOffsetOf, lastOffsetOf } from '../../src/protocol/record_batch.ts';
import type { PartitionLog } from '../../src/log/partition_log.ts';
import { ReadPosition, ReadResult } from '../../src/log/read_position.ts';
import { inArena, makeBatch } from './batches.ts';
import { LogMachine, readMemory } from './log_machine.ts';

/** What a reader believes of a hint that was made before; `now` is one of the same offset as things are. */
type Belief = (hint: ReadPosition, now: ReadPosition) => void;

const asItIs: Belief = () => {};
/** A hint without its epochs: the reader would not see that bytes were cut off since. */
const withoutEpoch: Belief = (hint, now) => {
  hint.readEpoch = now.readEpoch;
  hint.generation = now.generation;
};
/** A reused row: the reader would not see that another replica has it now. */
const withoutIncarnation: Belief = (hint, now) => {
  hint.incarnation = now.incarnation;
  withoutEpoch(hint, now);
};

function append(machine: LogMachine, log: PartitionLog, from: number, until: number, valueBytes: number): void {
  const batches: Uint8Array[] = [];
  for (let offset = from; offset < until; offset++) {
    batches.push(makeBatch({ baseOffset: offset, timestamps: [1000 + offset], fill: offset, valueBytes }));
  }
  const { memory, start, end } = inArena(batches);
  log.stage(memory, start, end);
  assert.equal(machine.commit(log), null);
}

/** Reads from a hint as a fetch does. True: what came begins with the batch that holds the offset. */
function readsRight(machine: LogMachine, hint: ReadPosition, offset: number): boolean {
  const reader = machine.reader();
  const row = machine.snapshot();
  const position = new ReadPosition();
  if (reader.locate(row, offset, hint, position) !== 'found') return false;
  const memory = readMemory(4000);
  const result = new ReadResult();
  const status = reader.read(row, position, row.logEndOffset, memory, 0, 4000, result);
  reader.close();
  if (status !== 'found' || result.isPartial) return false;
  return baseOffsetOf(memory.view, 0) <= offset && lastOffsetOf(memory.view, 0) >= offset;
}

/** A hint from before a truncation, after which other batches took the place of those cut off. */
function afterTruncation(believe: Belief): boolean {
  const machine = new LogMachine(1);
  const log = machine.open();
  append(machine, log, 0, 20, 50);
  const hint = hintAt(machine, 15);
  assert.equal(log.truncateTo(10), null);
  machine.publish(log);
  append(machine, log, 10, 30, 333);
  believe(hint, hintAt(machine, 15));
  return readsRight(machine, hint, 15);
}

/** A hint from when the row was another partition's. */
function afterReuse(believe: Belief): boolean {
  const machine = new LogMachine(2);
  const first = machine.open();
  append(machine, first, 0, 20, 50);
  const hint = hintAt(machine, 15);
  assert.equal(first.close(true), null);
  machine.row.incarnation++;
  machine.row.publish();
  const second = machine.open({}, { directory: '/data/other-0' });
  append(machine, second, 0, 20, 333);
  const reader = machine.reader;
  machine.reader = (policy, segmentsMax) => reader.call(machine, policy, segmentsMax, '/data/other-0');
  believe(hint, hintAt(machine, 15));
  return readsRight(machine, hint, 15);
}

function hintAt(machine: LogMachine, offset: number): ReadPosition {
  const hint = new ReadPosition();
  assert.equal(machine.reader().locate(machine.snapshot(), offset, null, hint), 'found');
  return hint;
}

test('a hint from before a truncation is not believed; without its epoch it would be', () => {
  assert.equal(afterTruncation(asItIs), true);
  assert.equal(afterTruncation(withoutEpoch), false);
});

test('a hint of the row’s former partition is not believed; without its incarnation it would be', () => {
  assert.equal(afterReuse(asItIs), true);
  assert.equal(afterReuse(withoutIncarnation), false);
});
