import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closeEnough } from '../../bench/placement.ts';

test('about as much crosses as on average would', () => {
  assert.ok(closeEnough(0.5, 2, 4));
  assert.ok(closeEnough(0.6, 2, 4));
  assert.ok(!closeEnough(0.25, 2, 4));
  assert.ok(!closeEnough(1, 2, 4));
  assert.ok(closeEnough(0.75, 4, 4));
  assert.ok(!closeEnough(0.35, 2, 64));
});

test('one connection may lie on either side', () => {
  assert.ok(closeEnough(0, 2, 1));
  assert.ok(closeEnough(1, 2, 1));
});
