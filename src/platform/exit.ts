import { isMainThread } from 'node:worker_threads';

import { assert } from '../base/assert.ts';

const shell = '/bin/sh';

/**
 * Ends the process with `code` at once, whatever its other threads do; what was not written is lost. Main thread only.
 *
 * `process.exit` waits for every worker, and one that sits in a system call (a disk that does not answer) keeps it
 * waiting for ever. Becoming another program waits for nobody: the kernel ends the other threads, closes the sockets,
 * and the program that replaces this one does nothing but exit. No 'exit' listener runs.
 */
export function exitNow(code: number): never {
  assert(isMainThread && Number.isInteger(code), 'the main thread ends the process, with a whole number');
  if (typeof process.execve === 'function') {
    try {
      process.execve(shell, [shell, '-c', `exit ${code}`], {});
    } catch {
      // No shell here, as in images that hold nothing but the program: Node itself can do it, in 30 ms.
    }
    try {
      process.execve(process.execPath, [process.execPath, '-e', `process.exit(${code})`], {});
    } catch {
      // What follows may wait for a thread, but it is all that is left.
    }
  }
  process.exit(code);
}
