import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runBackgroundTask } from '../../src/background/run_task.ts';
import { logConfigDefaults } from '../../src/log/log_config.ts';
import type { LogConfig } from '../../src/log/log_config.ts';
import { recoverLog } from '../../src/log/log_recovery.ts';
import type { LogRecovery, RecoveredLog } from '../../src/log/log_recovery.ts';
import type { PartitionLog } from '../../src/log/partition_log.ts';
import { probeDirectory } from '../../src/storage/directory_probe.ts';
import { simKernels } from '../simulation/sim_kernels.ts';
import { ProcessEnded } from '../simulation/world.ts';
import { inArena, makeBatch } from './batches.ts';
import { unpack } from './kafka_directories.ts';
import { assertFails, concatenated, directory, LogMachine, readAll } from './log_machine.ts';

const config: LogConfig = { ...logConfigDefaults, segmentBytes: 700, indexIntervalBytes: 100 };

interface Crashed {
  readonly machine: LogMachine;
  readonly batches: readonly Uint8Array[];
  /** By batch: the offset after it. */
  readonly nextOffsets: readonly number[];
  readonly segmentBases: readonly number[];
  readonly activeBase: number;
}

/** A log of some segments and epochs whose process is gone. `close` first: its indexes are as a clean stop leaves them. */
function crashed(close = false, batchCount = 20, seed = 7, batchesOfEpoch = 8): Crashed {
  const machine = new LogMachine(seed);
  const log = machine.open(config);
  const batches: Uint8Array[] = [];
  const nextOffsets: number[] = [];
  for (let index = 0, offset = 0; index < batchCount; index++) {
    const timestamps = Array.from({ length: 1 + (index % 3) }, (_, at) => 1000 + index * 20 + at);
    const batch = makeBatch({
      baseOffset: offset,
      timestamps,
      fill: index,
      leaderEpoch: Math.floor(index / batchesOfEpoch),
    });
    const { memory, start, end } = inArena([batch]);
    log.stage(memory, start, end);
    assert.equal(machine.commit(log), null);
    offset += timestamps.length;
    batches.push(batch);
    nextOffsets.push(offset);
  }
  const segmentBases = log.segments.map(({ baseOffset }) => baseOffset);
  assert.ok(segmentBases.length > 2);
  log.close(close);
  machine.restart();
  return { machine, batches, nextOffsets, segmentBases, activeBase: segmentBases.at(-1)! };
}

function recover(machine: LogMachine, overrides: Partial<LogRecovery> = {}): RecoveredLog {
  const { disk, clock } = machine;
  const recovery = { directory, config, logStartOffset: 0, recoveryPoint: 0, ...overrides };
  return recoverLog(recovery, { disk, kernels: simKernels, clock });
}

function recoverWell(machine: LogMachine, overrides: Partial<LogRecovery> = {}): RecoveredLog {
  const recovered = recover(machine, overrides);
  assert.equal(recovered.failure, null);
  return recovered;
}

/** What the owner does with a log that was recovered. */
function openRecovered(machine: LogMachine, recoveryPoint = 0): PartitionLog {
  const log = machine.open(config, { cleanShutdown: true, recoveryPoint });
  const { scannedBatches, rebuiltIndexes, replayedBatches } = log.report;
  assert.deepEqual([scannedBatches, rebuiltIndexes, replayedBatches], [0, 0, 0], 'nothing is left to be recovered');
  return log;
}

function pathOf(baseOffset: number, suffix: string): string {
  return `${directory}/${String(baseOffset).padStart(20, '0')}${suffix}`;
}

/** Where batches of the active segment end, with the log end offset there. */
function bordersOf({ batches, nextOffsets, activeBase }: Crashed): [number, number][] {
  const borders: [number, number][] = [[0, activeBase]];
  batches.forEach((batch, index) => {
    if (nextOffsets[index]! > activeBase) borders.push([borders.at(-1)![0] + batch.length, nextOffsets[index]!]);
  });
  return borders;
}

function snapshotOf(machine: LogMachine): [string, Uint8Array][] {
  return machine.names().map((name) => [name, machine.contents(`${directory}/${name}`)]);
}

