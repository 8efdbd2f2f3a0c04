import assert from 'node:assert/strict';
import os from 'node:os';
import { test } from 'node:test';

import { availableCores, availableMemoryBytes, grantedResources } from '../../src/platform/cores.ts';

function granted(files: Readonly<Record<string, string>>): { processors: number; memoryBytes: number } {
  return { ...grantedResources((path) => files[path] ?? null) };
}

const version2 = '30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n';

test('version 2: the tightest of the group and those above it', () => {
  const files = {
    '/proc/self/mountinfo': `22 1 8:1 / / rw - ext4 /dev/sda1 rw\n${version2}`,
    '/proc/self/cgroup': '0::/system.slice/millrace.service\n',
    '/sys/fs/cgroup/system.slice/millrace.service/cpu.max': '250000 100000\n',
    '/sys/fs/cgroup/system.slice/cpu.max': '150000 100000\n',
    '/sys/fs/cgroup/system.slice/millrace.service/memory.max': '1073741824\n',
    '/sys/fs/cgroup/system.slice/memory.max': 'max\n',
  };
  assert.deepEqual(granted(files), { processors: 1.5, memoryBytes: 2 ** 30 });
});

test('version 2 in a container: its group is the root of the mount', () => {
  const files = {
    '/proc/self/mountinfo': version2.replace(' / /sys', ' /../../docker/abc /sys'),
    '/proc/self/cgroup': '0::/\n',
    '/sys/fs/cgroup/cpu.max': '50000 100000\n',
    '/sys/fs/cgroup/memory.max': '536870912\n',
  };
  assert.deepEqual(granted(files), { processors: 0.5, memoryBytes: 2 ** 29 });
});

test('version 1: a tree for each controller, mounted from the group that a container sees', () => {
  const files = {
    '/proc/self/mountinfo': [
      '31 23 0:27 /docker/abc /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct',
      '32 23 0:28 /docker/abc /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory',
    ].join('\n'),
    '/proc/self/cgroup': '4:memory:/docker/abc\n3:cpu,cpuacct:/docker/abc/inner\n',
    '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '-1\n',
    '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us': '100000\n',
    '/sys/fs/cgroup/cpu,cpuacct/inner/cpu.cfs_quota_us': '300000\n',
    '/sys/fs/cgroup/cpu,cpuacct/inner/cpu.cfs_period_us': '100000\n',
    '/sys/fs/cgroup/memory/memory.limit_in_bytes': '2147483648\n',
  };
  assert.deepEqual(granted(files), { processors: 3, memoryBytes: 2 ** 31 });
});

test('nothing is limited without control groups, or where they say max', () => {
  assert.deepEqual(granted({}), { processors: Infinity, memoryBytes: Infinity });
  const files = {
    '/proc/self/mountinfo': version2,
    '/proc/self/cgroup': '0::/a\n',
    '/sys/fs/cgroup/a/cpu.max': 'max 100000\n',
    '/sys/fs/cgroup/a/memory.max': 'max\n',
  };
  assert.deepEqual(granted(files), { processors: Infinity, memoryBytes: Infinity });
});

test('this machine grants something, and no more than it has', () => {
  assert.ok(availableCores() >= 1 && availableCores() <= os.availableParallelism());
  assert.ok(availableMemoryBytes() > 2 ** 20 && availableMemoryBytes() <= os.totalmem());
});
