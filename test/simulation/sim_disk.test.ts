import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DiskError } from '../../src/port/disk.ts';
import type { Disk, File } from '../../src/port/disk.ts';
import type { LossModel } from './file_state.ts';
import { SimDisk } from './sim_disk.ts';
import { SimThread } from './sim_thread.ts';
import { ProcessEnded, World } from './world.ts';

interface Machine {
  readonly world: World;
  readonly thread: SimThread;
  readonly storage: SimDisk;
  readonly disk: Disk;
}

function machine(seed: number, options: Partial<SimDisk['options']> = {}): Machine {
  const world = new World(seed);
  const thread = new SimThread(world, 'test');
  const storage = new SimDisk(world, options);
  return { world, thread, storage, disk: storage.portFor(thread) };
}

function opened(disk: Disk, path: string): File {
  const file = disk.open(path, 'write');
  assert.ok(!(file instanceof DiskError), path);
  return file;
}

const bytesOf = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);
const loseAll: LossModel = { keepChance: 0, tearChance: 0, ordered: false };
const keepAll: LossModel = { keepChance: 1, tearChance: 0, ordered: false };

test('everything written survives the death of the process', () => {
  const { storage, disk } = machine(1);
  disk.makeDirectory('/data/topic-0');
  opened(disk, '/data/topic-0/0.log').write([bytesOf(700, 1), bytesOf(50, 2)], 0);
  storage.killProcess();
  const file = opened(disk, '/data/topic-0/0.log');
  assert.equal(file.size(), 750);
  const into = new Uint8Array(10);
  assert.equal(file.read(into, 0, 10, 695), 10);
  assert.deepEqual([...into], [1, 1, 1, 1, 1, 2, 2, 2, 2, 2]);
});

test('a handle of a dead process is of no use', () => {
  const { storage, disk } = machine(1);
  const file = opened(disk, '/a');
  storage.killProcess();
  assert.throws(() => file.size(), /process that opened it is gone/);
});

test('an un-synced name is lost by a power cut that loses all, with the synced bytes of its file', () => {
  const { storage, disk } = machine(2);
  const file = opened(disk, '/a');
  file.write([bytesOf(100, 7)], 0);
  assert.equal(file.sync(), null);
  storage.cutPower(loseAll);
  assert.equal(disk.exists('/a'), false);
});

test('a synced name of an un-synced file survives with the size and bytes of the last sync', () => {
  const { storage, disk } = machine(3);
  const file = opened(disk, '/a');
  disk.syncDirectory('/');
  file.write([bytesOf(1000, 7)], 0);
  file.sync();
  file.write([bytesOf(1000, 8)], 500);
  storage.cutPower(loseAll);
  assert.deepEqual(storage.file('/a')?.contents(), bytesOf(1000, 7));
});

test('a rename is undone as a whole or kept as a whole', () => {
  for (const [loss, expected] of [
    [loseAll, ['a', 1]],
    [keepAll, ['b', 1]],
  ] as const) {
    const { storage, disk } = machine(4);
    const file = opened(disk, '/a');
    file.write([bytesOf(10, 1)], 0);
    file.sync();
    disk.syncDirectory('/');
    assert.equal(disk.rename('/a', '/b'), null);
    storage.cutPower(loss);
    const listed = disk.list('/');
    assert.ok(!(listed instanceof DiskError));
    assert.deepEqual(
      listed.map((entry) => entry.name),
      [expected[0]],
    );
    assert.equal(storage.file(`/${expected[0]}`)?.contents()[0], expected[1]);
  }
});

test('a power cut tears a sector within its 512 bytes and leaves its neighbours alone', () => {
  let torn = 0;
  for (let seed = 0; seed < 50; seed++) {
    const { storage, disk } = machine(seed);
    const file = opened(disk, '/a');
    file.write([bytesOf(2048, 1)], 0);
    file.sync();
    disk.syncDirectory('/');
    file.write([bytesOf(512, 2)], 512);
    storage.cutPower({ keepChance: 0, tearChance: 1, ordered: false });
    const contents = storage.file('/a')?.contents();
    assert.ok(contents !== undefined);
    assert.equal(contents.length, 2048);
    for (let at = 0; at < 2048; at++) if (at < 512 || at >= 1024) assert.equal(contents[at], 1);
    const changed = contents.subarray(512, 1024).filter((byte) => byte === 2).length;
    if (changed > 0 && changed < 512) torn++;
  }
  assert.ok(torn > 25);
});

test('after a failed sync a later success does not bring the bytes back', () => {
  const { world, storage, disk } = machine(5);
  const file = opened(disk, '/a');
  disk.syncDirectory('/');
  file.write([bytesOf(600, 1)], 0);
  storage.faults.arm({ operations: ['sync'], effect: { kind: 'error', code: 'EIO' } });
  const outcomes: (string | null)[] = [];
  file.syncLater((error) => outcomes.push(error?.code ?? null));
  world.runAll();
  file.syncLater((error) => outcomes.push(error?.code ?? null));
  world.runAll();
  assert.deepEqual(outcomes, ['EIO', null]);
  storage.cutPower(loseAll);
  assert.equal(
    storage
      .file('/a')
      ?.contents()
      .some((byte) => byte !== 0),
    false,
  );
});

