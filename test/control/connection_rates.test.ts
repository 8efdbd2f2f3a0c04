import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configureConnectionRates } from '../../src/control/connection_rates.ts';
import { TokenBuckets, tokenBucketStride } from '../../src/shared-memory/token_buckets.ts';
import { CONNECTION_RATE_BUCKET } from '../../src/shard/connection_gate.ts';
import { resolveNode } from '../config/sources.ts';

/** How many connections get in at one moment, up to 20. */
function letIn(tokens: TokenBuckets): number {
  let count = 0;
  while (count < 20 && tokens.take(CONNECTION_RATE_BUCKET, 1, 1)) count++;
  return count;
}

test('a rate holds from when it is set, and no longer than until it is taken back', () => {
  const tokens = new TokenBuckets(new SharedArrayBuffer(tokenBucketStride * 2));
  const rates: readonly [string, number][] = [
    ['max.connection.creation.rate=5', 5],
    ['', 20],
    ['max.connection.creation.rate=7', 7],
    ['max.connection.creation.rate=2147483647', 20],
    ['max.connection.creation.rate=2147483646', 20],
  ];
  for (const [lines, expected] of rates) {
    configureConnectionRates(tokens, resolveNode(lines), 1);
    assert.equal(letIn(tokens), expected, lines);
  }
});

test('somebody always gets in: who else could allow more', () => {
  const tokens = new TokenBuckets(new SharedArrayBuffer(tokenBucketStride * 2));
  configureConnectionRates(tokens, resolveNode('max.connection.creation.rate=0'), 1);
  const count = letIn(tokens);
  assert.ok(count > 0 && count < 5, String(count));
});
