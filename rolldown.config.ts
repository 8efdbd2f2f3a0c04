import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { defineConfig, type Plugin } from 'rolldown';

/**
 * One file for each kind of thread, so that a start reads and compiles as few files as can be; what no start needs has files
 * of its own.
 */
const entries = [
  'src/main.ts',
  'src/index.ts',
  'src/tune.ts',
  'src/tune_load.ts',
  ...readdirSync('workers')
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `workers/${name}`),
].filter((path) => existsSync(path));

const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  readonly dependencies: Readonly<Record<string, string>>;
};
/**
 * Small packages of plain JavaScript that each start needs: inside the bundle they cost nothing but their own code, outside
 * of it 3 to 5 ms each for the search of their files. Packages loaded late or with native parts stay outside.
 */
const bundled = ['properties-file', 'xxhash-wasm'];
const external = [
  /^node:/,
  ...Object.keys(dependencies)
    .filter((name) => !bundled.includes(name))
    .map((name) => new RegExp(`^${name}(?:/|$)`)),
];

/** What runs before the first module is plain JavaScript already. */
const launchers: Plugin = {
  name: 'launchers',
  generateBundle() {
    for (const name of ['launch.cjs', 'need_node.cjs']) {
      this.emitFile({ type: 'asset', fileName: name, source: readFileSync(`src/cli/${name}`, 'utf8') });
    }
    const licences = bundled.map((name) => `${name}\n\n${readFileSync(licenceOf(name), 'utf8')}`);
    this.emitFile({ type: 'asset', fileName: 'bundled_licences.txt', source: licences.join('\n\n') });
  },
};

function licenceOf(name: string): string {
  const directory = `node_modules/${name}`;
  const file = readdirSync(directory).find((entry) => /^licen[cs]e/i.test(entry));
  if (file === undefined) throw new Error(`${name} has no licence to carry along`);
  return `${directory}/${file}`;
}

/**
 * Node keeps a source whose characters are all ASCII in one byte each and need not decode it: of 870 kB of code with a few
 * dashes in it a start spent 10 ms on that, in each thread. Escapes mean the same wherever such characters stand in our code:
 * strings, templates, and regular expressions. Comments are gone.
 */
const asciiOnly: Plugin = {
  name: 'ascii only',
  renderChunk: {
    order: 'post',
    handler: (code) => ({
      code: code.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
    }),
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
    plugins: [...(index === 0 ? [launchers] : []), builtinsWithoutNamespace, asciiOnly],
    output: {
      dir: 'dist',
      format: 'esm',
      codeSplitting: false,
      cleanDir: index === 0,
      comments: false,
    },
  })),
);
