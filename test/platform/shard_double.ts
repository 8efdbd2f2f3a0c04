import { enterShardThread } from '../../src/platform/threads.ts';
import { createNetwork } from '../../src/platform/network/network.ts';

/** Stands in for `workers/shard.ts`: does what its boot data says. Word 0 is a bell, word 1 counts, word 2 is a port. */
export interface DoubleBoot {
  readonly task: 'throw' | 'reject' | 'exit' | 'runDry' | 'processExit' | 'exhaust' | 'echo' | 'listen' | 'blockInRead';
  readonly words: Int32Array<SharedArrayBuffer>;
  readonly port?: number;
  readonly path?: string;
}

const { threads, boot } = await enterShardThread();
const { task, words, port = 0 } = boot as DoubleBoot;

/** Adds to the count and tells control, which waits on the count itself. */
function tell(): void {
  Atomics.add(words, 1, 1);
  threads.notify(words, 1);
}

switch (task) {
  case 'throw':
    setImmediate(() => {
      throw new RangeError(`thread ${threads.self} has a bug`);
    });
    break;
  case 'reject':
    void Promise.reject(new TypeError('nobody caught this'));
    break;
  case 'exit':
    // A pending wait would hold the loop for ever, were it not for `exit`.
    threads.wait(words, 0, 0, () => {});
    setImmediate(() => threads.exit());
    break;
  case 'runDry':
    break;
  case 'processExit':
    process.exit(3);
    break;
  case 'exhaust': {
    const kept: unknown[] = [];
    for (;;) kept.push(Array.from({ length: 1000 }, (_, index) => ({ index })));
  }
  case 'echo': {
    // Sleeps until the bell changes, counts, and sleeps again; ends at 100.
    let heard = 0;
    const sleep = (): void => {
      const now = Atomics.load(words, 0);
      if (now !== heard) {
        heard = now;
        tell();
      }
      if (heard >= 100) threads.exit();
      else if (!threads.wait(words, 0, heard, sleep)) setImmediate(sleep);
    };
    sleep();
    break;
  }
  case 'listen': {
    const network = createNetwork();
    const listener = network.listen(
      { host: '127.0.0.1', port, backlog: 128, shared: true },
      {
        listening: (bound) => {
          Atomics.store(words, 2, bound);
          tell();
        },
        accepted: (socket) => {
          Atomics.add(words, 3 + threads.self, 1);
          socket.destroy();
        },
        failed: (code) => {
          throw new Error(code);
        },
        closed: () => threads.exit(),
      },
    );
    threads.wait(words, 0, 0, () => listener.close());
    break;
  }
  case 'blockInRead': {
    const { openSync, readSync } = await import('node:fs');
    tell();
    readSync(openSync((boot as DoubleBoot).path as string, 'r+'), new Uint8Array(1));
  }
}
