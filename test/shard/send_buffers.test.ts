import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SendBuffers, type SendBuffer } from '../../src/shard/send_buffers.ts';

const KIB = 1024;

test('a buffer is long enough, is nobody else’s until it is given back, and what is out is counted', () => {
  const step = fc.record({ bytes: fc.integer({ min: 0, max: 300 * KIB }), gives: fc.boolean(), which: fc.nat(50) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const buffers = new SendBuffers(256 * KIB);
      const out: SendBuffer[] = [];
      for (const { bytes, gives, which } of steps) {
        if (gives && out.length > 0) {
          const [given] = out.splice(which % out.length, 1);
          buffers.give(given!);
        } else {
          const taken = buffers.take(bytes);
          assert.ok(taken.bytes.length >= bytes);
          assert.ok(!out.includes(taken));
          assert.equal(taken.view.buffer, taken.bytes.buffer);
          out.push(taken);
        }
        assert.equal(
          buffers.takenBytes,
          out.reduce((sum, buffer) => sum + buffer.bytes.length, 0),
        );
      }
    }),
    { numRuns: 30 },
  );
});

test('what is given back is taken again, up to the bound', () => {
  const buffers = new SendBuffers(32 * KIB);
  const [one, two, three] = [buffers.take(1), buffers.take(16 * KIB), buffers.take(10)];
  assert.equal(one.bytes.length, 16 * KIB);
  for (const buffer of [one, two, three]) buffers.give(buffer);
  const again = new Set([buffers.take(5), buffers.take(5), buffers.take(5)]);
  assert.ok(again.has(one) && again.has(two) && !again.has(three));
});

test('a size of exactly a power of two is not rounded up; the largest are left to the garbage collector', () => {
  const buffers = new SendBuffers(1024 * KIB * KIB);
  assert.equal(buffers.take(64 * KIB).bytes.length, 64 * KIB);
  assert.equal(buffers.take(64 * KIB + 1).bytes.length, 128 * KIB);
  const huge = buffers.take(64 * KIB * KIB + 1);
  assert.equal(huge.bytes.length, 128 * KIB * KIB);
  buffers.give(huge);
  assert.notEqual(buffers.take(64 * KIB * KIB + 1), huge);
});
