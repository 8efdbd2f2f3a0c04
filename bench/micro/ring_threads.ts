/** The waiting of the port `Threads` for bench/micro/ring.ts, and the thread that answers there. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Threads } from '../../src/port/threads.ts';
import { Channel } from '../../src/shared-memory/channel.ts';
import { Doorbell } from '../../src/shared-memory/doorbell.ts';
import type { SharedMemory } from '../../src/shared-memory/layout.ts';
import { ringPlace } from '../../src/shared-memory/thread_memory.ts';

export function waitingThreads(self: number): Threads {
  return {
    self,
    wait(words, index, expected, woken) {
      const waiting = Atomics.waitAsync(words, index, expected);
      if (!waiting.async) return false;
      void waiting.value.then(woken);
      return true;
    },
    notify: (words, index) => void Atomics.notify(words, index),
    spawnShard: () => {
      throw new Error('no thread is started here');
    },
    exit: () => {
      throw new Error('no thread ends here');
    },
  };
}

/** Answers every request of thread 1 with 32 bytes, until it is terminated. */
function answerForEver(memory: SharedMemory): void {
  // A pending waitAsync does not keep an event loop alive.
  setInterval(() => {}, 1_000_000);
  const bell = new Doorbell(memory.doorbells, waitingThreads(2));
  const places = { outgoing: ringPlace(memory, 2, 1), incoming: ringPlace(memory, 1, 2) };
  const channel = new Channel(1, { ...places, payloadMax: memory.geometry.ringPayloadMax }, bell);
  const handler = {
    request: (_peer: number, _kind: number, correlation: number) => {
      const position = channel.answer(correlation, 32);
      for (let at = 0; at < 32; at += 4) channel.view.setInt32(position + at, at, true);
    },
    answer: () => {},
    creditReturned: () => {},
  };
  const turn = (): void => {
    for (;;) {
      bell.disarm();
      channel.drain(1024, handler);
      channel.flush();
      if (bell.arm(() => channel.hasWork(), turn)) return;
    }
  };
  turn();
}

if (parentPort !== null && workerData !== null) {
  answerForEver(workerData as SharedMemory);
  parentPort.postMessage('ready');
}
