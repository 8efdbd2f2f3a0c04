import { test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ByteReader, ByteWriter, ELEMENTS_MAX, unsignedVarintBytes } from '../../src/base/bytes.ts';

const decoder = new TextDecoder();
const encoder = new TextEncoder();
const decodeText = (bytes: Uint8Array, start: number, end: number) => decoder.decode(bytes.slice(start, end));
const encodeText = (text: string) => encoder.encode(text);

const readerOf = (bytes: Uint8Array) => new ByteReader(decodeText).resetTo(bytes);
const writer = (capacity = 1) => new ByteWriter(encodeText, capacity);
const hex = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'));

test('what is written is read back, field by field, whatever the capacity to begin with', () => {
  const field = fc.oneof(
    fc.tuple(fc.constant('int8'), fc.integer({ min: -128, max: 127 })),
    fc.tuple(fc.constant('int16'), fc.integer({ min: -32768, max: 32767 })),
    fc.tuple(fc.constant('uint16'), fc.integer({ min: 0, max: 65535 })),
    fc.tuple(fc.constant('int32'), fc.integer()),
    fc.tuple(fc.constant('uint32'), fc.integer({ min: 0, max: 0xffffffff })),
    fc.tuple(fc.constant('int64'), fc.maxSafeInteger()),
    fc.tuple(fc.constant('bigInt64'), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
    fc.tuple(fc.constant('float64'), fc.double({ noNaN: true })),
    fc.tuple(fc.constant('unsignedVarint'), fc.integer({ min: 0, max: 0xffffffff })),
    fc.tuple(fc.constant('varint'), fc.integer()),
    fc.tuple(fc.constant('varlong'), fc.maxSafeInteger()),
    fc.tuple(fc.constant('bigVarlong'), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
    fc.tuple(fc.constant('boolean'), fc.boolean()),
    fc.tuple(fc.constant('string'), fc.string({ unit: 'grapheme' })),
    fc.tuple(fc.constant('nullableString'), fc.option(fc.string())),
    fc.tuple(fc.constant('compactString'), fc.string({ unit: 'grapheme' })),
    fc.tuple(fc.constant('compactNullableString'), fc.option(fc.string({ minLength: 100, maxLength: 300 }))),
    fc.tuple(fc.constant('bytesField'), fc.uint8Array()),
    fc.tuple(fc.constant('compactBytesField'), fc.uint8Array({ maxLength: 300 })),
  );
  fc.assert(
    fc.property(fc.array(field, { maxLength: 40 }), fc.integer({ min: 1, max: 64 }), (fields, capacity) => {
      const out = writer(capacity);
      const table = out as unknown as Record<string, (value: unknown) => void>;
      for (const [name, value] of fields) table[name]!.call(out, value);
      const reader = readerOf(out.copyWritten());
      const reading = reader as unknown as Record<string, () => unknown>;
      for (const [name, value] of fields) assert.deepEqual(reading[name]!.call(reader), value, name);
      assert.equal(reader.failed, false);
      assert.equal(reader.remaining, 0);
    }),
  );
});

test('a reader past its end returns zeros, remembers it, and never throws', () => {
  const methods = [
    'int8',
    'uint8',
    'int16',
    'uint16',
    'int32',
    'uint32',
    'int64',
    'bigInt64',
    'float64',
    'unsignedVarint',
    'varint',
    'varlong',
    'bigVarlong',
    'uuid',
    'string',
    'nullableString',
    'compactString',
    'compactNullableString',
    'bytesField',
    'nullableBytesField',
    'compactBytesField',
    'compactNullableBytesField',
    'skipTaggedFields',
  ] as const;
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 30 }),
      fc.array(fc.constantFrom(...methods), { maxLength: 30 }),
      (bytes, calls) => {
        const reader = readerOf(bytes);
        for (const call of calls) {
          const failedBefore = reader.failed;
          reader[call]();
          assert.ok(reader.position <= reader.end);
          if (failedBefore) assert.equal(reader.remaining, 0);
          if (reader.failed) assert.equal(reader.int32(), 0);
        }
      },
    ),
    { numRuns: 2000 },
  );
});

