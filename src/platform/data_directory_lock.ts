import { realpathSync, statSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';

import { diskErrorOf } from './disk/disk_error.ts';
import { holderOfAbstractSocket, holderOfFileLock } from './kernel_locks.ts';

/** A data directory that this process holds. */
export interface DirectoryLock {
  release(): void;
}

export interface DirectoryTaken {
  readonly path: string;
  /** One sentence for the operator that names the holder as well as it is known. */
  readonly message: string;
}

/** Apache Kafka takes a lock of the kernel on this file. Node has no call for that, but can see it. */
const lockFileOfKafka = '.lock';

/**
 * Holds an existing data directory for this process, so that no other Millrace opens its logs, and refuses one that
 * a running Apache Kafka holds. The hold ends with the process, however it ends.
 *
 * On Linux an abstract Unix socket stands for the directory, named by device and inode: the kernel knows it once in a
 * network namespace, by whatever path it is reached. (Containers with networks of their own that share a volume do
 * not see each other.) Elsewhere a file with the process's id and start time does.
 */
export async function holdDataDirectory(path: string): Promise<DirectoryLock | DirectoryTaken> {
  try {
    const directory = realpathSync(path);
    const kafka = holderOfFileLock(join(directory, lockFileOfKafka));
    if (kafka !== null) {
      return taken(path, `is held by process ${kafka} with a lock on ${lockFileOfKafka}: Apache Kafka runs on it`);
    }
    if (process.platform === 'linux') return await holdByAbstractSocket(path, directory);
    const { holdByPidFile } = await import('./pid_file.ts');
    const held = holdByPidFile(directory);
    return typeof held === 'number' ? taken(path, `is held by another Millrace, process ${held}`) : held;
  } catch (error) {
    return taken(path, `cannot be held: ${diskErrorOf(error, 'hold', path).code}`);
  }
}

function taken(path: string, what: string): DirectoryTaken {
  return { path, message: `the data directory ${path} ${what}; another is chosen with --data-dir, or log.dirs` };
}

function holdByAbstractSocket(path: string, directory: string): Promise<DirectoryLock | DirectoryTaken> {
  const { dev, ino } = statSync(directory, { bigint: true });
  const name = `millrace-data-directory-${dev}-${ino}`;
  return new Promise((resolve) => {
    const server = net.createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') {
        resolve(taken(path, `cannot be held: ${error.message}`));
        return;
      }
      const holder = holderOfAbstractSocket(name);
      const who = holder === null ? 'a process that this user may not see' : `process ${holder}`;
      resolve(taken(path, `is held by another Millrace, ${who}`));
    });
    server.once('listening', () => {
      server.unref();
      resolve({ release: () => server.close() });
    });
    server.listen(`\0${name}`);
  });
}
