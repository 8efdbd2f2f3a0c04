import { readFileSync } from 'node:fs';
import os from 'node:os';
import { dirname, join } from 'node:path';

/** Text of a file, or null when it cannot be read. */
export type ReadText = (path: string) => string | null;

export interface GrantedResources {
  /** Processors' worth of time that the control group grants, with a fraction; Infinity without a limit. */
  readonly processors: number;
  /** Bytes of memory that the control group grants; Infinity without a limit. */
  readonly memoryBytes: number;
}

/**
 * Cores that this process may use: those of its affinity mask (cpusets included), and no more than the quota of its
 * control group, rounded up: with 1.5 cores a second thread is worth having.
 */
export function availableCores(): number {
  const quota = Math.ceil(grantedResources(readText).processors);
  return Math.max(1, Math.min(os.availableParallelism(), quota));
}

/** Memory that this process may use: the machine's, or what its control group grants if that is less. */
export function availableMemoryBytes(): number {
  return Math.min(os.totalmem(), grantedResources(readText).memoryBytes);
}

/**
 * What the control group of this process and those above it grant. Both hierarchies are read: version 2 (one tree,
 * `cpu.max`, `memory.max`) and version 1 (a tree for each controller). Nothing is limited where there are none.
 */
export function grantedResources(read: ReadText): GrantedResources {
  const mounts = mountsOf(read('/proc/self/mountinfo') ?? '');
  let processors = Number.POSITIVE_INFINITY;
  let memoryBytes = Number.POSITIVE_INFINITY;
  for (const line of (read('/proc/self/cgroup') ?? '').split('\n')) {
    const [, controllers, group] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (controllers === undefined || group === undefined) continue;
    const names = controllers === '' ? [] : controllers.split(',');
    for (const mount of mounts) {
      const isOurs = controllers === '' ? mount.isVersion2 : names.some((name) => mount.controllers.includes(name));
      if (!isOurs) continue;
      for (const directory of directoriesUpwards(mount, group)) {
        processors = Math.min(processors, processorsOf(read, directory));
        memoryBytes = Math.min(memoryBytes, memoryOf(read, directory));
      }
    }
  }
  return { processors, memoryBytes };
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
  const below = mount.root !== '/' && group.startsWith(mount.root) ? group.slice(mount.root.length) : group;
  const directories: string[] = [];
  let directory = join(mount.point, below);
  while (directory.length > mount.point.length && directory.startsWith(mount.point)) {
    directories.push(directory);
    directory = dirname(directory);
  }
  directories.push(mount.point);
  return directories;
}

function processorsOf(read: ReadText, directory: string): number {
  const [quota, period] = (read(join(directory, 'cpu.max')) ?? '').split(' ');
  const quotaOld = read(join(directory, 'cpu.cfs_quota_us'));
  const periodOld = read(join(directory, 'cpu.cfs_period_us'));
  return Math.min(ratio(quota, period), ratio(quotaOld, periodOld));
}

/** `max`, -1 and missing numbers are no limit. */
function ratio(quota: string | null | undefined, period: string | null | undefined): number {
  const value = Number.parseInt(quota ?? '', 10) / Number.parseInt(period ?? '', 10);
  return value > 0 ? value : Number.POSITIVE_INFINITY;
}

function memoryOf(read: ReadText, directory: string): number {
  const limit = Number.parseInt(read(join(directory, 'memory.max')) ?? '', 10);
  const limitOld = Number.parseInt(read(join(directory, 'memory.limit_in_bytes')) ?? '', 10);
  return Math.min(limit > 0 ? limit : Number.POSITIVE_INFINITY, limitOld > 0 ? limitOld : Number.POSITIVE_INFINITY);
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
