import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { createLog } from '../../src/platform/log.ts';
import { doublePath, run, temporaryDirectory } from './process.ts';

const hasFifo = process.platform === 'linux' && spawnSync('mkfifo', ['--version']).status === 0;

function lines(format: 'human' | 'json', colour = false): { log: ReturnType<typeof createLog>; written: string[] } {
  const written: string[] = [];
  const log = createLog({ format, thread: 'shard 1', colour, write: (line) => written.push(line) });
  return { log, written };
}

const hostile = 'a\u001b[31m\nERROR forged\u009b\u2028\u202e\ud800"\\\u0000';

test('for people: one line, fields behind the sentence', () => {
  const { log, written } = lines('human');
  log.warn('the disk is slow', { directory: '/data/1', ms: 21.5, name: 'two words', sure: true, why: null });
  assert.match(
    written[0] as string,
    /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} WARN {2}shard 1: the disk is slow directory=\/data\/1 ms=21.5 name="two words" sure=true why=null\n$/,
  );
});

test('for people: nothing from outside begins a line or moves a cursor', () => {
  const { log, written } = lines('human');
  log.error(hostile, { client: hostile, [hostile]: 1 });
  assert.equal(written.length, 1);
  const line = (written[0] as string).slice(0, -1);
  assert.doesNotMatch(line, /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
  assert.match(
    line,
    /client="a\\u\{1b\}\[31m\\u\{a\}ERROR forged\\u\{9b\}\\u\{2028\}\\u\{202e\}\\u\{d800\}\\"\\\\\\u\{0\}"/,
  );
});

test('on a terminal the level has a colour', () => {
  const { log, written } = lines('human', true);
  log.info('listening', { port: 9092 });
  const line = written[0] as string;
  assert.ok(line.endsWith('\u001b[32mINFO \u001b[0m shard 1: listening\u001b[2m port=9092\u001b[0m\n'));
});

test('on a terminal a line takes the place of what stands there', () => {
  const written: string[] = [];
  const write = (line: string): void => void written.push(line);
  createLog({ format: 'human', thread: 'control', colour: false, onTerminal: true, write }).info('listening');
  const [erased, line] = (written[0] as string).split('\u001b[2K');
  assert.equal(erased, '\r');
  assert.match(line as string, /^\d{4}-.* INFO {2}control: listening\n$/);
});

test('as JSON: one object a line, with the same facts', () => {
  const { log, written } = lines('json');
  log.info('listening', { port: 9092 });
  log.error(hostile, { client: hostile });
  assert.equal(written.length, 2);
  const [first, second] = written.map((line) => JSON.parse(line)) as [Record<string, unknown>, Record<string, unknown>];
  assert.equal(first['msg'], 'listening');
  assert.equal(first['port'], 9092);
  assert.equal(first['level'], 30);
  assert.equal(first['thread'], 'shard 1');
  assert.equal(second['level'], 50);
  assert.equal(second['client'], hostile);
  for (const line of written) assert.equal(line.indexOf('\n'), line.length - 1);
  assert.doesNotMatch((written[1] as string).trimEnd(), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
});

test('long texts are cut and their length is said', () => {
  for (const format of ['human', 'json'] as const) {
    const { log, written } = lines(format);
    log.warn('refused', { client: 'x'.repeat(40_000) });
    assert.ok((written[0] as string).length < 1500);
    assert.match(written[0] as string, /\(40000 characters\)/);
  }
});

test(
  'when nobody reads standard error, lines are lost and counted, and the process goes on',
  { skip: !hasFifo },
  async (t) => {
    const pipe = path.join(temporaryDirectory(t), 'pipe');
    assert.equal(spawnSync('mkfifo', [pipe]).status, 0);
    const reader = fs.openSync(pipe, fs.constants.O_RDWR | fs.constants.O_NONBLOCK);
    t.after(() => fs.closeSync(reader));
    const other = run(t, 'sh', ['-c', 'exec "$0" "$1" logUnread 2>"$2"', process.execPath, doublePath, pipe]);
    await other.lines.has('all said');
    let text = readAll(reader);
    other.child.stdin?.write('go on\n');
    await other.lines.has('last said');
    text += readAll(reader);
    const lost = Number(/^\((\d+) log lines were lost/m.exec(text)?.[1]);
    const said = text.split('\n').filter((line) => / line \d+$/.test(line)).length;
    assert.ok(lost > 0);
    assert.equal(said + lost, 5000);
    assert.ok(text.endsWith(': last\n'));
  },
);

function readAll(pipe: number): string {
  const bytes = Buffer.alloc(1 << 20);
  return bytes.toString('utf8', 0, fs.readSync(pipe, bytes));
}
