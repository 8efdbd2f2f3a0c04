import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { holdDataDirectory } from '../../src/platform/data_directory_lock.ts';
import type { DirectoryLock, DirectoryTaken } from '../../src/platform/data_directory_lock.ts';
import { holdByPidFile } from '../../src/platform/pid_file.ts';
import { run, runDouble, temporaryDirectory } from './process.ts';

const isLinux = process.platform === 'linux';
const otherwise = 'another is chosen with --data-dir, or log.dirs';

function lockOf(held: DirectoryLock | DirectoryTaken): DirectoryLock {
  assert.ok('release' in held, 'message' in held ? held.message : '');
  return held;
}

function messageOf(held: DirectoryLock | DirectoryTaken): string {
  assert.ok('message' in held, 'the directory is taken');
  return held.message;
}

test('a directory is held once, by whatever path, until it is released', async (t) => {
  const directory = temporaryDirectory(t);
  const link = path.join(temporaryDirectory(t), 'link');
  fs.symlinkSync(directory, link);
  const lock = lockOf(await holdDataDirectory(directory));
  assert.equal(
    messageOf(await holdDataDirectory(link)),
    `the data directory ${link} is held by another Millrace, process ${process.pid}; ${otherwise}`,
  );
  lock.release();
  lockOf(await holdDataDirectory(link)).release();
});

test('another process holds it, is named, and holds it no more when it was killed', async (t) => {
  const directory = temporaryDirectory(t);
  const other = runDouble(t, 'hold', directory);
  await other.lines.has('held');
  assert.equal(
    messageOf(await holdDataDirectory(directory)),
    `the data directory ${directory} is held by another Millrace, process ${other.child.pid}; ${otherwise}`,
  );
  other.child.kill('SIGKILL');
  await other.exited;
  lockOf(await holdDataDirectory(directory)).release();
});

test('a directory that is not there cannot be held', async (t) => {
  const nowhere = path.join(temporaryDirectory(t), 'nowhere');
  assert.equal(
    messageOf(await holdDataDirectory(nowhere)),
    `the data directory ${nowhere} cannot be held: ENOENT; ${otherwise}`,
  );
});

const python =
  'import fcntl,sys; f=open(sys.argv[1],"a"); fcntl.lockf(f,fcntl.LOCK_EX); print("locked",flush=True); sys.stdin.read()';
const hasPython = isLinux && spawnSync('python3', ['-c', 'import fcntl']).status === 0;

test("the lock that Apache Kafka takes is seen in the kernel's table", { skip: !hasPython }, async (t) => {
  const directory = temporaryDirectory(t);
  fs.writeFileSync(path.join(directory, '.lock'), '');
  lockOf(await holdDataDirectory(directory)).release();
  const kafka = run(t, 'python3', ['-c', python, path.join(directory, '.lock')]);
  await kafka.lines.has('locked');
  assert.equal(
    messageOf(await holdDataDirectory(directory)),
    `the data directory ${directory} is held by process ${kafka.child.pid} with a lock on .lock: Apache Kafka runs on it; ${otherwise}`,
  );
  kafka.child.stdin?.end();
  await kafka.exited;
  lockOf(await holdDataDirectory(directory)).release();
});

test('by pid file: held by a running process, stale when it is gone or its number was given to another', async (t) => {
  const directory = temporaryDirectory(t);
  const other = runDouble(t, 'pidFile', directory);
  await other.lines.has('held');
  assert.equal(holdByPidFile(directory), other.child.pid);
  other.child.kill('SIGKILL');
  await other.exited;
  const lock = holdByPidFile(directory);
  assert.ok(typeof lock !== 'number');
  assert.equal(holdByPidFile(directory), process.pid);
  lock.release();
  assert.deepEqual(fs.readdirSync(directory), []);

  fs.writeFileSync(path.join(directory, 'millrace.pid'), `${process.pid} Thu Jan  1 00:00:00 1970\n`);
  const again = holdByPidFile(directory);
  assert.ok(typeof again !== 'number');
  again.release();
  fs.writeFileSync(path.join(directory, 'millrace.pid'), 'torn');
  const afterTorn = holdByPidFile(directory);
  assert.ok(typeof afterTorn !== 'number');
  afterTorn.release();
});
