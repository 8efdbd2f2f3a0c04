// First, as in the entry of the program.
import '../../src/platform/thread_pool.ts';
import { readdirSync, stat, writeSync } from 'node:fs';

import { holdDataDirectory } from '../../src/platform/data_directory_lock.ts';
import { exitNow } from '../../src/platform/exit.ts';
import { createLog } from '../../src/platform/log.ts';
import { onStopSignals } from '../../src/platform/signals.ts';
import { createControlThreads, shardLimitsDefault } from '../../src/platform/threads.ts';
import { holdByPidFile } from '../../src/platform/pid_file.ts';

/** A process of its own for tests of what ends with a process. Says what it has reached, a line each, and lives on. */
const [task, path = ''] = process.argv.slice(2);
const say = (line: string): number => writeSync(1, `${line}\n`);
// Lives until it is told to end.
setInterval(() => {}, 60_000);

switch (task) {
  case 'hold': {
    const held = await holdDataDirectory(path);
    say('message' in held ? held.message : 'held');
    break;
  }
  case 'pidFile': {
    const held = holdByPidFile(path);
    say(typeof held === 'number' ? `held by ${held}` : 'held');
    break;
  }
  case 'logUnread': {
    const log = createLog({ format: 'human', thread: 'control', colour: false });
    for (let line = 0; line < 5000; line++) log.info(`line ${line}`);
    say('all said');
    await new Promise((resolve) => process.stdin.once('data', resolve));
    log.info('last');
    say('last said');
    break;
  }
  case 'threadPool': {
    const threadsBefore = readdirSync('/proc/self/task').length;
    stat(path, () => say(String(readdirSync('/proc/self/task').length - threadsBefore)));
    break;
  }
  case 'signals':
    onStopSignals(
      (signal) => say(`stop ${signal}`),
      (signal) => {
        say(`exit ${signal}`);
        exitNow(130);
      },
    );
    say('ready');
    break;
  case 'exitWhileBlocked': {
    process.on('exit', () => say('exit listener'));
    const words = new Int32Array(new SharedArrayBuffer(64));
    const threads = createControlThreads({
      url: new URL('./shard_double.ts', import.meta.url),
      limits: shardLimitsDefault,
    });
    threads.spawnShard(1, { task: 'blockInRead', words, path }, () => say('the blocked thread ended'));
    await Atomics.waitAsync(words, 1, 0).value;
    // The shard has said that it is about to read; give it the time to be there.
    setTimeout(() => exitNow(70), 30);
  }
}
