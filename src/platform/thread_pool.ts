/**
 * Sets the size of libuv's thread pool. The entry's first import: libuv reads the variable when the pool is first
 * used, and the pool, which all threads of the process share, cannot grow after that. Loading modules does not use it.
 *
 * A larger number given by the operator stands; fewer than eight would leave nothing for data beside the metadata log.
 */
const threadsDefault = 16;
const threadsMin = 8;
/** libuv's own upper bound. */
const threadsMax = 1024;

const given = Number.parseInt(process.env['UV_THREADPOOL_SIZE'] ?? '', 10);

/** Threads in the pool of this process. Worker threads are told; their own copy of the environment may differ. */
export const poolThreads: number = Number.isNaN(given)
  ? threadsDefault
  : Math.min(threadsMax, Math.max(threadsMin, given));

process.env['UV_THREADPOOL_SIZE'] = String(poolThreads);
