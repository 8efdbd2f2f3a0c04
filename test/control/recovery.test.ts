import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BackgroundPool, BackgroundTask } from '../../src/background/tasks.ts';
import { Recovery, type LogToRecover, type RecoveryProgress } from '../../src/control/recovery.ts';
import { logConfigDefaults } from '../../src/log/log_config.ts';
import { LogFailure } from '../../src/log/log_failure.ts';
import type { RecoveredLog, RecoveredLogs } from '../../src/log/log_recovery.ts';
import { TaskFailure } from '../../src/port/background.ts';
import { DiskError } from '../../src/port/disk.ts';
import { SimClock, WallTime } from '../simulation/sim_clock.ts';
import { SimLog } from '../simulation/sim_log.ts';
import { SimThread } from '../simulation/sim_thread.ts';
import { World } from '../simulation/world.ts';

const whole: RecoveredLog = {
  failure: null,
  logEndOffset: 5,
  bytes: 100,
  report: {
    scannedBatches: 1,
    scannedBytes: 100,
    truncatedBytes: 0,
    droppedSegments: 0,
    rebuiltIndexes: 1,
    replayedBatches: 0,
  },
};

/** A pool whose tasks end when the test says so. */
class HandPool {
  readonly tasks: { paths: string[]; end: (outcome: RecoveredLogs | TaskFailure) => void }[] = [];
  readonly pool: BackgroundPool = {
    run: (task, done) => {
      const { logs } = task as BackgroundTask & { kind: 'recover-logs' };
      const paths = logs.map(({ directory }) => directory);
      this.tasks.push({ paths, end: done as (outcome: RecoveredLogs | TaskFailure) => void });
    },
    close: (closed) => closed(),
  };

  /** The oldest that has not ended; with this outcome for as many of its logs as it `comesTo`. */
  end(outcome: RecoveredLog | TaskFailure = whole, comesTo = 1): void {
    const { end } = this.tasks.shift()!;
    end(outcome instanceof TaskFailure ? outcome : { logs: Array.from({ length: comesTo }, () => outcome) });
  }

  get paths(): string[] {
    return this.tasks.flatMap(({ paths }) => paths);
  }
}

function logs(...directories: number[]): LogToRecover[] {
  return directories.map((dataDirectory, slot) => ({
    slot,
    dataDirectory,
    path: `/d${dataDirectory}/t-${slot}`,
    config: logConfigDefaults,
    recoveryPoint: slot,
    logStartOffset: 0,
  }));
}

function machine(threadsPerDirectory: number) {
  const world = new World(1);
  const hand = new HandPool();
  const recovered: number[] = [];
  const failed: [number, string][] = [];
  const progress: RecoveryProgress[] = [];
  const recovery = new Recovery({
    background: hand.pool,
    clock: new SimClock(new SimThread(world, 'control'), new WallTime(world)),
    log: new SimLog(world, 'node'),
    threadsPerDirectory,
    recovered: (slot) => recovered.push(slot),
    failed: (slot, failure) => failed.push([slot, failure.kind]),
    progressed: (now) => progress.push(now),
  });
  return { world, hand, recovered, failed, progress, recovery };
}

test('so many logs of a directory at the same time as num.recovery.threads.per.data.dir says, in order', () => {
  const { hand, recovered, progress, recovery } = machine(2);
  recovery.begin(logs(0, 0, 0, 0, 1));
  assert.deepEqual(hand.paths, ['/d0/t-0', '/d0/t-1', '/d1/t-4']);
  hand.end();
  assert.deepEqual(recovered, [0]);
  assert.deepEqual(hand.paths, ['/d0/t-1', '/d1/t-4', '/d0/t-2']);
  while (hand.tasks.length > 0) hand.end();
  assert.deepEqual(recovered, [0, 1, 4, 2, 3]);
  assert.equal(recovery.left, 0);
  assert.deepEqual(
    progress.map(({ ended }) => ended),
    [0, 1, 2, 3, 4, 5],
  );
  assert.deepEqual(progress.at(-1), { logs: 5, ended: 5, failed: 0, bytes: 500 });
});

