import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDirectoryName } from '../../src/log/directory_name.ts';
import {
  deletedDirectories,
  deletedDirectoryName,
  removeDirectoryTree,
  strayDirectoryName,
} from '../../src/log/log_deletion.ts';
import { DiskError } from '../../src/port/disk.ts';
import { SimDisk } from '../simulation/sim_disk.ts';
import { SimThread } from '../simulation/sim_thread.ts';
import { ProcessEnded, World } from '../simulation/world.ts';

const topicId = 'AQIDBAUGBwgJCgsMDQ4PEA';

function machine(seed: number) {
  const world = new World(seed);
  const storage = new SimDisk(world);
  const disk = storage.portFor(new SimThread(world, 'background'));
  const path = `/data/${deletedDirectoryName('orders', 0, topicId)}`;
  disk.makeDirectory(`${path}/inside`);
  for (const name of ['0.log', '0.index', 'partition.metadata', 'inside/left.tmp']) {
    const file = disk.open(`${path}/${name}`, 'create');
    assert.ok(!(file instanceof DiskError));
    file.close();
  }
  return { storage, disk, path };
}

test('the names of directories on their way out are Kafka’s, and tell which topic they were', () => {
  const name = deletedDirectoryName('orders', 3, topicId);
  assert.equal(name, 'orders-3.0102030405060708090a0b0c0d0e0f10-delete');
  assert.deepEqual(parseDirectoryName(name), {
    topic: 'orders',
    partition: 3,
    state: 'delete',
    uniqueId: '0102030405060708090a0b0c0d0e0f10',
  });
  const stray = strayDirectoryName('orders', 3, '0102030405060708090a0b0c0d0e0f10');
  assert.equal(parseDirectoryName(stray)?.state, 'stray');
  const names = ['orders-3', name, stray, 'meta.properties', 'orders-4.0102030405060708090a0b0c0d0e0f10-future'];
  assert.deepEqual(deletedDirectories(names), [name]);
});

test('a directory goes with everything in it, and one that is gone is no failure', () => {
  const { disk, path } = machine(1);
  assert.equal(removeDirectoryTree(disk, path), null);
  assert.equal(disk.exists(path), false);
  assert.equal(removeDirectoryTree(disk, path), null);
});

test('I19: a removal that was cut off at any call is ended by the next', () => {
  for (let after = 0; after < 8; after++) {
    const { storage, disk, path } = machine(2);
    const operations = ['unlink', 'list', 'removeDirectory'] as const;
    storage.faults.arm({ operations, after, effect: { kind: 'kill', bytes: 0 } });
    try {
      removeDirectoryTree(disk, path);
      assert.ok(after >= 8, 'the fault strikes');
    } catch (error) {
      assert.ok(error instanceof ProcessEnded);
    }
    storage.killProcess();
    const next = storage.portFor(new SimThread(new World(3), 'background'));
    assert.equal(removeDirectoryTree(next, path), null);
    assert.equal(next.exists(path), false);
  }
});

test('what cannot be removed is told', () => {
  const { storage, disk, path } = machine(4);
  storage.faults.arm({ operations: ['unlink'], path: '0.log', effect: { kind: 'error', code: 'EIO' } });
  assert.equal(removeDirectoryTree(disk, path)?.code, 'EIO');
  assert.equal(disk.exists(path), true);
});
