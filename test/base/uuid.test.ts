import { test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isUuid, uuidOfRandomBytes, uuidText, writeUuid, ZERO_UUID } from '../../src/base/uuid.ts';

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const sixteen = fc.uint8Array({ minLength: 16, maxLength: 16 });

test('the text is the base64url of the bytes, and goes back to them', () => {
  fc.assert(
    fc.property(sixteen, (bytes) => {
      const text = uuidText(viewOf(bytes), 0);
      assert.equal(text, Buffer.from(bytes).toString('base64url'));
      assert.ok(isUuid(text));
      const back = new Uint8Array(16);
      writeUuid(viewOf(back), 0, text);
      assert.deepEqual(back, bytes);
    }),
  );
  assert.equal(uuidText(viewOf(new Uint8Array(16)), 0), ZERO_UUID);
});

test('only the one way of writing an id is an id', () => {
  for (const text of [
    '',
    'AAAAAAAAAAAAAAAAAAAAA',
    'AAAAAAAAAAAAAAAAAAAAAAA',
    'AAAAAAAAAAAAAAAAAAAAA+',
    'AAAAAAAAAAAAAAAAAAAAAB',
    'é'.repeat(22),
  ])
    assert.equal(isUuid(text), false, text);
});

test('random ids are of version 4 and never begin with a dash', () => {
  fc.assert(
    fc.property(sixteen, (bytes) => {
      const text = uuidOfRandomBytes(bytes);
      assert.ok(isUuid(text));
      assert.ok(!text.startsWith('-'));
    }),
  );
  assert.ok(!uuidOfRandomBytes(new Uint8Array(16).fill(0xfb)).startsWith('-'));
});
