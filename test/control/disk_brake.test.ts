import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brakeRate, DiskBrake } from '../../src/control/disk_brake.ts';
import { DiskError, type DiskSpace } from '../../src/port/disk.ts';
import { DiskBrakes } from '../../src/shared-memory/disk_brakes.ts';
import { logDirectoryStatesBytes } from '../../src/shared-memory/log_directory_states.ts';

const gibibyte = 2 ** 30;

test('row 82: a volume is written to the slower the fuller it is, and never not at all', () => {
  const totalBytes = 100 * gibibyte;
  const rates = [50, 5.01, 4.99, 3, 1, 0.1, 0.0001, 0].map((percent) =>
    brakeRate({ totalBytes, usableBytes: (totalBytes * percent) / 100 }, 95, false),
  );
  assert.deepEqual(rates.slice(0, 2), [0, 0]);
  assert.deepEqual(
    rates.slice(2),
    rates.slice(2).toSorted((a, b) => b - a),
  );
  assert.ok(rates.slice(2).every((rate) => rate >= 1));
  // What is left lasts for ten minutes at any time.
  assert.ok(rates[3]! * 600_000 <= 3 * gibibyte);
});

test('row 82: the brake is put on and taken off with one line each, and not at the border', () => {
  const said: string[] = [];
  const brakes = new DiskBrakes(new SharedArrayBuffer(logDirectoryStatesBytes(2)));
  let space: DiskSpace | DiskError = { totalBytes: 1000 * 600_000, usableBytes: 51 * 600_000 };
  const say = (message: string, fields?: object): void => void said.push(`${message} ${JSON.stringify(fields)}`);
  const brake = new DiskBrake({
    disk: { space: (path) => (path === '/b' ? space : new DiskError('EIO', 'space', path)) },
    brakes,
    paths: ['/a', '/b'],
    percent: 95,
    isFailed: () => false,
    log: { info: say, warn: say, error: say },
  });
  let nowMs = 0;
  const freeOf = (thousandths: number): number => {
    space = { totalBytes: 1000 * 600_000, usableBytes: thousandths * 600_000 };
    brake.tick((nowMs += 5000));
    return brakes.bytesPerMs(1);
  };
  assert.equal(freeOf(51), 0);
  assert.equal(freeOf(49), 49);
  assert.equal(freeOf(10), 10);
  assert.equal(said.length, 1);
  assert.match(said[0]!, /nearly full.*"directory":"\/b","freeBytes":29400000/);
  assert.equal(freeOf(52), 52, 'it has hardly more room than where it began');
  assert.equal(freeOf(56), 0);
  assert.match(said[1]!, /has room again/);
  space = new DiskError('EIO', 'space', '/b');
  brake.tick((nowMs += 5000));
  assert.equal(said.length, 2);
  assert.equal(brakes.bytesPerMs(0), 0);
});

test('a brake at 100 % is none, and nobody asks the disk', () => {
  const brake = new DiskBrake({
    disk: { space: () => assert.fail('the disk is not asked') },
    brakes: new DiskBrakes(new SharedArrayBuffer(logDirectoryStatesBytes(1))),
    paths: ['/a'],
    percent: 100,
    isFailed: () => false,
    log: { info: () => {}, warn: () => {}, error: () => {} },
  });
  brake.tick(0);
});
