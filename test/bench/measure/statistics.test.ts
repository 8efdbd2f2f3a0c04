import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compare, median, spread } from '../../../bench/measure/statistics.ts';

test('median and spread', () => {
  assert.equal(median([]), 0);
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
  assert.equal(spread([10]), 0);
  assert.equal(spread([9, 10, 12]), 0.3);
});

test('a difference larger than the noise is told', () => {
  assert.equal(compare([120, 121, 119], [100, 101, 99], 0.05).verdict, 'more');
  assert.equal(compare([100, 101, 99], [120, 121, 119], 0.05).verdict, 'less');
});

test('less is told as readily as more', () => {
  const slow = [10, 16, 13];
  const fast = [100, 160, 130];
  assert.equal(compare(slow, fast, 0.05).verdict, 'less');
  assert.equal(compare(fast, slow, 0.05).verdict, 'more');
});

test('no difference is told only when one would have shown', () => {
  assert.equal(compare([100, 101, 99], [100, 101, 99], 0.05).verdict, 'same');
  assert.equal(compare([100, 101, 99], [100, 101, 99], 0.01).verdict, 'inconclusive');
  assert.equal(compare([80, 120, 100], [90, 130, 110], 0.05).verdict, 'inconclusive');
});

test('one repetition, or nothing to compare with, is inconclusive', () => {
  assert.equal(compare([200], [100], 0.05).verdict, 'inconclusive');
  assert.equal(compare([200, 200], [0, 0], 0.05).verdict, 'inconclusive');
  assert.equal(compare([], [], 0.05).verdict, 'inconclusive');
});