test('row 13, I19: recovery cuts a torn tail at a batch border and nothing else, at every cut of every kind', () => {
  const source = crashed();
  const { machine, batches, nextOffsets } = source;
  const active = pathOf(source.activeBase, '.log');
  const whole = machine.contents(active);
  const borders = bordersOf(source);
  assert.equal(borders.at(-1)![0], whole.length);
  for (let cut = 0; cut <= whole.length; cut++) {
    const zeros = new Uint8Array(whole.length);
    zeros.set(whole.subarray(0, cut));
    const noise = whole.map((byte, at) => (at < cut ? byte : byte ^ 0x5a));
    for (const tail of [whole.slice(0, cut), zeros, noise]) {
      // Bytes of the tail that happen to be right are no damage.
      let same = 0;
      while (same < tail.length && tail[same] === whole[same]) same++;
      const [kept, end] = borders.findLast(([position]) => position <= same)!;
      machine.restart();
      machine.put(active, tail);
      const recovered = recoverWell(machine);
      assert.equal(recovered.logEndOffset, end, `cut at ${cut}`);
      assert.equal(recovered.report.truncatedBytes, tail.length - kept);
      assert.deepEqual(machine.contents(active), whole.slice(0, kept));
      const log = openRecovered(machine);
      assert.equal(log.logEndOffset, end);
      if (cut % 16 === 0) {
        const left = batches.filter((_, index) => nextOffsets[index]! <= end);
        assert.deepEqual(readAll(machine, machine.reader(), 0), concatenated(left));
      }
      log.close(false);
    }
  }
});

test('a directory that was recovered is what a clean stop of the same log would have left', () => {
  const clean = snapshotOf(crashed(true).machine);
  const { machine, batches } = crashed();
  assert.notDeepEqual(snapshotOf(machine), clean);
  recoverWell(machine);
  assert.deepEqual(snapshotOf(machine), clean);
  const log = openRecovered(machine);
  assert.deepEqual(readAll(machine, machine.reader(), 0), concatenated(batches));
  log.close(false);
});

test('only what lies past the recovery point is checked', () => {
  const source = crashed();
  const { machine, batches, nextOffsets, activeBase } = source;
  const middle = nextOffsets.findIndex((next) => next > activeBase) + 1;
  for (const [recoveryPoint, first] of [
    [0, 0],
    [activeBase, nextOffsets.findIndex((next) => next > activeBase)],
    [nextOffsets[middle - 1]!, middle],
    [nextOffsets.at(-1)!, batches.length],
  ] as const) {
    machine.restart();
    const { report } = recoverWell(machine, { recoveryPoint });
    const bytes = batches.slice(first).reduce((sum, batch) => sum + batch.length, 0);
    assert.deepEqual([report.scannedBatches, report.scannedBytes], [batches.length - first, bytes]);
  }
});

test('row 16, I13: a segment that is missing or cut below the recovery point is told, and nothing is touched', () => {
  const { machine, segmentBases, activeBase } = crashed(true);
  const path = pathOf(segmentBases[1]!, '.log');
  const whole = machine.contents(path);
  const damages: [string, () => void][] = [
    ['missing', () => void machine.disk.unlink(path)],
    ['missing', () => machine.put(path, new Uint8Array(0))],
    ['corrupt', () => machine.put(path, whole.slice(0, whole.length - 1))],
  ];
  for (const [kind, damage] of damages) {
    machine.restart();
    machine.put(path, whole);
    damage();
    const before = machine.names().filter((name) => name.endsWith('.log'));
    const recovered = recover(machine, { recoveryPoint: activeBase });
    assert.equal(recovered.failure?.kind, kind);
    assert.deepEqual(structuredClone(recovered), recovered, 'a failure travels between threads');
    assert.deepEqual(
      machine.names().filter((name) => name.endsWith('.log')),
      before,
    );
  }
});

test('row 15, I13: indexes and epochs that a crash has damaged are made anew from the log', () => {
  const { machine } = crashed(true);
  const whole = snapshotOf(machine);
  const damaged = whole.filter(([name]) => /index$|leader-epoch/.test(name));
  assert.ok(damaged.length >= 7);
  const damages: ((bytes: Uint8Array) => Uint8Array | null)[] = [
    () => null,
    () => new Uint8Array(0),
    (bytes) => new Uint8Array(bytes.length),
    (bytes) => bytes.map((byte) => byte ^ 0xff),
    (bytes) => bytes.slice(0, -3),
    (bytes) => concatenated([bytes, new Uint8Array(240)]),
  ];
  for (const damage of damages) {
    for (const [name, bytes] of damaged) {
      machine.restart();
      const result = damage(bytes);
      if (result === null) machine.disk.unlink(`${directory}/${name}`);
      else machine.put(`${directory}/${name}`, result);
      recoverWell(machine);
      assert.deepEqual(snapshotOf(machine), whole, `${name} ${damage.toString()}`);
    }
  }
});

