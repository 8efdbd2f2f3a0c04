import { readFileSync } from 'node:fs';
import os from 'node:os';
import { dirname, join } from 'node:path';

/** Text of a file, or null when it cannot be read. */
export type ReadText = (path: string) => string | null;

/** A limit, and the file of the control group that says it. */
export interface Granted {
  /** Infinity without a limit. */
  readonly amount: number;
  readonly path: string | null;
}

export interface GrantedResources {
  /** Processors' worth of time that the control group grants, with a fraction. */
  readonly processors: Granted;
  /** Bytes of memory that the control group grants. */
  readonly memory: Granted;
}

/** What this process may use, and a few words on who says so. */
export interface AvailableResources {
  /** Threads worth having: `processors` rounded up, as with 1.5 of them a second thread is worth having. */
  readonly cores: number;
  /** Processors' worth of time, with a fraction. */
  readonly processors: number;
  readonly coresFrom: string;
  readonly memoryBytes: number;
  readonly memoryFrom: string;
}

/** What the machine has, without any limits. */
export interface WholeMachine {
  readonly processors: number;
  readonly memoryBytes: number;
}

/**
 * The cores of the affinity mask (cpusets included) and no more than the quota of the control group; the machine's memory
 * and no more than the control group grants. The mask is read from the kernel: what Node tells may have a quota in it,
 * rounded down.
 */
export function availableResources(
  read: ReadText = readText,
  whole: WholeMachine = { processors: os.availableParallelism(), memoryBytes: os.totalmem() },
): AvailableResources {
  const granted = grantedResources(read);
  const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(read('/proc/self/status') ?? '')?.[1];
  const allowed = (list === undefined ? 0 : processorsInList(list)) || whole.processors;
  const { processors: quota, memory } = granted;
  const isQuota = quota.amount < allowed;
  const processors = isQuota ? quota.amount : allowed;
  const isMemoryGranted = memory.amount < whole.memoryBytes;
  return {
    cores: Math.max(1, Math.ceil(processors)),
    processors,
    coresFrom: isQuota ? `a quota of ${quota.amount} processors in ${quota.path}` : `an affinity mask of ${allowed}`,
    memoryBytes: isMemoryGranted ? memory.amount : whole.memoryBytes,
    memoryFrom: isMemoryGranted ? `the limit in ${memory.path}` : 'the memory of the machine',
  };
}

/** How many a list such as `0-3,8,10-11` names; 0 when it is none. */
function processorsInList(list: string): number {
  let count = 0;
  for (const part of list.split(',')) {
    const [, first, last] = /^(\d+)(?:-(\d+))?$/.exec(part) ?? [];
    if (first === undefined) return 0;
    count += last === undefined ? 1 : Math.max(0, Number(last) - Number(first) + 1);
  }
  return count;
}

/**
 * What the control group of this process and those above it grant. Both hierarchies are read: version 2 (one tree,
 * `cpu.max`, `memory.max`, and `memory.high`, above which a process is made to wait) and version 1 (a tree for each
 * controller). Nothing is limited where there are none.
 */
export function grantedResources(read: ReadText): GrantedResources {
  const mounts = mountsOf(read('/proc/self/mountinfo') ?? '');
  const limits = { processors: unlimited, memory: unlimited };
  for (const line of (read('/proc/self/cgroup') ?? '').split('\n')) {
    const [, controllers, group] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (controllers === undefined || group === undefined) continue;
    const names = controllers === '' ? [] : controllers.split(',');
    for (const mount of mounts) {
      const isOurs = controllers === '' ? mount.isVersion2 : names.some((name) => mount.controllers.includes(name));
      if (!isOurs) continue;
      for (const directory of directoriesUpwards(mount, group)) {
        limits.processors = tighter(limits.processors, processorsOf(read, directory));
        limits.memory = tighter(limits.memory, memoryOf(read, directory));
      }
    }
  }
  return limits;
}

const unlimited: Granted = { amount: Number.POSITIVE_INFINITY, path: null };

function tighter(one: Granted, other: Granted): Granted {
  return other.amount < one.amount ? other : one;
}

interface Mount {
  /** The group that is seen at the mount point; containers see their own as the root. */
  readonly root: string;
  readonly point: string;
  readonly isVersion2: boolean;
  readonly controllers: readonly string[];
}

/** Lines of proc_pid_mountinfo(5): `36 35 0:26 root point options … - type source super-options`. */
function mountsOf(text: string): Mount[] {
  const mounts: Mount[] = [];
  for (const line of text.split('\n')) {
    const [before, after] = line.split(' - ');
    const [, , , root, point] = before?.split(' ') ?? [];
    const [type, , superOptions] = after?.split(' ') ?? [];
    if (root === undefined || point === undefined || (type !== 'cgroup' && type !== 'cgroup2')) continue;
    mounts.push({
      root,
      point,
      isVersion2: type === 'cgroup2',
      controllers: type === 'cgroup' ? (superOptions?.split(',') ?? []) : [],
    });
  }
  return mounts;
}

/** The group's directory and those above it, up to the mount point: each may limit. */
function directoriesUpwards(mount: Mount, group: string): string[] {
  const isBelow = mount.root !== '/' && (group === mount.root || group.startsWith(`${mount.root}/`));
  const below = isBelow ? group.slice(mount.root.length) : group;
  const directories: string[] = [];
  let directory = join(mount.point, below);
  while (directory.length > mount.point.length && directory.startsWith(mount.point)) {
    directories.push(directory);
    directory = dirname(directory);
  }
  directories.push(mount.point);
  return directories;
}

function processorsOf(read: ReadText, directory: string): Granted {
  const max = join(directory, 'cpu.max');
  const [quota, period] = (read(max) ?? '').split(' ');
  const quotaOld = join(directory, 'cpu.cfs_quota_us');
  const periodOld = read(join(directory, 'cpu.cfs_period_us'));
  return tighter(limitOf(ratio(quota, period), max), limitOf(ratio(read(quotaOld), periodOld), quotaOld));
}

/** `max`, -1 and missing numbers are no limit. */
function ratio(quota: string | null | undefined, period: string | null | undefined): number {
  return Number.parseInt(quota ?? '', 10) / Number.parseInt(period ?? '', 10);
}

function memoryOf(read: ReadText, directory: string): Granted {
  let least = unlimited;
  for (const name of ['memory.max', 'memory.high', 'memory.limit_in_bytes']) {
    const path = join(directory, name);
    least = tighter(least, limitOf(Number.parseInt(read(path) ?? '', 10), path));
  }
  return least;
}

function limitOf(amount: number, path: string): Granted {
  return amount > 0 ? { amount, path } : unlimited;
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