test('a sync covers what was written before it and nothing that was written while it ran', () => {
  const { world, storage, disk } = machine(6);
  const file = opened(disk, '/a');
  disk.syncDirectory('/');
  file.write([bytesOf(512, 1)], 0);
  file.syncLater(() => {});
  file.write([bytesOf(512, 2)], 512);
  world.runAll();
  storage.cutPower(loseAll);
  assert.deepEqual(storage.file('/a')?.contents(), bytesOf(512, 1));
});

test('a sync that ends after a later one does not bring older bytes back', () => {
  const { world, storage, disk } = machine(6);
  const file = opened(disk, '/a');
  disk.syncDirectory('/');
  file.write([bytesOf(512, 1)], 0);
  file.syncLater(() => {});
  file.write([bytesOf(600, 2)], 0);
  assert.equal(file.sync(), null);
  world.runAll();
  storage.cutPower(loseAll);
  assert.deepEqual(storage.file('/a')?.contents(), bytesOf(600, 2));
});

test('a full disk takes what fits, then says ENOSPC, and takes more when something is removed', () => {
  const { disk } = machine(7, { capacityBytes: 1000 });
  const file = opened(disk, '/a');
  assert.equal(file.write([bytesOf(800, 1)], 0), 800);
  const other = opened(disk, '/b');
  assert.equal(other.write([bytesOf(300, 1)], 0), 200);
  const failure = other.write([bytesOf(100, 1)], 200);
  assert.ok(failure instanceof DiskError && failure.code === 'ENOSPC');
  assert.equal(file.write([bytesOf(800, 2)], 0), 800);
  disk.unlink('/a');
  assert.equal(other.write([bytesOf(100, 1)], 200), 100);
});

test('an error strikes the nth matching call and no other', () => {
  const { storage, disk } = machine(8);
  const file = opened(disk, '/a.log');
  const other = opened(disk, '/b.log');
  storage.faults.arm({ operations: ['write'], path: 'a.log', after: 1, effect: { kind: 'error', code: 'EIO' } });
  assert.equal(other.write([bytesOf(10, 1)], 0), 10);
  assert.equal(file.write([bytesOf(10, 1)], 0), 10);
  assert.ok(file.write([bytesOf(10, 1)], 10) instanceof DiskError);
  assert.equal(file.write([bytesOf(10, 1)], 10), 10);
  assert.equal(storage.faults.struck.error, 1);
});

test('a kill inside a write leaves a part of it and unwinds the caller', () => {
  const { storage, disk } = machine(9);
  const file = opened(disk, '/a');
  storage.faults.arm({ operations: ['write'], effect: { kind: 'kill', bytes: 13 } });
  assert.throws(
    () => file.write([bytesOf(10, 1), bytesOf(10, 2)], 0),
    (thrown) => thrown instanceof ProcessEnded,
  );
  assert.equal(storage.file('/a')?.size, 13);
});

test('synchronous calls take time, and a stalled one takes more', () => {
  const { world, thread, storage, disk } = machine(10);
  const took: number[] = [];
  thread.run(() => {
    const file = opened(disk, '/a');
    for (const stallMs of [0, 250]) {
      if (stallMs > 0) storage.faults.arm({ operations: ['write'], effect: { kind: 'stall', milliseconds: stallMs } });
      const before = world.nowMs;
      file.write([bytesOf(10, 1)], 0);
      took.push(world.nowMs - before);
    }
  });
  assert.ok((took[0] as number) > 0 && (took[0] as number) < 1);
  assert.ok((took[1] as number) >= 250);
});

test('memory that changes under a call in flight is seen', () => {
  const { world, disk } = machine(11);
  const file = opened(disk, '/a');
  const memory = bytesOf(100, 1);
  file.writeLater([memory], 0, () => {});
  memory[50] = 0xdb;
  world.runAll();
  assert.deepEqual(
    world.violations.map((violation) => violation.rule),
    ['memory freed early'],
  );
});

test('a file used by another thread than the one that opened it is seen', () => {
  const { world, thread, disk } = machine(12);
  const other = new SimThread(world, 'other', 2);
  let file: File | null = null;
  thread.run(() => (file = opened(disk, '/a')));
  other.run(() => file?.size());
  assert.equal(world.violations[0]?.rule, 'file used by another thread');
});

test('the pool runs a bounded number of calls, one sync for a file, two for a data directory', () => {
  const { world, storage, disk } = machine(13, { poolThreads: 8, dataDirectories: ['/data'], syncMs: [10, 10] });
  disk.makeDirectory('/data');
  const files = [1, 2, 3, 4].map((name) => opened(disk, `/data/${name}`));
  let ended = 0;
  for (const file of files) file.syncLater(() => ended++);
  world.runFor(11);
  assert.equal(ended, 2);
  world.runFor(10);
  assert.equal(ended, 4);
  for (let call = 0; call < 3; call++) (files[0] as File).syncLater(() => ended++);
  world.runFor(11);
  assert.equal(ended, 5);
  world.runAll();
  assert.equal(storage.pool.inFlight, 0);
});

