import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import wabt from 'wabt';
import { ASSEMBLED } from '../../src/platform/compression/lz4_block.ts';

const SOURCE = new URL('../../src/platform/compression/lz4_block.wat', import.meta.url);

test('what decompresses LZ4 blocks is what its source says', async () => {
  const { parseWat } = await wabt();
  const parsed = parseWat('lz4_block.wat', readFileSync(SOURCE, 'utf8'), { bulk_memory: true });
  try {
    parsed.validate();
    const { buffer } = parsed.toBinary({});
    assert.equal(ASSEMBLED, Buffer.from(buffer).toString('base64'));
  } finally {
    parsed.destroy();
  }
});
