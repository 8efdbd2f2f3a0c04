import { readFileSync } from 'node:fs';

/** In the source tree Node runs the TypeScript as it stands; the built package has one file for each kind of thread. */
const isBuilt = import.meta.url.endsWith('.js');

/** The module that a thread of this kind runs. */
export function workerUrl(kind: 'shard' | 'background' | 'ops'): URL {
  return new URL(isBuilt ? `./${kind}.js` : `../../workers/${kind}.ts`, import.meta.url);
}

/** The version in package.json, which stands beside `dist/` and `src/`. */
export function programVersion(): string {
  const url = new URL(isBuilt ? '../package.json' : '../../package.json', import.meta.url);
  const { version } = JSON.parse(readFileSync(url, 'utf8')) as { readonly version: string };
  return version;
}