test('row 15, I13: every file beside the logs of a killed broker of Apache Kafka is made anew when it is damaged', () => {
  const killed = (): LogMachine => {
    const machine = new LogMachine(11);
    unpack('killed', machine);
    return machine;
  };
  const kinds = new Set<string>();
  for (const path of ['/d1/txn-0', '/d2/segmented-2', '/d2/txn-open-0']) {
    const epochsPath = `${path}/leader-epoch-checkpoint`;
    const rebuilt = killed();
    rebuilt.disk.unlink(epochsPath);
    recover(rebuilt, { directory: path });
    // Batches do not tell of an epoch without a record.
    const epochs = rebuilt.contents(epochsPath);
    const begin = (): LogMachine => {
      const machine = killed();
      machine.put(epochsPath, epochs);
      return machine;
    };
    const snapshot = (machine: LogMachine): [string, Uint8Array][] => {
      assert.equal(recover(machine, { directory: path }).failure, null);
      return machine.names(path).map((name) => [name, machine.contents(`${path}/${name}`)]);
    };
    const expected = snapshot(begin());
    for (const [name, bytes] of expected) {
      const kind = /\.(?:index|timeindex|txnindex|snapshot)$|^leader-epoch/.exec(name)?.[0];
      if (kind === undefined || bytes.length === 0) continue;
      kinds.add(kind);
      for (const damaged of [null, bytes.slice(0, -1), bytes.map((byte) => byte ^ 0x40)]) {
        const machine = begin();
        if (damaged === null) machine.disk.unlink(`${path}/${name}`);
        else machine.put(`${path}/${name}`, damaged);
        assert.deepEqual(snapshot(machine), expected, `${path}/${name}`);
      }
    }
  }
  assert.ok(kinds.size >= 4, [...kinds].join(' '));
});

for (const power of [false, true]) {
  test(`rows 7, 8, I19: a recovery that dies at any of its calls ${power ? 'with the power' : ''} is finished by the next`, () => {
    let died = 0;
    for (let call = 0; ; call++) {
      const { machine, activeBase } = crashed(false, 18);
      const active = pathOf(activeBase, '.log');
      machine.put(active, machine.contents(active).slice(0, -7));
      machine.put(pathOf(0, '.index'), new Uint8Array(3));
      // What the log is made of is on the disk; what the recovery itself does is at the mercy of the crash.
      for (const name of machine.names()) {
        const file = machine.disk.open(`${directory}/${name}`, 'write');
        assert.ok('sync' in file);
        file.sync();
        file.close();
      }
      machine.disk.syncDirectory(directory);
      machine.disk.syncDirectory('/data');
      const effect = { kind: 'kill', bytes: call % 11 } as const;
      machine.storage.faults.arm({ after: call, effect });
      let ended = false;
      try {
        recoverWell(machine);
      } catch (thrown) {
        assert.ok(thrown instanceof ProcessEnded);
        ended = true;
      }
      machine.storage.faults.disarm();
      machine.crash(power);
      const { logEndOffset } = recoverWell(machine);
      const undisturbed = crashed(false, 18);
      undisturbed.machine.put(active, undisturbed.machine.contents(active).slice(0, -7));
      assert.equal(logEndOffset, recoverWell(undisturbed.machine).logEndOffset);
      assert.deepEqual(snapshotOf(machine), snapshotOf(undisturbed.machine), `dying at call ${call}`);
      if (!ended) break;
      died++;
    }
    assert.ok(died > 30, `${died} calls to die in`);
  });
}

test('a log that a stop before the crash left in order is neither written nor synced', () => {
  const { machine, nextOffsets } = crashed(true);
  const before = snapshotOf(machine);
  const operations = ['write', 'truncate', 'sync', 'syncDirectory', 'rename', 'unlink'] as const;
  machine.storage.faults.arm({ operations, effect: { kind: 'error', code: 'EROFS' } });
  recoverWell(machine, { recoveryPoint: nextOffsets.at(-1)! });
  assert.equal(machine.storage.faults.struck.error, 0);
  assert.deepEqual(snapshotOf(machine), before);
});

