import { deepEqual, equal, match } from 'node:assert/strict';
import { test } from 'node:test';
import { findingsOf, type Available, type Finding, type VolumeFacts, type Wanted } from '../../src/tune/findings.ts';
import { fileSystemOf } from '../../src/tune/volume.ts';

const GIB = 2 ** 30;

const available: Available = {
  cores: 4,
  processors: 4,
  coresFrom: 'the affinity mask',
  memoryBytes: 16 * GIB,
  memoryFrom: 'the machine',
};

const wanted: Wanted = {
  shards: 4,
  arenaBytes: 128 * 2 ** 20,
  listenBacklog: 50,
  socketReceiveBufferBytes: -1,
  socketSendBufferBytes: -1,
  flushPolicy: 'never',
};

const volume: VolumeFacts = {
  directory: '/data',
  fileSystem: 'ext4',
  freeBytes: 100 * GIB,
  totalBytes: 200 * GIB,
  syncMs: { median: 1, worst: 4 },
  sequentialBytesPerSecond: GIB,
};

/** A machine that has nothing to say against it. */
const good: Readonly<Record<string, string>> = {
  '/proc/self/limits':
    'Limit  Soft Limit  Hard Limit  Units\nMax open files            1024                 524288               files\n',
  '/proc/meminfo': 'MemTotal: 1 kB\nSwapTotal:             0 kB\n',
  '/proc/sys/vm/swappiness': '60\n',
  '/proc/sys/vm/max_map_count': '65530\n',
  '/proc/sys/vm/dirty_bytes': '0\n',
  '/proc/sys/vm/dirty_ratio': '20\n',
  '/proc/sys/vm/dirty_background_bytes': '0\n',
  '/proc/sys/vm/dirty_background_ratio': '10\n',
  '/proc/sys/net/core/somaxconn': '4096\n',
  '/proc/sys/net/core/rmem_max': '212992\n',
  '/proc/sys/net/core/wmem_max': '212992\n',
  '/proc/sys/net/ipv4/tcp_max_syn_backlog': '2048\n',
  '/proc/sys/net/ipv4/tcp_rmem': '4096\t131072\t33554432\n',
  '/proc/sys/net/ipv4/tcp_wmem': '4096\t16384\t4194304\n',
  '/sys/kernel/mm/transparent_hugepage/enabled': 'always [madvise] never\n',
  '/sys/devices/system/clocksource/clocksource0/current_clocksource': 'tsc\n',
  '/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor': 'performance\n',
};

interface Changed {
  readonly files?: Readonly<Record<string, string>>;
  readonly available?: Partial<Available>;
  readonly wanted?: Partial<Wanted>;
  readonly volume?: Partial<VolumeFacts>;
}

/** What is not fine, as `state name`. */
function complaints(changed: Changed = {}): string[] {
  return find(changed)
    .filter(({ state }) => state !== 'fine')
    .map(({ state, name }) => `${state} ${name}`);
}

function find(changed: Changed = {}): readonly Finding[] {
  const files: Readonly<Record<string, string>> = { ...good, ...changed.files };
  return findingsOf(
    (path) => files[path] ?? null,
    { ...available, ...changed.available },
    { ...wanted, ...changed.wanted },
    { ...volume, ...changed.volume },
  );
}

test('a good machine is fine, each thing with a word', () => {
  deepEqual(complaints(), []);
  equal(find().length, 17);
  for (const { name, value, word } of find()) match(`${name} ${value} ${word}`, /^\S.+ \S+ .{4,}/);
});

