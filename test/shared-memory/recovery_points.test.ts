import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RecoveryPoints, recoveryPointsBytes } from '../../src/shared-memory/recovery_points.ts';

test('each slot keeps its own offset, above 2^32 too', () => {
  const memory = new SharedArrayBuffer(recoveryPointsBytes(3));
  const owner = new RecoveryPoints(memory);
  const control = new RecoveryPoints(memory);
  owner.set(1, 2 ** 52 + 1);
  owner.set(2, 7);
  assert.deepEqual([control.get(0), control.get(1), control.get(2)], [0, 2 ** 52 + 1, 7]);
});
