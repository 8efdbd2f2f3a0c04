import { linkSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { DirectoryLock } from './data_directory_lock.ts';
import { lateChildProcess } from './late_modules.ts';

const pidFile = 'millrace.pid';

/**
 * Holds a directory by a file that names the process and when it started, for platforms where nothing is given
 * back by the kernel when a process dies. Returns the process that holds it if another does. A file whose process is
 * gone, or whose number now belongs to another process, is stale and replaced.
 */
export function holdByPidFile(directory: string): DirectoryLock | number {
  const path = join(directory, pidFile);
  const own = `${path}.${process.pid}`;
  const text = `${process.pid} ${startOf(process.pid)}\n`;
  writeFileSync(own, text);
  try {
    for (;;) {
      if (succeeds('EEXIST', () => linkSync(own, path))) {
        return { release: () => removeIfHolding(path, text) };
      }
      const holder = readHolder(path);
      if (holder !== null && isAlive(holder)) return holder.pid;
      removeIfHolding(path, holder?.text ?? '');
    }
  } finally {
    unlinkSync(own);
  }
}

interface Holder {
  readonly pid: number;
  readonly start: string;
  readonly text: string;
}

function readHolder(path: string): Holder | null {
  let text = '';
  if (!succeeds('ENOENT', () => void (text = readFileSync(path, 'utf8')))) return null;
  const [, pid, start] = /^(\d+) (.*)\n$/.exec(text) ?? [];
  return { pid: Number(pid ?? 0), start: start ?? '', text };
}

function isAlive(holder: Holder): boolean {
  return holder.pid > 0 && startOf(holder.pid) === holder.start && exists(holder.pid);
}

/** Moved aside before it is judged, so that of two processes that find a stale file one alone removes it. */
function removeIfHolding(path: string, text: string): void {
  const aside = `${path}.${process.pid}.old`;
  if (!succeeds('ENOENT', () => renameSync(path, aside))) return;
  if (readFileSync(aside, 'utf8') !== text) succeeds('EEXIST', () => linkSync(aside, path));
  unlinkSync(aside);
}

/** When a process started, as text to compare; '' when it does not run or the platform does not tell. */
function startOf(pid: number): string {
  try {
    return lateChildProcess()
      .execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
        env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' },
      })
      .trim();
  } catch {
    return '';
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** False when it fails with `code`, which is expected; any other failure goes on. */
function succeeds(code: string, attempt: () => void): boolean {
  try {
    attempt();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== code) throw error;
    return false;
  }
}
