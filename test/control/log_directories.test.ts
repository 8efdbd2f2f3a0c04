import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BackgroundPool, ProbedRoom } from '../../src/background/tasks.ts';
import { LogDirectories } from '../../src/control/log_directories.ts';
import { LogFailure } from '../../src/log/log_failure.ts';
import { DiskError } from '../../src/port/disk.ts';
import {
  LogDirectoryStates,
  logDirectoryState,
  logDirectoryStatesBytes,
} from '../../src/shared-memory/log_directory_states.ts';

const broken = new DiskError('EIO', 'sync', '/b/t-0/0.log');
const noRoom = new DiskError('ENOSPC', 'write', '/b/t-0/0.log');

/** Three directories; the metadata log lies in the first. */
function machine() {
  const memory = new SharedArrayBuffer(logDirectoryStatesBytes(3));
  const shard = new LogDirectoryStates(memory);
  const states = new LogDirectoryStates(memory);
  const probes: { readonly directory: string; readonly done: (outcome: ProbedRoom) => void }[] = [];
  const said: string[] = [];
  const ends: string[] = [];
  let told = 0;
  const run = (task: { readonly directory: string }, done: (outcome: ProbedRoom) => void): void => {
    probes.push({ directory: task.directory, done });
  };
  const say = (message: string): void => void said.push(message);
  const directories = new LogDirectories({
    states,
    paths: ['/a', '/b', '/c'],
    metadata: 0,
    background: { run, close: () => {} } as unknown as BackgroundPool,
    log: { info: say, warn: say, error: say },
    tellAll: () => told++,
    nothingLeft: (why) => ends.push(why),
  });
  return { shard, states, directories, probes, said, ends, told: () => told };
}

test('row 19: a full directory is probed until there is room, by one probe at a time', () => {
  const { shard, states, directories, probes, said, told } = machine();
  shard.report(1, noRoom);
  directories.tick(0);
  directories.tick(5000);
  assert.deepEqual(
    probes.map(({ directory }) => directory),
    ['/b'],
  );
  probes[0]!.done({ failure: LogFailure.ofDisk(noRoom).facts });
  assert.equal(states.state(1), logDirectoryState.full);
  directories.tick(10_000);
  probes[1]!.done({ failure: null });
  assert.equal(states.state(1), logDirectoryState.online);
  assert.deepEqual([said.length, told()], [1, 1]);
  directories.tick(20_000);
  assert.equal(probes.length, 2);
});

test('row 18: a probe that meets a broken disk takes the directory offline', () => {
  const { shard, states, directories, probes } = machine();
  shard.report(1, noRoom);
  directories.tick(0);
  probes[0]!.done({ failure: LogFailure.ofDisk(new DiskError('EIO', 'write', '/b')).facts });
  assert.equal(states.isFailed(1), true);
});

test('row 22: the node goes on without a directory, and ends without the one of the metadata log', () => {
  const { shard, directories, ends } = machine();
  shard.report(1, broken);
  directories.tick(0);
  assert.deepEqual(ends, []);
  shard.report(0, broken);
  directories.tick(1);
  assert.equal(ends.length, 1);
  assert.match(ends[0]!, /metadata log.*\/a.*sync: EIO/);
});

test('row 18: the node ends when no directory is left', () => {
  const memory = new SharedArrayBuffer(logDirectoryStatesBytes(2));
  const ends: string[] = [];
  const directories = new LogDirectories({
    states: new LogDirectoryStates(memory),
    paths: ['/a', '/b'],
    metadata: -1,
    background: null as unknown as BackgroundPool,
    log: { info: () => {}, warn: () => {}, error: () => {} },
    tellAll: () => {},
    nothingLeft: (why) => ends.push(why),
  });
  for (const directory of [0, 1]) {
    directories.report(directory, LogFailure.ofDisk(broken));
    directories.tick(directory);
  }
  assert.equal(ends.length, 1);
  assert.match(ends[0]!, /no log directory is left/);
});
