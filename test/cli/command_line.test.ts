import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readCommandLine, type Request } from '../../src/cli/command_line.ts';
import { readPlainStart } from '../../src/cli/start_arguments.ts';
import { createFormatMachine } from '../../src/format_machine.ts';
import { tuneHere } from '../../src/tune.ts';
import { holdDataDirectory } from '../../src/platform/data_directory_lock.ts';

const directory = mkdtempSync(join(tmpdir(), 'millrace-test-'));
after(() => rmSync(directory, { recursive: true }));

interface Outcome {
  readonly request: Request;
  readonly said: string;
  readonly complained: string;
}

async function run(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  let said = '';
  let complained = '';
  const machine = { hostName: 'host.example', cores: 2, memoryBytes: 2 ** 33 };
  const output = {
    say: (text: string): void => void (said += text),
    complain: (text: string): void => void (complained += text),
  };
  const surroundings = () => ({ environment, machine });
  const request = await readCommandLine(args, '1.2.3', surroundings, output, createFormatMachine, tuneHere);
  return { request, said, complained };
}

function fileOf(text: string): string {
  const path = join(directory, 'server.properties');
  writeFileSync(path, text);
  return path;
}

test('no arguments start a node with defaults', async () => {
  const { request, said, complained } = await run([]);
  deepEqual(request, { kind: 'start', options: { file: null, port: null, entries: [] } });
  equal(said + complained, '');
});

test('a plain start is read as the whole parser reads it', async () => {
  const lines: readonly (readonly string[])[] = [
    ['--port', '0', '--data-dir', '/d', '--shards=2'],
    ['start', '--config=f', '--override', 'a=b', '--override=c=d=e', '--port', '1', '--port=2'],
    ['--data-dir', '', '--override', ' a =x'],
  ];
  for (const args of lines) {
    const plain = readPlainStart(args);
    // A short option is the whole parser's.
    const { request } = await run([...args, '-o', 'z=1']);
    ok(plain !== null && request.kind === 'start');
    const { entries, ...others } = request.options;
    deepEqual({ ...others, entries: entries.slice(0, -1) }, plain);
  }
  for (const args of [
    ['-p', '1'],
    ['--port', 'x'],
    ['--port'],
    ['--port', '-1'],
    ['format'],
    ['start', 'f'],
    ['--help'],
  ]) {
    equal(readPlainStart(args), null, args.join(' '));
  }
});

test('options stand for keys, with their own origin', async () => {
  const args = [
    '--config',
    'f',
    '-p',
    '0',
    '--data-dir',
    '/d',
    '--shards',
    '3',
    '-o',
    'a=b=c',
    '--override',
    'd=',
    '-o',
    'log.dirs=/e',
  ];
  for (const command of [args, ['start', ...args]]) {
    const { request } = await run(command);
    deepEqual(request.kind === 'start' && request.options.file, 'f');
    deepEqual(request.kind === 'start' && request.options.port, 0);
    deepEqual(
      request.kind === 'start' && request.options.entries.map(({ name, text, origin }) => [name, text, origin.place]),
      [
        ['log.dirs', '/d', '--data-dir'],
        ['millrace.shards', '3', '--shards'],
        ['a', 'b=c', '--override'],
        ['d', '', '--override'],
        ['log.dirs', '/e', '--override'],
      ],
    );
  }
});

test('a start file as with kafka-server-start.sh', async () => {
  const { request } = await run(['start', 'server.properties', '--override', 'a=b']);
  equal(request.kind === 'start' && request.options.file, 'server.properties');
});