test('lengths and counts are held against the bytes that are left', () => {
  for (const count of ['7fffffff', 'fffffffe', '00100000', '00000003']) {
    const reader = readerOf(hex(`${count}0000000000`));
    assert.equal(reader.arrayCount(2), 0);
    assert.equal(reader.failed, true, count);
  }
  assert.equal(readerOf(hex('000000020000ffff')).arrayCount(2), 2);
  assert.equal(readerOf(hex('ffffffff')).arrayCount(1), -1);
  assert.equal(readerOf(hex('00')).compactArrayCount(1), -1);
  assert.equal(readerOf(hex('030000')).compactArrayCount(1), 2);
  const tooLong = readerOf(hex('000361'));
  assert.equal(tooLong.string(), '');
  assert.equal(tooLong.failed, true);
  const nullWhereNoneMayBe = readerOf(hex('ffff'));
  assert.equal(nullWhereNoneMayBe.string(), '');
  assert.equal(nullWhereNoneMayBe.failed, true);
});

test('the elements of a message are bounded in all', () => {
  const bytes = new Uint8Array(4 + ELEMENTS_MAX * 2);
  new DataView(bytes.buffer).setInt32(0, ELEMENTS_MAX + 1);
  const reader = readerOf(bytes);
  assert.equal(reader.arrayCount(1), 0);
  assert.equal(reader.failed, true);
});

test('a number form refuses what a number does not hold, the bigint form takes it', () => {
  const edge = hex('0020000000000000');
  assert.equal(readerOf(edge).int64(), 0);
  assert.equal(readerOf(edge).bigInt64(), 2n ** 53n);
  assert.equal(readerOf(hex('001fffffffffffff')).int64(), 2 ** 53 - 1);
  assert.equal(readerOf(hex('ffe0000000000000')).int64(), -(2 ** 53));
  const below = readerOf(hex('ffdfffffffffffff'));
  below.int64();
  assert.equal(below.failed, true);
});

test('varints of too many bytes fail', () => {
  const five = readerOf(hex('ffffffff0f'));
  assert.equal(five.unsignedVarint(), 0xffffffff);
  const six = readerOf(hex('808080808001'));
  six.unsignedVarint();
  assert.equal(six.failed, true);
  const eleven = readerOf(hex('8080808080808080808001'));
  eleven.bigVarlong();
  assert.equal(eleven.failed, true);
  assert.deepEqual([0, 127, 128, 16383, 16384, 2 ** 28, 0xffffffff].map(unsignedVarintBytes), [1, 1, 2, 2, 3, 5, 5]);
});

test('tagged fields are stepped over; tags that do not ascend fail', () => {
  const good = readerOf(hex('020001ff0500aa'));
  good.skipTaggedFields();
  assert.equal(good.failed, false);
  assert.equal(good.remaining, 1);
  for (const bad of ['0205000500', '0206000500', '7f0000', '010005aa']) {
    const reader = readerOf(hex(bad));
    reader.skipTaggedFields();
    assert.equal(reader.failed, true, bad);
  }
});

test('a fixed writer that is full keeps what it has and says so', () => {
  const memory = new Uint8Array(8).fill(0xee);
  const fixed = new ByteWriter(encodeText, memory).reset(new DataView(memory.buffer), memory, 1, 7);
  fixed.int32(0x01020304);
  fixed.int32(5);
  fixed.int8(6);
  assert.equal(fixed.failed, true);
  assert.equal(fixed.position, 5);
  assert.deepEqual([...memory], [0xee, 1, 2, 3, 4, 0xee, 0xee, 0xee]);
  assert.throws(() => writer().reset(new DataView(memory.buffer), memory, 0, 8), /growing/);
});
