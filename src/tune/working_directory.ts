import { accessSync, constants, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

export interface WorkingDirectory {
  readonly path: string;
  remove(): void;
}

/**
 * A temporary directory on the volume of a data directory: beside it, or inside where that is a mount of its own. It goes with
 * the process, however that ends, short of a SIGKILL. A text: why there is none.
 */
export function workingDirectoryFor(dataDirectory: string): WorkingDirectory | string {
  let place = resolve(dataDirectory);
  while (!existsSync(place)) place = dirname(place);
  const beside = dirname(place);
  if (place === resolve(dataDirectory) && isWritable(beside) && statSync(beside).dev === statSync(place).dev) {
    place = beside;
  }
  if (!isWritable(place)) return `this user may not write to ${place}, where the data directory is to lie`;
  const path = mkdtempSync(join(place, '.millrace-tune-'));
  const erase = (): void => rmSync(path, { recursive: true, force: true, maxRetries: 5 });
  const interrupted = (): void => {
    // Last of all that is done at the end: brokers that still run would go on writing.
    process.off('exit', erase);
    process.once('exit', erase);
    process.exit(130);
  };
  process.once('exit', erase);
  // A second signal is not to end the process before the brokers are.
  process.on('SIGINT', interrupted);
  process.on('SIGTERM', interrupted);
  return {
    path,
    remove() {
      process.off('exit', erase);
      process.off('SIGINT', interrupted);
      process.off('SIGTERM', interrupted);
      erase();
    },
  };
}

function isWritable(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