test('rows 8, 13: segments that were let go of just before a crash do not come back behind what is written in their place', () => {
  let keptOfNew = 0;
  for (let seed = 0; seed < 600; seed++) {
    const { machine, batches, nextOffsets, segmentBases } = crashed(true, 20, seed, Infinity);
    // At the beginning of a segment, and within it.
    const cut = nextOffsets[nextOffsets.indexOf(segmentBases[1]!) + (seed % 3)]!;
    const log = openRecovered(machine, nextOffsets.at(-1)!);
    machine.storage.faults.arm({ operations: ['syncDirectory'], effect: { kind: 'kill', bytes: 0 } });
    assert.throws(() => log.truncateTo(cut), ProcessEnded);
    machine.storage.faults.disarm();
    machine.crash(false);
    // Half of the recoveries die as well, anywhere in their first calls.
    if (seed % 2 === 0) machine.storage.faults.arm({ after: seed % 38, effect: { kind: 'kill', bytes: 0 } });
    try {
      recoverWell(machine, { recoveryPoint: cut });
    } catch (thrown) {
      assert.ok(thrown instanceof ProcessEnded);
      machine.storage.faults.disarm();
      machine.crash(false);
    }
    machine.storage.faults.disarm();
    assert.equal(recoverWell(machine, { recoveryPoint: cut }).logEndOffset, cut);
    const again = openRecovered(machine, cut);
    // No sync of what is written ends before the power does.
    machine.storage.options = { ...machine.storage.options, syncMs: [1e6, 1e6] };
    const kept = batches.filter((_, index) => nextOffsets[index]! <= cut);
    const written = kept.map((batch) => batch);
    for (let index = kept.length; index < batches.length; index++) {
      const baseOffset = nextOffsets[index - 1]!;
      const timestamps = Array.from({ length: nextOffsets[index]! - baseOffset }, (_, at) => 1000 + index * 20 + at);
      const batch = makeBatch({ baseOffset, timestamps, fill: 99, leaderEpoch: 0 });
      const { memory, start, end } = inArena([batch]);
      again.stage(memory, start, end);
      assert.equal(machine.commit(again), null);
      written.push(batch);
    }
    machine.crash(true);
    const { logEndOffset } = recoverWell(machine, { recoveryPoint: cut });
    const left = written.filter((_, index) => nextOffsets[index]! <= logEndOffset);
    const opened = openRecovered(machine, cut);
    assert.equal(nextOffsets[left.length - 1], logEndOffset, `seed ${seed}`);
    assert.deepEqual(readAll(machine, machine.reader(), 0), concatenated(left), `seed ${seed}`);
    opened.close(false);
    keptOfNew += left.length - kept.length;
  }
  assert.ok(keptOfNew > 20, String(keptOfNew));
});

test('a log whose recovery failed for the disk tells so, and can be recovered later', () => {
  const { machine } = crashed();
  machine.storage.faults.arm({ operations: ['truncate', 'write'], effect: { kind: 'error', code: 'ENOSPC' } });
  const { failure } = recover(machine);
  assert.deepEqual([failure?.kind, failure?.error?.code], ['disk', 'ENOSPC']);
  recoverWell(machine);
});

test('an append to a recovered log is on stable storage after a flush, names and all', () => {
  const { machine, nextOffsets } = crashed();
  const end = nextOffsets.at(-1)!;
  // As the start does with each data directory.
  assert.equal(probeDirectory(machine.disk, '/data'), null);
  recoverWell(machine);
  const log = openRecovered(machine);
  const batch = makeBatch({ baseOffset: end, timestamps: [5000], fill: 77, leaderEpoch: 9 });
  const { memory, start, end: stop } = inArena([batch]);
  log.stage(memory, start, stop);
  assert.equal(machine.commit(log), null);
  assert.equal(log.recoveryPoint, 0, 'what the crash left is not synced yet');
  assert.equal(machine.flush(log), null);
  assert.equal(log.recoveryPoint, end + 1);
  machine.crash(true);
  const recoveryPoint = end + 1;
  assert.equal(recoverWell(machine, { recoveryPoint }).logEndOffset, end + 1);
  openRecovered(machine, recoveryPoint).close(false);
});

test('the task of the pool is this recovery', () => {
  const { machine } = crashed();
  const { disk, clock } = machine;
  const recovery = { directory, config, logStartOffset: 0, recoveryPoint: 1_000_000 };
  const task = { kind: 'recover-logs', logs: [recovery] } as const;
  const outcome = runBackgroundTask(structuredClone(task), { disk, clock, kernels: simKernels });
  assert.ok('logs' in outcome);
  assert.deepEqual(
    outcome.logs.map(({ failure }) => failure?.kind),
    ['missing'],
  );
  assertFails(machine.tryOpen(config, { recoveryPoint: 1_000_000, cleanShutdown: true }), 'missing');
});
