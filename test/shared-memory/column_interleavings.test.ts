import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { IdListReader, IdLists } from '../../src/shared-memory/id_lists.ts';
import {
  PartitionColumns,
  partitionColumnsBytes,
  PartitionColumnsWriter,
  PartitionState,
  type PartitionValues,
} from '../../src/shared-memory/partition_columns.ts';
import { explore, type Exploration, type Program, type Scenario } from './explorer.ts';

const topic = Int32Array.of(1, 2, 3, 4);

/** Leader and replicas say the same; memory of a list that is given back is used by the next but one. */
function values(number: number): PartitionValues {
  return {
    leader: number,
    leaderEpoch: 0,
    partitionEpoch: 0,
    leaderRecoveryState: 0,
    replicas: [number, number],
    isr: [],
    eligibleLeaderReplicas: [],
    lastKnownElr: [],
    addingReplicas: [],
    removingReplicas: [],
    directories: [],
  };
}

/** Control changes a partition three times, so that the memory of the first list is used again; a reader looks twice. */
function scenario(read: (columns: PartitionColumns, lists: SharedArrayBuffer, into: PartitionState) => void): Scenario {
  const memory = new SharedArrayBuffer(partitionColumnsBytes(1));
  const lists = new SharedArrayBuffer(64);
  const control: Program = () => {
    const writer = new PartitionColumnsWriter(memory, lists, 1);
    for (let number = 1; number <= 3; number++) writer.write(0, topic, 0, values(number));
  };
  const reader: Program = () => {
    const columns = new PartitionColumns(memory, lists, 1);
    const seen: number[][] = [];
    for (let reading = 0; reading < 2; reading++) {
      const state = new PartitionState();
      read(columns, lists, state);
      seen.push([state.partition, state.leader, ...state.replicas]);
    }
    return seen;
  };
  return {
    buffers: [memory, lists],
    programs: [control, reader],
    plainAccesses: 'separate',
    check: (results) => {
      let latest = 0;
      for (const [partition, leader, ...replicas] of results[1] as number[][]) {
        if (partition! < 0) assert.equal(latest, 0, 'what is seen does not go back');
        else assert.deepEqual(replicas, [leader, leader], 'a reading is of one publication');
        if (partition! < 0) continue;
        assert.ok(leader! >= latest, 'what is seen does not go back');
        latest = leader!;
      }
    },
  };
}

const asItIs = (columns: PartitionColumns, _: SharedArrayBuffer, into: PartitionState): void => {
  columns.read(0, into);
};

/** Reads a number and a list as the columns do, and asks `accepts` about the versions before and after. */
function readingThatAccepts(memory: () => Int32Array<SharedArrayBuffer>, accepts: (a: number, b: number) => boolean) {
  return (_: PartitionColumns, lists: SharedArrayBuffer, into: PartitionState): void => {
    const words = memory();
    for (;;) {
      const version = Atomics.load(words, 0);
      const half = 32 + (version & 1) * 16;
      into.partition = Atomics.load(words, half + 4) - 1;
      into.leader = Atomics.load(words, half + 5);
      into.replicas = new IdListReader(lists).copy(Atomics.load(words, half + 9)) ?? [];
      if (accepts(version, Atomics.load(words, 0))) return;
    }
  };
}

function mustHold(exploration: Exploration): void {
  assert.equal(exploration.failure, null);
  assert.ok(exploration.endings > 0, 'some interleaving ends');
}

function mustFail(exploration: Exploration): void {
  assert.match(exploration.failure ?? 'nothing was found', /one publication/);
}

function shortReading(accepts: (before: number, after: number) => boolean): Scenario {
  const words: Int32Array<SharedArrayBuffer>[] = [];
  const made = scenario(readingThatAccepts(() => words[0]!, accepts));
  words.push(new Int32Array(made.buffers[0]!));
  return made;
}

suite('partition columns', () => {
  test('I4: a reading is of one publication, its lists included, and readings do not go back', () => {
    mustHold(explore(scenario(asItIs), 2));
  });

  test('the short reading that the planted bugs change is right as it stands', () => {
    mustHold(
      explore(
        shortReading((before, after) => before === after),
        2,
      ),
    );
  });

  test('planted: the version is looked at once', () => {
    mustFail(
      explore(
        shortReading(() => true),
        2,
      ),
    );
  });

  test('planted: one publication in between is accepted', () => {
    mustFail(
      explore(
        shortReading((before, after) => after - before <= 1),
        2,
      ),
    );
  });

  test('planted: a list that is still named is changed in place', () => {
    const { retain, release } = IdLists.prototype;
    IdLists.prototype.retain = function (ids: readonly number[]): number {
      if (ids.length === 0) return 0;
      const words = listWords!;
      for (const [index, id] of ids.entries()) Atomics.store(words, 5 + index, id);
      Atomics.store(words, 4, ids.length);
      return 4;
    };
    IdLists.prototype.release = () => {};
    const made = scenario(asItIs);
    listWords = new Int32Array(made.buffers[1]!);
    try {
      mustFail(explore(made, 2));
    } finally {
      Object.assign(IdLists.prototype, { retain, release });
    }
  });
});

let listWords: Int32Array<SharedArrayBuffer> | null = null;
