import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';

import { runDouble, temporaryDirectory } from './process.ts';

test('the first signal asks for a stop, the second ends the process', async (t) => {
  const other = runDouble(t, 'signals');
  await other.lines.has('ready');
  other.child.kill('SIGTERM');
  await other.lines.has('stop SIGTERM');
  other.child.kill('SIGINT');
  assert.deepEqual(await other.exited, { code: 130, signal: null });
  assert.deepEqual(other.lines.seen, ['ready', 'stop SIGTERM', 'exit SIGINT']);
});

const hasFifo = spawnSync('mkfifo', ['--version']).status === 0;

test('the process exits with its code though a thread sits in a system call', { skip: !hasFifo }, async (t) => {
  const fifo = path.join(temporaryDirectory(t), 'fifo');
  assert.equal(spawnSync('mkfifo', [fifo]).status, 0);
  const other = runDouble(t, 'exitWhileBlocked', fifo);
  assert.deepEqual(await other.exited, { code: 70, signal: null });
  assert.deepEqual(other.lines.seen, []);
});
