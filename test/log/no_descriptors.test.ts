/**
 * No file can be opened for a while, from any call on: the log refuses what it cannot do, fails for good in none of
 * them, and has everything that it took when descriptors are there again (RELIABILITY: row 81).
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LogFailure } from '../../src/log/log_failure.ts';
import type { PartitionLog } from '../../src/log/partition_log.ts';
import { inArena, makeBatch } from './batches.ts';
import { concatenated, LogMachine, readAll } from './log_machine.ts';

/** More than the log opens in what is done here. */
const callsMax = 200;
const batches = 8;
const config = { segmentBytes: 200, indexIntervalBytes: 60 };

for (const [code, times] of [
  ['EMFILE', 1],
  ['EMFILE', 2],
  ['ENFILE', Infinity],
] as const) {
  test(`${code}, ${times} times: appends, rolls and flushes are refused, put off, and made up for`, () => {
    let refused = 0;
    let putOff = 0;
    let calls = 0;
    for (; calls < callsMax; calls++) {
      const machine = new LogMachine(calls);
      const log = machine.open(config);
      const { faults } = machine.storage;
      faults.arm({ operations: ['open', 'syncDirectory'], after: calls, times, effect: { kind: 'error', code } });
      const written: Uint8Array[] = [];
      const append = (fill: number): LogFailure | null => {
        const { bytes, failure } = appended(machine, log, fill);
        if (failure === null) written.push(bytes);
        return failure;
      };
      for (let fill = 0; fill < batches; fill++) {
        refused += countOf(append(fill));
        putOff += countOf(machine.flush(log));
        assert.equal(log.failure, null, `call ${calls}`);
      }
      const hasStruck = faults.struck.error > 0;
      faults.disarm();
      assert.equal(append(batches), null);
      assert.equal(machine.flush(log), null);
      assert.equal(log.recoveryPoint, log.logEndOffset);
      machine.crash(true);
      machine.open(config, { recoveryPoint: log.recoveryPoint });
      assert.deepEqual(readAll(machine, machine.reader(), 0), concatenated(written), `call ${calls}`);
      if (!hasStruck) break;
    }
    assert.ok(calls > 15 && calls < callsMax, `${calls} calls were struck`);
    assert.ok(refused > 0 && putOff > 0, `${refused} refused, ${putOff} put off`);
  });
}

test('row 81: what a log says names the limit', () => {
  const machine = new LogMachine(1);
  const effect = { kind: 'error', code: 'EMFILE' } as const;
  machine.storage.faults.arm({ operations: ['open'], effect });
  const refused = machine.tryOpen(config);
  assert.ok(refused instanceof LogFailure);
  assert.match(refused.toString(), /^disk: .*: EMFILE, too many open files \(ulimit -n\)$/);
});

function appended(machine: LogMachine, log: PartitionLog, fill: number) {
  const bytes = makeBatch({ baseOffset: log.logEndOffset, timestamps: [1000 + fill], fill, valueBytes: 60 });
  const { memory, start, end } = inArena([bytes]);
  log.stage(memory, start, end);
  return { bytes, failure: machine.commit(log) };
}

function countOf(failure: LogFailure | null): number {
  if (failure !== null) assert.equal(failure.isPassing, true, failure.toString());
  return failure === null ? 0 : 1;
}