test('what costs something is said', () => {
  const cases: readonly (readonly [Changed, string])[] = [
    [{ available: { processors: 1.5, cores: 2 }, wanted: { shards: 2 } }, 'look cores'],
    [{ available: { cores: 2, processors: 2 } }, 'look cores'],
    [{ files: { '/sys/devices/system/clocksource/clocksource0/current_clocksource': 'hpet' } }, 'look clock source'],
    [{ files: { '/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor': 'powersave' } }, 'look frequency governor'],
    [{ available: { memoryBytes: 2 ** 28 }, wanted: { arenaBytes: 2 ** 23 } }, 'trouble memory'],
    [{ available: { memoryBytes: 2 ** 29 }, wanted: { arenaBytes: 2 ** 27 } }, 'look memory'],
    [{ files: { '/proc/meminfo': 'SwapTotal:  1000 kB\n' } }, 'look swap'],
    [{ files: { '/sys/kernel/mm/transparent_hugepage/enabled': '[always] never' } }, 'look transparent huge pages'],
    [{ files: { '/proc/sys/vm/max_map_count': '1000' } }, 'look vm.max_map_count'],
    [{ files: { '/proc/self/limits': 'Max open files   1024   1024   files\n' } }, 'trouble open files'],
    [{ files: { '/proc/self/limits': 'Max open files   1024   20000   files\n' } }, 'look open files'],
    [{ files: { '/proc/sys/fs/file-max': '10000' } }, 'look fs.file-max'],
    [{ volume: { fileSystem: 'tmpfs' } }, 'trouble file system of /data'],
    [{ volume: { fileSystem: 'nfs4' } }, 'look file system of /data'],
    [{ volume: { fileSystem: 'overlay' } }, 'look file system of /data'],
    [{ volume: { freeBytes: GIB } }, 'trouble free space'],
    [{ volume: { freeBytes: 20 * GIB } }, 'look free space'],
    [{ volume: { syncMs: { median: 0.01, worst: 0.02 } } }, 'look sync'],
    [{ volume: { syncMs: { median: 9, worst: 20 } }, wanted: { flushPolicy: 'acknowledged' } }, 'look sync'],
    [{ files: { '/proc/sys/vm/dirty_bytes': String(64 * GIB) } }, 'look write back (vm.dirty_…)'],
    [{ files: { '/proc/sys/vm/dirty_background_ratio': '30' } }, 'look write back (vm.dirty_…)'],
    [{ files: { '/proc/sys/net/core/somaxconn': '10' } }, 'look net.core.somaxconn'],
    [{ files: { '/proc/sys/net/ipv4/tcp_max_syn_backlog': '10' } }, 'look net.ipv4.tcp_max_syn_backlog'],
    [{ files: { '/proc/sys/net/ipv4/tcp_rmem': '1 2 3' } }, 'look net.ipv4.tcp_rmem'],
    [{ wanted: { socketSendBufferBytes: 2 ** 20 } }, 'look net.core.wmem_max'],
  ];
  for (const [changed, complaint] of cases) deepEqual(complaints(changed), [complaint]);
});

test('a slow volume: what it can take bounds the broker, and what may be dirty is named in bytes', () => {
  const found = find({ volume: { sequentialBytesPerSecond: 20 * 2 ** 20 } });
  deepEqual(
    found.filter(({ state }) => state === 'look').map(({ name }) => name),
    ['sequential writes', 'write back (vm.dirty_…)'],
  );
  match(found.find(({ name }) => name.startsWith('write back'))!.word, /vm\.dirty_background_bytes=268435456$/);
});

test('what cannot be read is not spoken of', () => {
  const nothing = findingsOf(() => null, available, wanted, volume);
  deepEqual(
    nothing.map(({ name }) => name),
    ['cores', 'memory', 'file system of /data', 'free space', 'sync', 'sequential writes'],
  );
});

test('the file system is that of the nearest mount', () => {
  const mounts = [
    '22 1 8:1 / / rw - ext4 /dev/sda1 rw',
    '23 22 8:2 / /data rw - xfs /dev/sdb rw',
    '24 22 8:3 / /with\\040space rw - btrfs /dev/sdc rw',
  ].join('\n');
  equal(fileSystemOf('/data', mounts), 'xfs');
  equal(fileSystemOf('/data/a', mounts), 'xfs');
  equal(fileSystemOf('/database', mounts), 'ext4');
  equal(fileSystemOf('/with space/x', mounts), 'btrfs');
  equal(fileSystemOf('/x', ''), 'unknown');
});
