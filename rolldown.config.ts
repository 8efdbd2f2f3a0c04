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

/**
 * `import` of a module of Node makes a namespace with all its names, and for that runs every getter: `node:fs` then loads
 * its streams and promises, which nothing here uses, in each thread (a tenth of a start). The module itself costs none of that.
 */
const builtinsWithoutNamespace: Plugin = {
  name: 'builtins without namespace',
  renderChunk: (code) => ({
    code: code.replace(
      /^import (?:(\w+)(?:, )?)?(?:\{ ([^}]+) \})? from "(node:[\w/]+)";$/gm,
      (_, whole: string | undefined, names: string | undefined, module: string) => {
        const loaded = `process.getBuiltinModule("${module}")`;
        const lines: string[] = [];
        if (whole !== undefined) lines.push(`const ${whole} = ${loaded};`);
        if (names !== undefined) lines.push(`const { ${names.replaceAll(' as ', ': ')} } = ${loaded};`);
        return lines.join('\n');
      },
    ),
  }),
};

export default defineConfig(
  entries.map((input, index) => ({
    input,
    external,
    platform: 'node',
    plugins: index === 0 ? [launchers, builtinsWithoutNamespace] : [builtinsWithoutNamespace],
    output: { dir: 'dist', format: 'esm', codeSplitting: false, cleanDir: index === 0 },
  })),
);
