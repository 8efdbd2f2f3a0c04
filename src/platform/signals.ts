const stopSignals = ['SIGINT', 'SIGTERM'] as const;

/**
 * The first SIGINT or SIGTERM calls `stop`; the next one calls `exitNow`, whatever the stop is doing. Control only.
 * Returns what gives the signals back to their defaults.
 */
export function onStopSignals(stop: (signal: string) => void, exitNow: (signal: string) => void): () => void {
  let stopping = false;
  const handle = (signal: string): void => {
    if (stopping) return exitNow(signal);
    stopping = true;
    stop(signal);
  };
  for (const signal of stopSignals) process.on(signal, handle);
  return () => {
    for (const signal of stopSignals) process.off(signal, handle);
  };
}
