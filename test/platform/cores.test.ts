import assert from 'node:assert/strict';
import { test } from 'node:test';

import { availableResources, grantedResources } from '../../src/platform/cores.ts';

function granted(files: Readonly<Record<string, string>>): { processors: number; memoryBytes: number } {
  const { processors, memory } = grantedResources((path) => files[path] ?? null);
  return { processors: processors.amount, memoryBytes: memory.amount };
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

test('version 2: a process above memory.high is made to wait, so that is its limit', () => {
  const files = {
    '/proc/self/mountinfo': version2,
    '/proc/self/cgroup': '0::/a\n',
    '/sys/fs/cgroup/a/memory.max': '1073741824\n',
    '/sys/fs/cgroup/a/memory.high': '805306368\n',
  };
  assert.equal(granted(files).memoryBytes, 805306368);
  assert.equal(granted({ ...files, '/sys/fs/cgroup/a/memory.high': 'max\n' }).memoryBytes, 1073741824);
});

test('a group whose name begins like that of the mount is not below it', () => {
  const files = {
    '/proc/self/mountinfo': '31 23 0:27 /docker/ab /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu',
    '/proc/self/cgroup': '3:cpu:/docker/abc\n',
    '/sys/fs/cgroup/cpu/c/cpu.cfs_quota_us': '100000\n',
    '/sys/fs/cgroup/cpu/c/cpu.cfs_period_us': '100000\n',
    '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '200000\n',
    '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
  };
  assert.equal(granted(files).processors, 2);
});

const machine = { processors: 64, memoryBytes: 2 ** 36 };

function available(files: Readonly<Record<string, string>>): ReturnType<typeof availableResources> {
  return availableResources((path) => files[path] ?? null, machine);
}

test('cores: the affinity mask, and of a quota the next whole number', () => {
  assert.deepEqual(available({}), {
    cores: 64,
    processors: 64,
    coresFrom: 'an affinity mask of 64',
    memoryBytes: 2 ** 36,
    memoryFrom: 'the memory of the machine',
  });
  const status = { '/proc/self/status': 'Name:\tnode\nCpus_allowed:\tf0f\nCpus_allowed_list:\t0-3,8-10,12\n' };
  assert.equal(available(status).cores, 8);
  assert.equal(available({ '/proc/self/status': 'Cpus_allowed_list:\tnonsense\n' }).cores, 64);
  const limited = (quota: number) => ({
    ...status,
    '/proc/self/mountinfo': version2,
    '/proc/self/cgroup': '0::/a\n',
    '/sys/fs/cgroup/a/cpu.max': `${quota} 100000\n`,
    '/sys/fs/cgroup/a/memory.max': '536870912\n',
  });
  assert.deepEqual(available(limited(150_000)), {
    cores: 2,
    processors: 1.5,
    coresFrom: 'a quota of 1.5 processors in /sys/fs/cgroup/a/cpu.max',
    memoryBytes: 2 ** 29,
    memoryFrom: 'the limit in /sys/fs/cgroup/a/memory.max',
  });
  assert.equal(available(limited(20_000)).cores, 1);
  assert.equal(available(limited(6_400_000)).cores, 8);
});

test('this machine grants something', () => {
  const { cores, processors, memoryBytes } = availableResources();
  assert.ok(cores >= processors && processors > 0 && cores < processors + 1);
  assert.ok(memoryBytes > 2 ** 20);
});
