import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { defineConfig, type Plugin } from 'rolldown';

/** One file for each kind of thread, so that a start reads and compiles as few files as can be. */
const entries = [
  'src/main.ts',
  'src/index.ts',
  ...readdirSync('workers')
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `workers/${name}`),
].filter((path) => existsSync(path));

const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  readonly dependencies: Readonly<Record<string, string>>;
};
const external = [/^node:/, ...Object.keys(dependencies).map((name) => new RegExp(`^${name}(?:/|$)`))];

/** What runs before the first module is plain JavaScript already. */
const launchers: Plugin = {
  name: 'launchers',
  generateBundle() {
    for (const name of ['launch.cjs', 'need_node.cjs']) {
      this.emitFile({ type: 'asset', fileName: name, source: readFileSync(`src/cli/${name}`, 'utf8') });
    }
  },
};

export default defineConfig(
  entries.map((input, index) => ({
    input,
    external,
    platform: 'node',
    plugins: index === 0 ? [launchers] : [],
    output: { dir: 'dist', format: 'esm', codeSplitting: false, cleanDir: index === 0 },
  })),
);