test('what is wrong is one sentence, and the exit code is 1', async () => {
  const wrong: readonly (readonly [readonly string[], RegExp])[] = [
    [['--prot', '1'], /^millrace: unknown option '--prot' \(Did you mean --port\?\)\n$/],
    [['--port', '70000'], /^millrace: option '-p, --port <number>' argument '70000' is invalid\. It must be .*\n$/],
    [['--shards', '0'], /^millrace: .* It must be a number from 1 to 62\.\n$/],
    [['tune', '--rounds', '0'], /^millrace: .* It must be a number from 1 to 100\.\n$/],
    [['tune', '--seconds', '1e3'], /^millrace: .* It must be a number from 0\.05 to 600\.\n$/],
    [['tune', '--for', 'fun'], /^millrace: .* It must be throughput or cpu\.\n$/],
    [['tune', '--only', 'fun'], /^millrace: .* It must be shards, flush or arena\.\n$/],
    [['tune', '--apply'], /^millrace: --apply needs --config FILE: the file that is to be changed\n$/],
    [
      ['tune', '--apply', '-c', 'f', '--no-bench'],
      /^millrace: --apply needs what --no-bench leaves out: measurements\n$/,
    ],
    [['tune', '-c', '/no/such/file'], /^millrace: .* cannot be read: there is no such file\n$/],
    [['--override', 'novalue'], /^millrace: .* It must be key=value\.\n$/],
    [['frobnicate'], /^millrace: there is no command 'frobnicate'; see --help\n$/],
    [['config', 'check'], /^millrace: missing required argument 'file'\n$/],
  ];
  for (const [args, sentence] of wrong) {
    const { request, said, complained } = await run(args);
    deepEqual(request, { kind: 'end', exitCode: 1 }, args.join(' '));
    match(complained, sentence);
    equal(said, '');
  }
});

test('the help of tune names every option, what is left alone, and how to apply', async () => {
  const { request, said } = await run(['tune', '--help']);
  deepEqual(request, { kind: 'end', exitCode: 0 });
  const options = 'config data-dir shards override seconds rounds for only no-bench json apply'.split(' ');
  for (const option of options) match(said, new RegExp(`--${option}\\b`));
  match(said, /Nothing is changed without --apply/);
});

test('help and version', async () => {
  const help = await run(['--help']);
  deepEqual(help.request, { kind: 'end', exitCode: 0 });
  for (const text of ['--port', '--data-dir', '--shards', '--config', '--override', 'config', 'Examples:']) {
    match(help.said, new RegExp(text));
  }
  equal((await run(['--version'])).said, '1.2.3\n');
});

test('config check looks at the file alone', async () => {
  const right = await run(['config', 'check', fileOf('node.id=4\nlisteners=PLAINTEXT://[::1]:5')], {
    KAFKA_NODE_ID: 'x',
  });
  deepEqual(right.request, { kind: 'end', exitCode: 0 });
  match(right.said, /is right: node 4 \(broker and controller\), PLAINTEXT on \[::1\]:5, data in \.\/data\n$/);
  const wrong = await run(['config', 'check', fileOf('node.id=x\nnode.di=2\nnum.partitions=\u001b[2J')]);
  deepEqual(wrong.request, { kind: 'end', exitCode: 1 });
  match(
    wrong.complained,
    /warning: node\.di .*did you mean node\.id\?\nerror: node\.id = x .*\nerror: num\.partitions = \\u\{1b\}\[2J/,
  );
  const missing = await run(['config', 'check', join(directory, 'nothing')]);
  match(missing.complained, /nothing cannot be read: there is no such file\n$/);
});

test('row 83: a start file that is broken, or not to be read, is refused by name and touches nothing', async () => {
  const dataDirectory = join(directory, 'untouched');
  const unreadable = fileOf(`log.dirs=${dataDirectory}`);
  const cases: [string, RegExp][] = [
    [directory, /cannot be read: it is a directory\n$/],
    [join(directory, 'nothing'), /cannot be read: there is no such file\n$/],
  ];
  for (const [file, told] of cases) {
    for (const command of [
      ['config', 'check', file],
      ['config', 'show', '--config', file],
      ['format', '--config', file],
    ]) {
      const { request, said, complained } = await run(command);
      deepEqual(request, { kind: 'end', exitCode: 1 }, command.join(' '));
      match(complained, told);
      equal(said, '');
    }
  }
  const binary = join(directory, 'binary.properties');
  writeFileSync(binary, new Uint8Array([0x6e, 0xff, 0xfe, 0x3d]));
  match(
    (await run(['config', 'check', binary])).complained,
    /binary\.properties cannot be read: it is not UTF-8 text\n$/,
  );
  const badEscape = await run(['config', 'check', fileOf('num.partitions=\\u12')]);
  match(badEscape.complained, /server\.properties/);
  deepEqual(badEscape.request, { kind: 'end', exitCode: 1 });
  if (process.getuid?.() !== 0) {
    chmodSync(unreadable, 0o000);
    match((await run(['config', 'check', unreadable])).complained, /cannot be read: this user may not read it\n$/);
    chmodSync(unreadable, 0o600);
  }
  const wrong = await run(['format', '--config', fileOf(`log.dirs=${dataDirectory}\nnum.partitions=x`)]);
  match(wrong.complained, /^error: num\.partitions = x .*server\.properties:2\) must be a whole number/);
  ok(!existsSync(dataDirectory));
});

