/** As often a thread looks whether it is at rest, and so many times. */
const LOOK_MS = 1000;
const LOOKS = 60;
/** It is when it worked for no larger part of that. */
const REST_SHARE = 0.25;
/**
 * What a thread has beside its young generation when it is worth a collection. Control has 10 MiB on a node with few
 * partitions. A shard has up to 16 when it has worked, and is left alone: V8 forgets code with a collection, and the requests
 * that come next are a fifth slower until that is compiled again.
 */
const WORTH_BYTES = { control: 12 * 1024 * 1024, shard: 20 * 1024 * 1024 } as const;
/** What lives is not collected again before it has grown by so much. */
const GROWTH = 1.5;

type Collect = (options: { type: 'major'; execution: 'sync'; flavor: 'last-resort' }) => void;

/**
 * Gives back what the start has left in this thread's heap, once the thread is at rest: in the first minute, as threads
 * wait for one another in a start. V8 keeps the young generation as large as a burst of work has made it, and what died in
 * the old one until much more is allocated: after a start with thousands of partitions that is most of the heap, and a
 * node at rest would keep it for ever.
 */
export function giveBackAfterStart(thread: keyof typeof WORTH_BYTES): void {
  const { performance } = globalThis;
  let last = performance.eventLoopUtilization();
  let looksLeft = LOOKS;
  let worthBytes: number = WORTH_BYTES[thread];
  const timer = setInterval(() => {
    if (--looksLeft === 0) clearInterval(timer);
    const { utilization } = performance.eventLoopUtilization(last);
    last = performance.eventLoopUtilization();
    if (utilization > REST_SHARE || oldBytes() < worthBytes) return;
    collectGarbage();
    worthBytes = Math.max(worthBytes, GROWTH * oldBytes());
  }, LOOK_MS);
  timer.unref();
}

/** Without the young generation, which any traffic makes as large as it may be. */
function oldBytes(): number {
  const spaces = process.getBuiltinModule('node:v8').getHeapSpaceStatistics();
  return spaces.reduce(
    (sum, space) => (space.space_name.startsWith('new_') ? sum : sum + space.physical_space_size),
    0,
  );
}

/** Blocks for as long as it takes to mark what lives and move it together: some 20 ms of CPU for 20 MiB. */
export function collectGarbage(): void {
  // The flag holds for contexts made from now on: for this one, which has the function and nothing else.
  process.getBuiltinModule('node:v8').setFlagsFromString('--expose-gc');
  const collect = process.getBuiltinModule('node:vm').runInNewContext('globalThis.gc') as Collect | undefined;
  collect?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
