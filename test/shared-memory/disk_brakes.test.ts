import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DiskBrakes, throttleMsMax } from '../../src/shared-memory/disk_brakes.ts';
import { LogDirectoryStates, logDirectoryStatesBytes } from '../../src/shared-memory/log_directory_states.ts';

test('without a brake nobody waits, and the states beside it stay as they are', () => {
  const memory = new SharedArrayBuffer(logDirectoryStatesBytes(2));
  const brakes = new DiskBrakes(memory);
  const states = new LogDirectoryStates(memory);
  assert.equal(brakes.charge(1, 1e9, 5), 0);
  brakes.set(1, 10, 5);
  assert.equal(brakes.charge(0, 1e9, 5), 0);
  assert.equal(brakes.charge(1, 100, 5), 10);
  assert.deepEqual([states.state(0), states.state(1), states.changes], [0, 0, 0]);
  brakes.set(1, 0, 6);
  assert.equal(brakes.charge(1, 100, 5), 0);
});

test('row 82: what all bring together is paid for at the rate of the directory, and nobody waits for ever', () => {
  const charges = fc.array(fc.record({ bytes: fc.integer({ min: 1, max: 20_000 }), pauseMs: fc.nat(800) }), {
    minLength: 1,
    maxLength: 60,
  });
  // Clocks of 32 bits wrap.
  const start = fc.constantFrom(0, 1000, 2 ** 31 - 5000, 2 ** 32 - 5000);
  fc.assert(
    fc.property(charges, start, fc.integer({ min: 1, max: 100 }), (all, startMs, bytesPerMs) => {
      const memory = new SharedArrayBuffer(logDirectoryStatesBytes(1));
      const [one, other] = [new DiskBrakes(memory), new DiskBrakes(memory)];
      one.set(0, bytesPerMs, startMs);
      let nowMs = startMs;
      let paidUntilMs = startMs;
      all.forEach(({ bytes, pauseMs }, index) => {
        nowMs += pauseMs;
        const throttleMs = (index % 2 === 0 ? one : other).charge(0, bytes, nowMs);
        paidUntilMs = Math.min(nowMs + throttleMsMax, Math.max(nowMs, paidUntilMs) + Math.ceil(bytes / bytesPerMs));
        assert.equal(throttleMs, paidUntilMs - nowMs);
      });
    }),
  );
});
