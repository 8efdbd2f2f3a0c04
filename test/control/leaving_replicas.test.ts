import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BackgroundPool, BackgroundTask } from '../../src/background/tasks.ts';
import { LeavingReplicas, type LeavingReplica } from '../../src/control/leaving_replicas.ts';
import { LogFailure } from '../../src/log/log_failure.ts';
import { DiskError } from '../../src/port/disk.ts';
import { PartitionSlots, PartitionTable, rowStride } from '../../src/shared-memory/partition_table.ts';
import { SimClock, WallTime } from '../simulation/sim_clock.ts';
import { SimDisk } from '../simulation/sim_disk.ts';
import { SimLog } from '../simulation/sim_log.ts';
import { SimThread } from '../simulation/sim_thread.ts';
import { World } from '../simulation/world.ts';

const SHARDS = 2;

/** Control's side of deletions; shards say what the test has them say. */
class Machine {
  readonly world = new World(1);
  readonly storage = new SimDisk(this.world);
  readonly disk = this.storage.portFor(new SimThread(this.world, 'control'));
  readonly table = new PartitionTable(new SharedArrayBuffer(8 * rowStride));
  readonly slots = new PartitionSlots(this.table);
  readonly left: number[] = [];
  readonly checkpointed: number[] = [];
  readonly tasks: BackgroundTask[] = [];
  readonly recovering = new Set<number>();
  checkpointFailure: LogFailure | null = null;
  readonly leaving: LeavingReplicas;

  constructor() {
    const thread = new SimThread(this.world, 'control');
    const run = (task: BackgroundTask): void => void this.tasks.push(task);
    this.leaving = new LeavingReplicas({
      table: this.table,
      shards: SHARDS,
      clock: new SimClock(thread, new WallTime(this.world)),
      disk: this.disk,
      background: { run, close: () => {} } as unknown as BackgroundPool,
      log: new SimLog(this.world, 'node'),
      isRecovering: (slot) => this.recovering.has(slot),
      writeCheckpoints: (directory) => {
        this.checkpointed.push(directory);
        return this.checkpointFailure;
      },
      left: ({ slot }) => {
        this.left.push(slot);
        this.slots.free(slot);
      },
    });
  }

  remove(name = 't-0', logDirectory = 0): LeavingReplica {
    const replica = {
      slot: this.slots.allocate(1, 0),
      topicIdWords: new Int32Array(4),
      partition: 0,
      name,
      logDirectory,
      deletedPath: `/data/${name}-deleted`,
      deleteDelayMs: 500,
    };
    this.leaving.add(replica);
    return replica;
  }

  /** A shard has forgotten the replica, and tells. */
  release(slot: number, thread: number): void {
    this.table.release(slot, thread);
    this.leaving.noticed(slot);
    this.leaving.tick(this.world.nowMs);
  }
}

test('row 25: a row is free when every shard has forgotten the replica, its files go later', () => {
  const machine = new Machine();
  const { slot } = machine.remove();
  machine.release(slot, 1);
  assert.deepEqual([machine.left, machine.leaving.isLeaving('t-0'), machine.leaving.has(slot)], [[], true, true]);
  machine.release(slot, 2);
  assert.deepEqual([machine.left, machine.leaving.isLeaving('t-0'), machine.leaving.has(slot)], [[slot], false, false]);
  assert.deepEqual(machine.tasks, []);
  machine.world.runFor(600);
  assert.deepEqual(machine.tasks, [{ kind: 'remove-directory', path: '/data/t-0-deleted' }]);
});

test('what shards said of the replica before does not count for the next one in the row', () => {
  const machine = new Machine();
  const first = machine.remove();
  machine.release(first.slot, 1);
  machine.release(first.slot, 2);
  const second = machine.remove('other-0');
  assert.equal(second.slot, first.slot);
  machine.leaving.noticed(second.slot);
  machine.leaving.tick(0);
  assert.deepEqual(machine.left, [first.slot]);
});

test('I19: a name is taken until no checkpoint tells of it, and one writing is for all that leave a directory', () => {
  const machine = new Machine();
  machine.checkpointFailure = LogFailure.ofDisk(new DiskError('ENOSPC', 'write', '/data'));
  const replicas = [machine.remove('t-0'), machine.remove('t-1')];
  for (const { slot } of replicas) {
    machine.table.release(slot, 1);
    machine.table.release(slot, 2);
    machine.leaving.noticed(slot);
  }
  machine.leaving.tick(0);
  assert.deepEqual([machine.left, machine.checkpointed, machine.leaving.isLeaving('t-1')], [[], [0], true]);
  machine.checkpointFailure = null;
  machine.leaving.tick(10);
  assert.deepEqual(machine.checkpointed, [0], 'not in every turn');
  machine.leaving.tick(2000);
  assert.equal(machine.left.length, 2);
  assert.deepEqual([machine.checkpointed, machine.leaving.isLeaving('t-1')], [[0, 0], false]);
});

test('a name that two replicas leave is free when both have', () => {
  const machine = new Machine();
  const [first, second] = [machine.remove(), machine.remove()];
  for (const thread of [1, 2]) machine.release(first.slot, thread);
  assert.equal(machine.leaving.isLeaving('t-0'), true);
  for (const thread of [1, 2]) machine.release(second.slot, thread);
  assert.equal(machine.leaving.isLeaving('t-0'), false);
});

test('a row whose log the background still recovers is not free', () => {
  const machine = new Machine();
  const { slot } = machine.remove();
  machine.recovering.add(slot);
  for (const thread of [1, 2]) machine.release(slot, thread);
  assert.deepEqual(machine.left, []);
  machine.recovering.delete(slot);
  machine.leaving.noticed(slot);
  machine.leaving.tick(0);
  assert.deepEqual(machine.left, [slot]);
});

test('I19: removals that a crash has interrupted go on, a stop leaves them to the next start', () => {
  const machine = new Machine();
  const marked = 't-0.0102030405060708090a0b0c0d0e0f10-delete';
  machine.disk.makeDirectory(`/data/${marked}`);
  machine.disk.makeDirectory('/data/t-1');
  machine.leaving.resume('/data', 100);
  machine.world.runFor(200);
  assert.deepEqual(machine.tasks, [{ kind: 'remove-directory', path: `/data/${marked}` }]);
  machine.leaving.resume('/data', 100);
  machine.leaving.stop();
  machine.world.runFor(200);
  assert.equal(machine.tasks.length, 1);
});
