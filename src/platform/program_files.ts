import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** In the source tree Node runs the TypeScript as it stands; the built package has one file for each kind of thread. */
const isBuilt = import.meta.url.endsWith('.js');

/** The module that a thread of this kind runs. */
export function workerUrl(kind: 'shard' | 'background' | 'ops'): URL {
  return new URL(isBuilt ? `./${kind}.js` : `../../workers/${kind}.ts`, import.meta.url);
}

/** The modules of `millrace tune`, which no start loads: the command itself, and its load generator's process. */
export function tuneUrl(part: 'tune' | 'tune_load'): URL {
  return new URL(isBuilt ? `./${part}.js` : `../${part}.ts`, import.meta.url);
}

/** Where the program lies, and in there what is run to start it. */
export function programEntry(): { readonly tree: string; readonly entry: string } {
  const tree = fileURLToPath(new URL(isBuilt ? '..' : '../..', import.meta.url));
  return { tree, entry: isBuilt ? 'dist/launch.cjs' : 'src/cli/launch.cjs' };
}

/** The version in package.json, which stands beside `dist/` and `src/`. */
export function programVersion(): string {
  const url = new URL(isBuilt ? '../package.json' : '../../package.json', import.meta.url);
  const { version } = JSON.parse(readFileSync(url, 'utf8')) as { readonly version: string };
  return version;
}
