import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { spawn } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { applyChanges } from '../../src/tune/apply.ts';
import type { TuneResult } from '../../src/tune/tune_command.ts';

const directory = mkdtempSync(join(tmpdir(), 'millrace-test-'));
after(() => rmSync(directory, { recursive: true }));

const surroundings = { environment: {}, machine: { hostName: 'h', cores: 2, memoryBytes: 2 ** 33 } };
const launch = fileURLToPath(new URL('../../src/cli/launch.cjs', import.meta.url));

function fileOf(text: string, name: string): string {
  mkdirSync(join(directory, name));
  const path = join(directory, name, 'server.properties');
  writeFileSync(path, text);
  return path;
}

function millrace(...args: readonly string[]): Promise<{ code: number | null; said: string; complained: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [launch, ...args], { cwd: directory });
    let said = '';
    let complained = '';
    child.stdout.on('data', (bytes: Buffer) => (said += bytes.toString()));
    child.stderr.on('data', (bytes: Buffer) => (complained += bytes.toString()));
    child.once('close', (code) => resolve({ code, said, complained }));
  });
}

test('--apply: comments and unknown keys stay, what it was is kept, the mode too', () => {
  const text = '# mine\nmillrace.shards=1\r\nmy.own.key=x\n';
  const path = fileOf(text, 'apply');
  chmodSync(path, 0o640);
  const link = join(directory, 'link.properties');
  symlinkSync(path, link);
  const applied = applyChanges(
    link,
    [
      { name: 'millrace.shards', text: '2' },
      { name: 'millrace.flush.policy', text: 'interval' },
    ],
    surroundings,
  );
  ok(applied !== null && typeof applied !== 'string');
  deepEqual(applied.diff, ['-2: millrace.shards=1', '+2: millrace.shards=2', '+4: millrace.flush.policy=interval']);
  match(readFileSync(path, 'utf8'), /^# mine\nmillrace\.shards=2\r\nmy\.own\.key=x\nmillrace\.flush\.policy=interval/);
  equal(statSync(path).mode & 0o777, 0o640);
  equal(readFileSync(applied.backup, 'utf8'), text);
  const again = applyChanges(link, [{ name: 'millrace.shards', text: '1' }], surroundings);
  ok(again !== null && typeof again !== 'string' && again.backup !== applied.backup);
  deepEqual(readdirSync(join(directory, 'apply')).sort(), [
    'server.properties',
    'server.properties.before-tune',
    'server.properties.before-tune-2',
  ]);
});

test('--apply: nothing to change, a change that would be wrong, a file that is not there', () => {
  const path = fileOf('millrace.shards=2\n', 'left');
  equal(applyChanges(path, [{ name: 'millrace.shards', text: '2' }], surroundings), null);
  match(
    JSON.stringify(applyChanges(path, [{ name: 'millrace.shards', text: '99' }], surroundings)),
    /left as it was.*1 to 62/,
  );
  equal(readFileSync(path, 'utf8'), 'millrace.shards=2\n');
  deepEqual(readdirSync(join(directory, 'left')), ['server.properties']);
  match(JSON.stringify(applyChanges(join(directory, 'none'), [], surroundings)), /cannot be changed: ENOENT/);
});

test('a real run: brokers are measured, nothing is left behind, nothing is changed', async () => {
  const data = join(directory, 'data');
  mkdirSync(data);
  const config = fileOf('log.dirs=data\n', 'run');
  const short = ['--only', 'flush', '--shards', '1', '--seconds', '0.05', '--rounds', '1'];
  const { code, said, complained } = await millrace('tune', '--json', '--config', config, ...short);
  equal(code, 0, complained);
  const { findings, bench, settings, applied } = JSON.parse(said) as TuneResult;
  ok(findings.some(({ name }) => name === 'sync'));
  ok(bench !== null);
  // On a volume of memory no promise is worth measuring.
  const policies = findings.some(({ state, name }) => state === 'trouble' && name.startsWith('file system')) ? 0 : 3;
  deepEqual([bench.shards.length, bench.flush.length, bench.arena.length], [0, policies, 0]);
  for (const row of [...bench.shards, ...bench.flush, ...bench.arena]) {
    ok(row.perSecond > 0 && row.rounds.length === 1, `${row.candidate}, ${row.title}`);
  }
  equal(settings.length, policies === 0 ? 0 : 1);
  // One round tells no noise.
  for (const { name, recommended, why } of settings) equal(recommended, null, `${name}: ${why}`);
  equal(applied, null);
  deepEqual(readdirSync(data), []);
  ok(readdirSync(directory).every((name) => !name.startsWith('.millrace-tune')));
  equal(readFileSync(config, 'utf8'), 'log.dirs=data\n');
});
