import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findBase, type Git } from '../../bench/base_tree.ts';

/** A git that knows these answers, by the words of the question. */
const gitOf =
  (answers: Readonly<Record<string, string>>): Git =>
  (...words) =>
    answers[words.join(' ')] ?? null;

const commit = (name: string) => `rev-parse --verify --quiet ${name}^{commit}`;
const accepted = 'log -1 --format=%H -- bench/baseline.json';

test('a named commit, and one that does not exist', () => {
  assert.equal(findBase('v1', gitOf({ [commit('v1')]: 'a' }))?.commit, 'a');
  assert.throws(() => findBase('v2', gitOf({})), /no commit v2/);
});

test('what the tree has grown from on the main branch', () => {
  const ahead = {
    [commit('HEAD')]: 'h',
    [commit('origin/main')]: 'o',
    'merge-base HEAD origin/main': 'o',
    [accepted]: 'b',
  };
  assert.equal(findBase(undefined, gitOf(ahead))?.commit, 'o');
  // Behind, or beside it.
  const beside = { ...ahead, 'merge-base HEAD origin/main': 'x' };
  assert.equal(findBase(undefined, gitOf(beside))?.commit, 'b');
});

test('level with its origin: the commit that accepted the speed, else the one before', () => {
  const level = { [commit('HEAD')]: 'h', [commit('origin/main')]: 'h', [commit('HEAD~1')]: 'p' };
  assert.equal(findBase(undefined, gitOf({ ...level, [accepted]: 'b' }))?.commit, 'b');
  assert.equal(findBase(undefined, gitOf({ ...level, [accepted]: 'h' }))?.commit, 'p');
  assert.equal(findBase(undefined, gitOf({ ...level, [accepted]: '' }))?.commit, 'p');
});

test('without history there is no base', () => {
  assert.equal(findBase(undefined, gitOf({})), null);
  assert.equal(findBase(undefined, gitOf({ [commit('HEAD')]: 'h' })), null);
});
