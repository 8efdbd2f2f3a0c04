import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import type { LogFailure } from '../../src/log/log_failure.ts';
import { readPartitionMetadata, writePartitionMetadata } from '../../src/log/partition_metadata.ts';
import { RecoveryPoints, recoveryPointsBytes } from '../../src/shared-memory/recovery_points.ts';
import { DirectoryClaims, type Claimant } from '../../src/shard/directory_claims.ts';
import { SimDisk } from '../simulation/sim_disk.ts';
import { simKernels as kernels } from '../simulation/sim_kernels.ts';
import { SimThread } from '../simulation/sim_thread.ts';
import { World } from '../simulation/world.ts';

const topicId = 'qZ0nSh5wQVmOaCq0yGcX7A';
const otherId = 'AbCdEfGhSh5wQVmOaCq0yA';

function machine() {
  const world = new World(1);
  const storage = new SimDisk(world);
  const disk = storage.portFor(new SimThread(world, 'test'));
  storage.format('/data');
  const log = { info: () => {}, warn: () => {}, error: () => {} };
  const recoveryPoints = new RecoveryPoints(new SharedArrayBuffer(recoveryPointsBytes(64)));
  const claims = new DirectoryClaims({ disk, kernels, log }, recoveryPoints);
  return { storage, disk, recoveryPoints, claims };
}

function replica(partition: number, id = topicId): Claimant {
  const directory = `/data/t-${partition}`;
  const identity = { slot: partition, topic: 't', topicId: id, partition, logDirectory: 0, directory };
  return { identity, row: { logStartOffset: 7, highWatermark: 9, logEndOffset: 9 } };
}

const never = (_: Claimant, failure: LogFailure): void => ok(false, failure.toString());
const loseAll = { keepChance: 0, tearChance: 0, ordered: false };

test('claimed directories and their owners survive a loss of power, with one file synced for all of a topic (I19)', () => {
  const { storage, disk, claims } = machine();
  const replicas = Array.from({ length: 20 }, (_, partition) => replica(partition));
  deepEqual(claims.claim(replicas, never), replicas);
  equal(storage.calls.get('sync'), 1);
  storage.cutPower(loseAll);
  for (const { identity } of replicas) equal(readPartitionMetadata(disk, kernels, identity.directory), topicId);
  // What is known needs nothing.
  const syncs = storage.calls.get('syncDirectory');
  deepEqual(claims.claim(replicas, never), replicas);
  equal(storage.calls.get('syncDirectory'), syncs);
});

test('a volume that gives no second name gets a file for each', () => {
  const { storage, disk, claims } = machine();
  storage.faults.arm({
    operations: ['link'],
    path: '',
    after: 0,
    times: Infinity,
    effect: { kind: 'error', code: 'EMLINK' },
  });
  const replicas = [replica(0), replica(1), replica(2)];
  deepEqual(claims.claim(replicas, never), replicas);
  equal(storage.calls.get('sync'), 3);
  storage.cutPower(loseAll);
  for (const { identity } of replicas) equal(readPartitionMetadata(disk, kernels, identity.directory), topicId);
});

test('the directory of a namesake is set aside, and what is known of the log with it', () => {
  const { disk, recoveryPoints, claims } = machine();
  equal(writePartitionMetadata(disk, kernels, '/data/t-3', otherId), null);
  recoveryPoints.set(3, 5);
  const one = replica(3);
  deepEqual(claims.claim([one], never), [one]);
  equal(readPartitionMetadata(disk, kernels, '/data/t-3'), topicId);
  const { row } = one;
  deepEqual([row.logStartOffset, row.highWatermark, row.logEndOffset, recoveryPoints.get(3)], [0, 0, 0, 0]);
});

test('where the parent cannot be synced, those that are new in it are refused and the others are not', () => {
  const { storage, claims } = machine();
  const old = replica(0);
  claims.claim([old], never);
  storage.faults.arm({
    operations: ['syncDirectory'],
    path: '/data',
    after: 2,
    times: 1,
    effect: { kind: 'error', code: 'EIO' },
  });
  const refused: Claimant[] = [];
  const [first, second] = [replica(1), replica(2)];
  // The first file of a topic is there already: two syncs of the new directories, then the parent.
  deepEqual(
    claims.claim([old, first, second], (one) => refused.push(one)),
    [old],
  );
  deepEqual(refused, [first, second]);
});
