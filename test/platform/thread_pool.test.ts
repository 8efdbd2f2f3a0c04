import assert from 'node:assert/strict';
import { test } from 'node:test';

import { poolThreads } from '../../src/platform/thread_pool.ts';
import { runDouble } from './process.ts';

test(
  'the pool gets its size from the first import, before anything uses it',
  { skip: process.platform !== 'linux' },
  async (t) => {
    const other = runDouble(t, 'threadPool', '/');
    await other.lines.until((lines) => lines.length > 0);
    assert.equal(Number(other.lines.seen[0]), poolThreads);
    assert.ok(poolThreads >= 8);
  },
);
