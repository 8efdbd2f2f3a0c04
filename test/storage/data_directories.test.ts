import { deepEqual, equal, match, notEqual, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { uuidOfWords, ZERO_UUID } from '../../src/base/uuid.ts';
import { readWholeFile } from '../../src/log/atomic_file.ts';
import { writePartitionMetadata } from '../../src/log/partition_metadata.ts';
import { DiskError, type Disk } from '../../src/port/disk.ts';
import { openDataDirectories, type DataDirectories } from '../../src/storage/data_directories.ts';
import { simKernels } from '../simulation/sim_kernels.ts';
import { metaProperties, nodeWith, putFile, storageMachine, type StorageMachine } from './machine.ts';

const CLUSTER = 'MkU3OEVBNTcwNTJENDM2Qg';
const ID_A = 'jcz2iFdrTPm9JRqP9lmTPA';
const ID_B = '4C9G5ZQMp1zuETRKhmEq7A';

function opened({ ports }: StorageMachine, directories: string, more = ''): DataDirectories {
  const result = openDataDirectories(ports, nodeWith(directories, more));
  if (typeof result === 'string') throw new Error(result);
  return result;
}

function refusal({ ports }: StorageMachine, directories: string, more = ''): string {
  const result = openDataDirectories(ports, nodeWith(directories, more));
  ok(typeof result === 'string', 'it was to be refused');
  return result;
}

function text(disk: Disk, path: string): string {
  const bytes = readWholeFile(disk, path);
  ok(!(bytes instanceof DiskError), path);
  return new TextDecoder().decode(bytes);
}

test('empty directories become one new cluster, which the next start finds', () => {
  const machine = storageMachine();
  const first = opened(machine, '/a,/b');
  equal(first.isNew, true);
  equal(first.metadata, first.all[0]);
  notEqual(first.all[0]!.id, first.all[1]!.id);
  deepEqual(
    first.bootstrap.map(({ type }) => type),
    [12, 12, 12, 12, 12, 12],
  );
  const second = opened(machine, '/a,/b');
  equal(second.isNew, false);
  equal(second.clusterId, first.clusterId);
  deepEqual(second.all, first.all);
  equal(second.bootstrap.length, 6);
  notEqual(second.incarnationId, first.incarnationId, 'each life has an incarnation of its own');
});

test('a directory of its own for the metadata log', () => {
  const machine = storageMachine();
  const { all, metadata } = opened(machine, '/a', 'metadata.log.dir=/m');
  deepEqual(
    all.map(({ path }) => path),
    ['/a'],
  );
  equal(metadata.path, '/m');
  ok(machine.disk.exists('/m/__cluster_metadata-0/00000000000000000000-0000000000.checkpoint'));
  ok(!machine.disk.exists('/a/__cluster_metadata-0'));
});

test('voters that the configuration names do not stand in the log', () => {
  const machine = storageMachine();
  opened(machine, '/a', 'controller.quorum.voters=1@localhost:29393');
  ok(machine.disk.exists('/a/bootstrap.checkpoint'));
  ok(!machine.disk.exists('/a/__cluster_metadata-0/00000000000000000000-0000000000.checkpoint'));
});

test('a new empty directory beside others is formatted into their cluster', () => {
  const machine = storageMachine();
  const first = opened(machine, '/a');
  const second = opened(machine, '/a,/b');
  equal(second.isNew, false);
  equal(second.clusterId, first.clusterId);
  match(text(machine.disk, '/b/meta.properties'), new RegExp(`cluster\\.id=${first.clusterId}\n$`));
});

test('row 83: directories that do not belong together are refused, both named, and nothing is written', () => {
  for (const [a, b, told] of [
    [metaProperties(CLUSTER, 1, ID_A), metaProperties('other', 1, ID_B), /\/b belongs to cluster other, but \/a to Mk/],
    [metaProperties(CLUSTER, 1, ID_A), metaProperties(CLUSTER, 2, ID_B), /\/b belongs to node 2, but node\.id is 1/],
    [metaProperties(CLUSTER, 1, ID_A), metaProperties(CLUSTER, 1, ID_A), /\/a and \/b have the same directory\.id/],
    [metaProperties(CLUSTER, 1, ID_A), metaProperties(CLUSTER, 1, ID_B, '2'), /\/b\/meta\.properties has version 2/],
    [metaProperties(CLUSTER, 1, ID_A), metaProperties(CLUSTER, 1, ID_B, '0'), /cluster with ZooKeeper/],
    [metaProperties(CLUSTER, 1, ID_A), metaProperties(CLUSTER, 1, 'x'), /directory\.id 'x' is no id/],
    [metaProperties(CLUSTER, 1, ID_A), 'half', /\/b\/meta\.properties is damaged: it has no version/],
    [metaProperties(CLUSTER, 1, ID_A), 'version=\\u1', /\/b\/meta\.properties is no properties file/],
    [metaProperties(CLUSTER, 1, ID_A), 'version=1\nnode.id=1\n', /damaged: it has no cluster\.id/],
    [metaProperties(CLUSTER, 1, ID_A), `version=1\ncluster.id=${CLUSTER}\n`, /damaged: it has no node\.id/],
  ] as const) {
    const machine = storageMachine();
    putFile(machine.disk, '/a/meta.properties', a);
    putFile(machine.disk, '/b/meta.properties', b);
    putFile(machine.disk, '/a/.kafka_cleanshutdown', '{"version":0,"brokerEpoch":7}');
    match(refusal(machine, '/a,/b'), told);
    equal(text(machine.disk, '/a/meta.properties'), a);
    equal(text(machine.disk, '/b/meta.properties'), b);
    ok(machine.disk.exists('/a/.kafka_cleanshutdown'), 'the mark of the clean stop is for a start that takes place');
  }
});

test('row 83: what lies in a directory without meta.properties is not formatted over', () => {
  const partitions = storageMachine();
  partitions.disk.makeDirectory('/a/orders-0');
  match(refusal(partitions, '/a'), /\/a holds orders-0, but no meta\.properties/);
  const metadata = storageMachine();
  putFile(metadata.disk, '/a/__cluster_metadata-0/quorum-state', '{}');
  match(refusal(metadata, '/a'), /\/a holds __cluster_metadata-0, but no meta\.properties/);
  const beside = storageMachine();
  opened(beside, '/a');
  beside.disk.makeDirectory('/b/orders-0');
  match(refusal(beside, '/a,/b'), /\/b holds orders-0/);
  const others = storageMachine();
  others.disk.makeDirectory('/a/lost+found');
  putFile(others.disk, '/a/notes.txt', 'x');
  equal(opened(others, '/a').isNew, true);
});

test('a metadata directory that is empty beside a formatted one is not begun anew', () => {
  const machine = storageMachine();
  const { clusterId } = opened(machine, '/a');
  match(refusal(machine, '/b,/a'), new RegExp(`/b, is not formatted, but /a belongs to cluster ${clusterId}`));
  ok(!machine.disk.exists('/b/meta.properties'));
});

test('a partition in two directories', () => {
  const machine = storageMachine();
  opened(machine, '/a,/b');
  machine.disk.makeDirectory('/a/orders-0');
  deepEqual([...opened(machine, '/a,/b').placed], [['orders-0', [{ directory: 0, topicId: null }]]]);
  machine.disk.makeDirectory('/b/orders-0');
  match(refusal(machine, '/a,/b'), /the partition orders-0 lies in \/a and in \/b/);
  const topicId = uuidOfWords(1, 2, 3, 4);
  equal(writePartitionMetadata(machine.disk, simKernels, '/b/orders-0', topicId), null);
  const both = [
    { directory: 0, topicId: null },
    { directory: 1, topicId },
  ];
  deepEqual([...opened(machine, '/a,/b').placed], [['orders-0', both]]);
  equal(writePartitionMetadata(machine.disk, simKernels, '/a/orders-0', topicId), null);
  match(refusal(machine, '/a,/b'), /the partition orders-0 lies in \/a and in \/b/);
});

test('the mark of a clean stop is told once, with its broker epoch', () => {
  const machine = storageMachine();
  opened(machine, '/a');
  putFile(machine.disk, '/a/.kafka_cleanshutdown', '{"version":0,"brokerEpoch":42}');
  const first = opened(machine, '/a').all[0]!;
  deepEqual([first.isClean, first.cleanBrokerEpoch], [true, 42]);
  const second = opened(machine, '/a').all[0]!;
  deepEqual([second.isClean, second.cleanBrokerEpoch], [false, -1]);
});

test('a directory formatted before there were directory ids gets one, and keeps it', () => {
  const machine = storageMachine();
  putFile(machine.disk, '/a/meta.properties', metaProperties(CLUSTER, 1, null));
  const { all, clusterId, isNew } = opened(machine, '/a');
  deepEqual([clusterId, isNew], [CLUSTER, false]);
  match(text(machine.disk, '/a/meta.properties'), new RegExp(`^directory\\.id=${all[0]!.id}$`, 'm'));
  equal(opened(machine, '/a').all[0]!.id, all[0]!.id);
});

test('without a bootstrap.checkpoint a cluster begins as with Kafka; a damaged one is refused', () => {
  const machine = storageMachine();
  putFile(machine.disk, '/a/meta.properties', metaProperties(CLUSTER, 1, ID_A));
  equal(opened(machine, '/a').bootstrap.length, 6);
  putFile(machine.disk, '/a/bootstrap.checkpoint', 'x'.repeat(100));
  match(refusal(machine, '/a'), /\/a\/bootstrap\.checkpoint is damaged/);
});

test('every call that a log needs is tried at the start; a directory that fails one is offline, with the reason', () => {
  for (const operation of ['open', 'write', 'sync', 'rename', 'unlink', 'syncDirectory'] as const) {
    const machine = storageMachine();
    opened(machine, '/a,/b');
    const { faults } = machine.storage;
    faults.arm({ operations: [operation], path: operation === 'syncDirectory' ? '/b' : '/b/.millrace', effect: EIO });
    const { all } = opened(machine, '/a,/b');
    equal(all[0]!.failure, null);
    match(all[1]!.failure!, /^its volume fails \(.*\/b.*: EIO\)$/, operation);
    notEqual(all[1]!.id, ZERO_UUID, 'its id was read before');
    ok(machine.log.has('error', 'a data directory is offline'));
    equal(opened(machine, '/a,/b').all[1]!.failure, null, 'the next start tries again');
  }
});

test('row 83: a meta.properties that this user may not read takes its directory offline, or the node', () => {
  const machine = storageMachine();
  opened(machine, '/a,/b');
  const EACCES = { kind: 'error', code: 'EACCES' } as const;
  machine.storage.faults.arm({ operations: ['open'], path: '/b/meta.properties', effect: EACCES });
  const { all } = opened(machine, '/a,/b');
  const reason = 'this user may not read and write there (open /b/meta.properties: EACCES)';
  deepEqual([all[1]!.failure, all[1]!.id], [reason, ZERO_UUID]);
  machine.storage.faults.arm({ operations: ['open'], path: '/a/meta.properties', effect: EACCES });
  match(
    refusal(machine, '/a,/b'),
    /metadata log, \/a, cannot be used: this user may not read and write there \(open \/a\/meta\.properties: EACCES\)/,
  );
});

test('a full directory is not offline', () => {
  const machine = storageMachine();
  opened(machine, '/a,/b');
  machine.storage.faults.arm({
    operations: ['write'],
    path: '/b/.millrace',
    effect: { kind: 'error', code: 'ENOSPC' },
  });
  equal(opened(machine, '/a,/b').all[1]!.failure, null);
  ok(machine.log.has('warn', 'a data directory is full'));
});

test('the node does not start without the metadata directory, nor without any other', () => {
  const machine = storageMachine();
  opened(machine, '/a,/b', 'metadata.log.dir=/m');
  const { faults } = machine.storage;
  faults.arm({ operations: ['open'], path: '/m/.millrace', effect: EIO });
  match(
    refusal(machine, '/a,/b', 'metadata.log.dir=/m'),
    /metadata log, \/m, cannot be used: its volume fails \(open .*EIO\)/,
  );
  faults.arm({ operations: ['sync'], path: '/a/.millrace', effect: EIO });
  faults.arm({ operations: ['sync'], path: '/b/.millrace', effect: EIO });
  match(refusal(machine, '/a,/b', 'metadata.log.dir=/m'), /no data directory can be used: .*\/a.*EIO\), .*\/b.*EIO/);
});

test('no cluster begins while a directory cannot be read: it may hold one', () => {
  const machine = storageMachine();
  machine.storage.faults.arm({ operations: ['makeDirectory'], path: '/b', effect: EIO });
  match(
    refusal(machine, '/a,/b'),
    /no cluster begins while the data directory \/b cannot be used: its volume fails \(makeDirectory \/b: EIO\)/,
  );
  ok(!machine.disk.exists('/a/meta.properties'));
});

const EIO = { kind: 'error', code: 'EIO' } as const;