test('format says what it did, and for which cluster', async () => {
  const path = join(directory, 'formatted');
  const first = await run(['format', '--data-dir', path, '-t', 'MkU3OEVBNTcwNTJENDM2Qg', '-r', '3.9', '-s']);
  equal(first.complained, '');
  equal(first.said, `formatted ${path} for cluster MkU3OEVBNTcwNTJENDM2Qg, metadata.version 3.9-IV0\n`);
  deepEqual(readdirSync(path), ['__cluster_metadata-0', 'bootstrap.checkpoint', 'meta.properties']);
  const again = await run(['format', '--data-dir', path]);
  deepEqual(again.request, { kind: 'end', exitCode: 1 });
  equal(
    again.complained,
    `millrace: ${path} is formatted already; with --ignore-formatted such directories are passed by\n`,
  );
  const more = await run(['format', '-o', `log.dirs=${path},${path}2`, '--ignore-formatted']);
  deepEqual(more.request, { kind: 'end', exitCode: 0 });
  equal(
    more.said,
    `passed by ${path}: formatted already, for cluster MkU3OEVBNTcwNTJENDM2Qg\n` +
      `formatted ${path}2 for cluster MkU3OEVBNTcwNTJENDM2Qg, metadata.version 4.3-IV0\n`,
  );
  const nothing = await run(['format', '-o', `log.dirs=${path},${path}2`, '-g']);
  equal(nothing.said, 'all data directories are formatted already, for cluster MkU3OEVBNTcwNTJENDM2Qg\n');
  match((await run(['format', '-N', '--data-dir', path])).complained, /--no-initial-controllers .*use --standalone\n$/);
  match(
    (await run(['format', '-I', '1@h:1:x', '--data-dir', path])).complained,
    /--initial-controllers .*--standalone\n$/,
  );
  match((await run(['random-uuid'])).said, /^[\w-]{22}\n$/);
});

test('a directory that another process holds is not formatted', async () => {
  const path = join(directory, 'held');
  mkdirSync(path);
  const lock = await holdDataDirectory(path);
  ok('release' in lock);
  const { request, complained } = await run(['format', '--data-dir', path]);
  lock.release();
  deepEqual(request, { kind: 'end', exitCode: 1 });
  match(complained, /held is held by another Millrace, process \d+; .*\n$/);
  deepEqual(readdirSync(path), []);
});

test('config show prints what can be read again, and no secret', async () => {
  const file = fileOf('broker.rack=${env:RACK}\nssl.key.password=p\nlog.dirs=a\\\\b');
  const { said } = await run(['config', 'show', '--config', file, '--origin', '--override', 'node.id=2'], {
    RACK: 'secret',
    KAFKA_NUM_PARTITIONS: '3',
  });
  deepEqual(said.split('\n'), [
    `# ${file}:1`,
    'broker.rack=******',
    `# ${file}:3`,
    'log.dirs=a\\\\b',
    '# derived from a quarter of 8192 MiB (memory of the machine), at most 512 MiB, divided by 1 shard, but no less than one request',
    'millrace.arena.bytes=536870912',
    '# derived from 2 cores',
    'millrace.shards=1',
    '# --override',
    'node.id=2',
    '# KAFKA_NUM_PARTITIONS',
    'num.partitions=3',
    `# ${file}:2`,
    'ssl.key.password=******',
    '',
  ]);
  const written = ['--shards', '1', '--override', 'millrace.arena.bytes=209715200'];
  equal((await run(['config', 'show', ...written, '--origin'])).said.includes('derived'), false);
  const all = await run(['config', 'show', '--all']);
  match(all.said, /^millrace\.shards=1$/m);
  match(all.said, /^log\.segment\.bytes=1073741824$/m);
});
