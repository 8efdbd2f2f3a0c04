import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DiskError } from '../../src/port/disk.ts';
import {
  LogDirectoryStates,
  logDirectoryState,
  logDirectoryStatesBytes,
  troubleOf,
} from '../../src/shared-memory/log_directory_states.ts';

const { online, full, failed } = logDirectoryState;
const noRoom = new DiskError('ENOSPC', 'write', '/a/t-0/0.log');
const broken = new DiskError('EIO', 'sync', '/a/t-0/0.log');

function twoThreads(directories: number): [LogDirectoryStates, LogDirectoryStates] {
  const memory = new SharedArrayBuffer(logDirectoryStatesBytes(directories));
  return [new LogDirectoryStates(memory), new LogDirectoryStates(memory)];
}

test('what one thread reports every thread sees, with its reason', () => {
  const [one, other] = twoThreads(3);
  const before = other.changes;
  assert.equal(one.report(1, broken), true);
  assert.notEqual(other.changes, before);
  assert.deepEqual(
    [0, 1, 2].map((directory) => other.state(directory)),
    [online, failed, online],
  );
  assert.equal(other.reason(1), 'sync: EIO');
  assert.equal(other.reason(0), '');
});

test('row 18: a failed directory stays failed, with its first reason, told by one thread alone', () => {
  const [one, other] = twoThreads(1);
  assert.equal(one.report(0, broken), true);
  assert.equal(other.report(0, new DiskError('EROFS', 'write', '/a')), false);
  assert.equal(other.report(0, noRoom), false);
  assert.equal(one.foundRoom(0), false);
  assert.equal(one.state(0), failed);
  assert.equal(one.reason(0), 'sync: EIO');
});

test('row 19: a full directory serves again when room was found', () => {
  const [one, other] = twoThreads(2);
  assert.equal(one.report(0, noRoom), true);
  assert.equal(one.report(0, noRoom), false);
  assert.equal(other.state(0), full);
  assert.equal(other.reason(0), 'write: ENOSPC');
  assert.equal(other.foundRoom(0), true);
  assert.equal(one.foundRoom(0), false);
  assert.equal(one.state(0), online);
});

test('a full directory may fail', () => {
  const [states] = twoThreads(1);
  states.report(0, noRoom);
  assert.equal(states.report(0, broken), true);
  assert.equal(states.isFailed(0), true);
});

test('nothing is left when every directory has failed', () => {
  const [states] = twoThreads(2);
  states.report(0, broken);
  assert.equal(states.hasAllFailed, false);
  states.fail(1, new DiskError('ENOSPC', 'probe', '/b'));
  assert.equal(states.hasAllFailed, true);
});

test('a sync that fails is the end of its directory, whatever it fails with', () => {
  for (const code of ['EIO', 'ENOSPC', 'EDQUOT']) {
    assert.equal(troubleOf(new DiskError(code, 'sync', '/a')), 'failed');
    assert.equal(troubleOf(new DiskError(code, 'sync directory', '/a')), 'failed');
  }
});

test('errors about names and about this process say nothing of the directory', () => {
  const [states] = twoThreads(1);
  for (const code of ['ENOENT', 'EMFILE', 'ENFILE', 'EEXIST']) {
    assert.equal(states.report(0, new DiskError(code, 'open', '/a')), false);
  }
  assert.equal(states.state(0), online);
});

test('an operation or error without a name here is told as another one', () => {
  const [states] = twoThreads(1);
  states.report(0, new DiskError('EWEIRD', 'copy', '/a'));
  assert.equal(states.reason(0), 'other operation: another error');
});
