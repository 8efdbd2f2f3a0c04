import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import {
  PartitionSlots,
  PartitionTable,
  replicaState,
  RowPlacement,
  RowSnapshot,
  rowStride,
} from '../../src/shared-memory/partition_table.ts';

const narrow = [
  'state',
  'owner',
  'ownerEpoch',
  'leaderEpoch',
  'readEpoch',
  'logDirectory',
  'futureSlot',
  'segmentCount',
  'segmentsPlace',
  'segmentsGeneration',
  'followersExtra',
  'abortedTransactions',
  'incarnation',
] as const;
const wide = [
  'logEndOffset',
  'highWatermark',
  'lastStableOffset',
  'logStartOffset',
  'localLogStartOffset',
  'highestRemoteOffset',
] as const;
type FieldName = (typeof narrow)[number] | (typeof wide)[number] | 'activeSegmentBytes';

const change = fc.oneof(
  fc.record({ name: fc.constantFrom<FieldName>(...narrow), value: fc.integer() }),
  fc.record({ name: fc.constantFrom<FieldName>(...wide), value: fc.maxSafeInteger() }),
  fc.record({ name: fc.constant<FieldName>('activeSegmentBytes'), value: fc.nat(2 ** 32 - 1) }),
);
const act = fc.oneof(
  { weight: 4, arbitrary: change },
  { weight: 2, arbitrary: fc.constant('publish' as const) },
  { weight: 1, arbitrary: fc.constant('other writer' as const) },
);

function makeTable(rows: number): PartitionTable {
  return new PartitionTable(new SharedArrayBuffer(rows * rowStride));
}

suite('partition table', () => {
  test('a snapshot has what was published, all of it, whoever wrote the row', () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 80 }), (acts) => {
        const table = makeTable(3);
        let writer = table.row(1);
        const snapshot = new RowSnapshot();
        const kept = new RowSnapshot();
        const placement = new RowPlacement();
        table.snapshot(1, snapshot);
        const published = new Map<FieldName, number>([...narrow, ...wide].map((name) => [name, snapshot[name]]));
        const pending = new Map<FieldName, number>();
        for (const act of acts) {
          if (act === 'publish') {
            writer.publish();
            for (const [name, value] of pending) published.set(name, value);
            pending.clear();
          } else if (act === 'other writer') {
            if (pending.size === 0) writer = table.row(1);
          } else {
            writer[act.name] = act.value;
            pending.set(act.name, act.value);
            assert.equal(writer[act.name], act.value, 'a writer reads what it set');
          }
          assert.equal(table.snapshot(1, snapshot), published.get('state') !== replicaState.free);
          for (const [name, value] of published) assert.equal(snapshot[name], value, name);
          table.snapshot(0, snapshot);
          table.snapshot(1, kept);
          for (const [name, value] of published) assert.equal(kept[name], value, name);
          assert.equal(table.placement(1, placement), published.get('state') !== replicaState.free);
          for (const name of ['incarnation', 'state', 'owner', 'logDirectory'] as const) {
            assert.equal(placement[name], published.get(name), name);
          }
          assert.equal(table.snapshot(0, new RowSnapshot()), false);
          assert.equal(table.snapshot(2, new RowSnapshot()), false);
        }
      }),
      { numRuns: 200 },
    );
  });

  test('rows are handed out once, with a new incarnation each time', () => {
    const table = makeTable(3);
    const slots = new PartitionSlots(table);
    const snapshot = new RowSnapshot();
    const seen = new Set<number>();
    for (let round = 0; round < 5; round++) {
      const taken = [slots.allocate(1, 4), slots.allocate(2, 4), slots.allocate(1, 5)];
      assert.deepEqual(
        taken.toSorted((a, b) => a - b),
        [0, 1, 2],
      );
      assert.equal(slots.allocate(1, 1), -1);
      table.snapshot(0, snapshot);
      assert.equal(snapshot.state, replicaState.opening);
      assert.equal(snapshot.highestRemoteOffset, -1);
      assert.equal(seen.has(snapshot.incarnation), false);
      seen.add(snapshot.incarnation);
      const row = table.row(0);
      row.logEndOffset = 99;
      row.publish();
      const { readEpoch } = snapshot;
      for (const slot of taken) slots.free(slot);
      assert.equal(table.snapshot(0, snapshot), false);
      assert.ok(snapshot.readEpoch > readEpoch, 'what was read before is void');
      assert.equal(snapshot.logEndOffset, 0);
    }
    assert.throws(() => slots.free(0), /freed once/);
  });

  test('waiting bits name each parked thread once', () => {
    const table = makeTable(2);
    const taken: number[] = [];
    const take = (): void => {
      taken.length = 0;
      table.takeWaiting(1, (thread, slot) => {
        assert.equal(slot, 1);
        taken.push(thread);
      });
    };
    for (const thread of [63, 0, 31, 32, 31]) table.park(1, thread);
    table.park(0, 5);
    take();
    assert.deepEqual(taken, [0, 31, 32, 63]);
    take();
    assert.deepEqual(taken, []);
  });

  test('bytes are the same until the read epoch, the owner or the replica changes', () => {
    const table = makeTable(1);
    const row = table.row(0);
    const snapshot = new RowSnapshot();
    row.state = replicaState.leader;
    row.publish();
    for (const name of ['readEpoch', 'owner', 'incarnation'] as const) {
      table.snapshot(0, snapshot);
      row.highWatermark++;
      row.publish();
      assert.equal(table.hasSameReadEpoch(snapshot), true);
      row[name]++;
      row.publish();
      assert.equal(table.hasSameReadEpoch(snapshot), false);
    }
  });

  test('a list of segments is the same until its generation, its owner or its replica changes', () => {
    const table = makeTable(1);
    const row = table.row(0);
    const snapshot = new RowSnapshot();
    row.state = replicaState.leader;
    row.publish();
    const isSameAfter = (change: () => void): boolean => {
      table.snapshot(0, snapshot);
      change();
      row.publish();
      return table.hasSameSegments(snapshot);
    };
    assert.equal(
      isSameAfter(() => {}),
      true,
    );
    assert.equal(
      isSameAfter(() => (row.logEndOffset = 5)),
      true,
    );
    assert.equal(
      isSameAfter(() => row.segmentsGeneration++),
      false,
    );
    assert.equal(
      isSameAfter(() => row.owner++),
      false,
    );
    assert.equal(
      isSameAfter(() => row.incarnation++),
      false,
    );
  });
});
