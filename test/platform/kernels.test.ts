import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { crc32cOf } from '../../src/platform/crc32c.ts';
import { createKernels, loadKernels } from '../../src/platform/kernels.ts';

const kernels = await loadKernels(null);
const withoutNative = createKernels(
  () => null,
  () => 0n,
);

function shared(bytes: Uint8Array): Uint8Array {
  const view = new Uint8Array(new SharedArrayBuffer(bytes.length));
  view.set(bytes);
  return view;
}

test('the check value of CRC-32C', () => {
  const digits = Buffer.from('123456789');
  assert.equal(kernels.crc32c(digits, 0, 9), 0xe3069283);
  assert.equal(withoutNative.crc32c(digits, 0, 9), 0xe3069283);
  assert.equal(kernels.crc32c(digits, 4, 4), 0);
  assert.equal(kernels.crc32c(digits, 4, 4, 77), 77);
});

test('native and JavaScript agree on every range, over shared and plain memory, whole and in parts', () => {
  const bytes = fc.uint8Array({ minLength: 0, maxLength: 3000 });
  fc.assert(
    fc.property(bytes, fc.nat(3000), fc.nat(3000), fc.nat(3000), (content, a, b, c) => {
      const [start, middle, end] = [a, b, c].map((at) => Math.min(at, content.length)).sort((x, y) => x - y) as [
        number,
        number,
        number,
      ];
      const expected = crc32cOf(content, start, end, 0);
      for (const view of [content, shared(content)]) {
        assert.equal(kernels.crc32c(view, start, end), expected);
        assert.equal(kernels.crc32c(view, middle, end, kernels.crc32c(view, start, middle)), expected);
        assert.equal(withoutNative.crc32c(view, start, end), expected);
      }
    }),
    { numRuns: 200 },
  );
});

test('the native package is asked for once, when there is much to check', () => {
  let asked = 0;
  const late = createKernels(
    () => {
      asked++;
      return null;
    },
    () => 0n,
  );
  const bytes = new Uint8Array(16 * 1024);
  for (let time = 0; time < 4; time++) late.crc32c(bytes, 0, bytes.length);
  assert.equal(asked, 0, '64 KiB of a start');
  for (let time = 0; time < 4; time++)
    assert.equal(late.crc32c(bytes, 0, bytes.length), crc32cOf(bytes, 0, bytes.length, 0));
  assert.equal(asked, 1);
});

test('xxHash64 of known texts, low half', () => {
  // From the reference implementation: XXH64("") = ef46db3751d8e999, XXH64("abc") = 44bc2cf5ad770999.
  assert.equal(kernels.xxhash(new Uint8Array(0), 0, 0), 0x51d8e999);
  assert.equal(kernels.xxhash(shared(Buffer.from('-abc-')), 1, 4), 0xad770999);
});

test('text goes to UTF-8 and back, from shared memory too; what is malformed is U+FFFD', () => {
  const text = '\ufeffGrüße, 世界 🚀\u0000';
  const bytes = kernels.encodeText(text);
  assert.equal(bytes.constructor, Uint8Array, 'not a Buffer of a pool');
  assert.equal(bytes.buffer.byteLength, bytes.length);
  assert.equal(kernels.decodeText(bytes, 0, bytes.length), text, 'a byte order mark stays');
  assert.equal(kernels.decodeText(shared(bytes), 3, 6), 'Gr\ufffd');
  assert.equal(kernels.decodeText(Uint8Array.of(0x61, 0xff, 0xc0, 0x62), 0, 4), 'a\ufffd\ufffdb');
  assert.equal(kernels.decodeText(bytes, 5, 5), '');
  assert.deepEqual([...kernels.encodeText('\ud800')], [0xef, 0xbf, 0xbd]);
});