test('of many logs some are given to a thread at once, fewer towards the end; what it did not come to goes first', () => {
  const { hand, recovered, recovery } = machine(2);
  recovery.begin(logs(...Array<number>(300).fill(0)));
  const sizes: number[] = [];
  while (hand.tasks.length > 0) {
    const { length } = hand.tasks[0]!.paths;
    sizes.push(length);
    hand.end(whole, sizes.length === 1 ? 3 : length);
    if (sizes.length === 1) assert.equal(hand.tasks[1]!.paths[0], '/d0/t-3');
  }
  assert.ok(sizes[0]! > 30 && sizes.length < 40, sizes.join(' '));
  assert.ok(
    sizes.slice(-3).every((size) => size <= 3),
    sizes.join(' '),
  );
  assert.deepEqual(
    recovered.toSorted((left, right) => left - right),
    Array.from({ length: 300 }, (_, slot) => slot),
  );
});

test('a thread that dies with some logs takes none of them offline that is not at fault (row 16)', () => {
  const { world, hand, recovered, failed, recovery } = machine(1);
  recovery.begin(logs(0, 0, 0, 0, 0, 0));
  while (recovery.left > 0) {
    if (hand.tasks.length === 0) world.runFor(10_000);
    const { paths } = hand.tasks[0]!;
    if (paths.includes('/d0/t-1')) hand.end(new TaskFailure('out of memory'));
    else hand.end(whole, paths.length);
  }
  assert.deepEqual(failed, [[1, 'failed']]);
  assert.deepEqual(
    recovered.toSorted((left, right) => left - right),
    [0, 2, 3, 4, 5],
  );
});

test('a start without a log to recover neither tells of it nor runs anything', () => {
  const { hand, progress, recovery } = machine(2);
  recovery.begin([]);
  assert.deepEqual([hand.tasks.length, progress.length, recovery.left], [0, 0, 0]);
});

test('a log that is damaged is offline, the others go on (row 16, I13)', () => {
  const { hand, recovered, failed, progress, recovery } = machine(1);
  recovery.begin(logs(0, 0));
  hand.end({ ...whole, failure: new LogFailure('missing', '/d0/t-0', 'gone').facts });
  hand.end();
  assert.deepEqual([failed, recovered], [[[0, 'missing']], [1]]);
  assert.deepEqual([progress.at(-1)?.ended, progress.at(-1)?.failed], [2, 1]);
});

test('what passes by itself is tried again, for as long as it takes (row 19)', () => {
  const { world, hand, recovered, failed, recovery } = machine(1);
  recovery.begin(logs(0, 0));
  const full = LogFailure.ofDisk(new DiskError('ENOSPC', 'write', '/d0/t-0/x')).facts;
  for (let attempt = 0; attempt < 10; attempt++) {
    hand.end({ ...whole, failure: full });
    if (attempt === 0) hand.end();
    assert.equal(hand.tasks.length, 0, 'not at once');
    world.runFor(10_000);
    assert.deepEqual(hand.paths, ['/d0/t-0']);
  }
  hand.end();
  assert.deepEqual([failed, recovered], [[], [1, 0]]);
});

test('a task that ends without an outcome again and again takes its own log offline alone', () => {
  const { world, hand, recovered, failed, recovery } = machine(1);
  recovery.begin(logs(0, 0));
  for (let attempt = 0; failed.length === 0; attempt++) {
    assert.ok(attempt < 5);
    hand.end(new TaskFailure('out of memory'));
    if (attempt === 0) hand.end();
    world.runFor(10_000);
  }
  assert.deepEqual([failed, recovered], [[[0, 'failed']], [1]]);
});

test('nothing is handed over while the node stops', () => {
  const { world, hand, recovered, failed, recovery } = machine(1);
  recovery.begin(logs(0, 0, 1));
  hand.end(new TaskFailure('once'));
  recovery.stop();
  while (hand.tasks.length > 0) hand.end();
  world.runFor(10_000);
  assert.deepEqual([recovered, failed, hand.tasks.length], [[], [], 0]);
});