test('calls of the pool end in any order, never inside the call', () => {
  const orders = new Set<string>();
  for (let seed = 0; seed < 20; seed++) {
    const { world, disk } = machine(seed);
    const file = opened(disk, '/a');
    const order: number[] = [];
    for (let call = 0; call < 3; call++) file.writeLater([bytesOf(10, call)], call * 10, () => order.push(call));
    assert.deepEqual(order, []);
    world.runAll();
    assert.equal(order.length, 3);
    orders.add(order.join());
  }
  assert.ok(orders.size > 1);
});

test('property: after a power cut every sector is as synced, as written, or torn between the two', () => {
  const step = fc.oneof(
    fc.record({
      kind: fc.constant('write' as const),
      at: fc.nat(3000),
      length: fc.integer({ min: 1, max: 1500 }),
      value: fc.integer({ min: 1, max: 255 }),
    }),
    fc.record({ kind: fc.constant('truncate' as const), length: fc.nat(4000) }),
    fc.record({ kind: fc.constant('sync' as const) }),
  );
  fc.assert(
    fc.property(fc.nat(), fc.array(step, { maxLength: 20 }), (seed, steps) => {
      const { storage, disk } = machine(seed);
      const file = opened(disk, '/a');
      disk.syncDirectory('/');
      // What each byte may be: every value it had since the last sync, that one included. Absent is -1.
      const length = 5000;
      let now: number[] = Array.from({ length }, () => -1);
      let allowed = now.map((value) => new Set([value]));
      for (const action of steps) {
        if (action.kind === 'sync') {
          assert.equal(file.sync(), null);
          allowed = now.map((value) => new Set([value]));
          continue;
        }
        if (action.kind === 'write') {
          file.write([bytesOf(action.length, action.value)], action.at);
          now = now.map((value, at) => {
            if (at >= action.at && at < action.at + action.length) return action.value;
            return at < action.at && value === -1 ? 0 : value;
          });
        } else {
          file.truncate(action.length);
          now = now.map((value, at) => (at >= action.length ? -1 : Math.max(0, value)));
        }
        now.forEach((value, at) => allowed[at]?.add(value));
      }
      assert.deepEqual(
        [...(storage.file('/a')?.contents() ?? [])],
        now.filter((value) => value !== -1),
      );
      storage.cutPower();
      const contents = storage.file('/a')?.contents();
      assert.ok(contents !== undefined);
      for (let at = 0; at < length; at++) {
        const value: number = at < contents.length ? (contents[at] as number) : -1;
        const options = allowed[at] as Set<number>;
        // A hole between what was kept and the end of the file reads as zeros.
        const hole = value === 0 && options.size > 1;
        assert.ok(options.has(value) || hole, `byte ${at} is ${value}, allowed ${[...options].join()}`);
      }
    }),
    { numRuns: 300 },
  );
});

test('property: names after a power cut are explained by keeping some of the un-synced operations', () => {
  const names = ['a', 'b', 'c'];
  const step = fc.oneof(
    fc.record({ kind: fc.constant('create' as const), name: fc.constantFrom(...names) }),
    fc.record({ kind: fc.constant('unlink' as const), name: fc.constantFrom(...names) }),
    fc.record({ kind: fc.constant('rename' as const), name: fc.constantFrom(...names), to: fc.constantFrom(...names) }),
    fc.record({ kind: fc.constant('sync' as const) }),
  );
  fc.assert(
    fc.property(fc.nat(), fc.array(step, { maxLength: 12 }), (seed, steps) => {
      const { storage, disk } = machine(seed);
      const present = (): string => {
        const listed = disk.list('/');
        assert.ok(!(listed instanceof DiskError));
        return listed.map((entry) => entry.name).join();
      };
      let possible = new Set([present()]);
      for (const action of steps) {
        if (action.kind === 'create') opened(disk, `/${action.name}`).close();
        else if (action.kind === 'unlink') disk.unlink(`/${action.name}`);
        else if (action.kind === 'rename') disk.rename(`/${action.name}`, `/${action.to}`);
        else {
          disk.syncDirectory('/');
          possible = new Set();
        }
        possible.add(present());
      }
      storage.cutPower({ keepChance: 0.5, tearChance: 0, ordered: true });
      assert.ok(possible.has(present()), `${present()} is none of ${[...possible].join(' | ')}`);
    }),
    { numRuns: 300 },
  );
});

test('what was cut off may be back after a loss of power, until the cut is synced', () => {
  const sizes = new Set<unknown>();
  for (let seed = 0; seed < 20; seed++) {
    const { storage, disk } = machine(seed);
    const file = opened(disk, '/a');
    disk.syncDirectory('/');
    file.write([bytesOf(1000, 1)], 0);
    file.truncate(300);
    if (seed >= 10) file.sync();
    storage.cutPower({ keepChance: 1, tearChance: 0, ordered: false });
    const again = opened(disk, '/a');
    if (seed >= 10) assert.equal(again.size(), 300);
    else sizes.add(again.size());
  }
  assert.deepEqual(sizes, new Set([1000, 300]));
});
