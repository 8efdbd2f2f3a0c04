import { test } from 'node:test';
import assert from 'node:assert/strict';
import { AssertionFailure } from '../../src/base/assert.ts';
import { ByteReader, ByteWriter } from '../../src/base/bytes.ts';
import { ZERO_UUID } from '../../src/base/uuid.ts';
import { apis } from '../../src/protocol/api_keys.ts';
import { Codec, codecOf } from '../../src/protocol/codec.ts';
import { MESSAGES } from '../../src/protocol/schema/catalog.ts';
import type { metadataResponse } from '../../src/protocol/schema/03_metadata.ts';
import {
  array,
  bigInt64,
  bool,
  bytes,
  float64,
  int16,
  int32,
  int64,
  int8,
  message,
  records,
  string,
  struct,
  uint16,
  uint32,
  uuid,
  versionRange,
  within,
  type Decoded,
  type Encodable,
  type Versions,
} from '../../src/protocol/schema_language.ts';
import { fromHex, kernels, toHex } from '../tools/kernels.ts';

const pair = { left: int8(), right: string({ nullable: '2+', default: null }) };
const sample = message('Sample', {
  versions: '0-3',
  flexible: '2+',
  fields: {
    flag: bool(),
    since1: int16({ versions: '1+', default: 7 }),
    ignored: int32({ versions: '1+', default: -1, ignorable: true }),
    size: int64(),
    wide: bigInt64({ default: 9223372036854775807n }),
    ratio: float64(),
    port: uint16(),
    mask: uint32(),
    id: uuid(),
    body: bytes({ nullable: '0+' }),
    batch: records({ nullable: '0+' }),
    pairs: array(pair, { nullable: '1+' }),
    names: array(string()),
    one: struct(pair, { versions: '1+' }),
    maybe: struct({ x: int32() }, { versions: '1+', nullable: '1+', default: null }),
    note: string({ versions: '2+', tag: 0, nullable: '2+', default: null }),
    limits: array(int32(), { versions: '2+', tag: 1 }),
    nested: struct({ a: int32({ default: -1 }), b: struct({ c: string() }) }, { versions: '3+', tag: 2 }),
    blob: bytes({ versions: '2+', tag: 300 }),
  },
});
type Sample = Decoded<typeof sample>;
const codec = codecOf(sample);

const least: Encodable<typeof sample> = {
  flag: true,
  size: -5,
  ratio: 0.5,
  port: 65535,
  mask: 4294967295,
  id: 'AAAAAAAAAAAAAAAAAAAAAQ',
  body: null,
  batch: new Uint8Array([1, 2]),
  pairs: [{ left: -1 }, { left: 2, right: 'é' }],
  names: ['', 'a'.repeat(70)],
};

function encode(version: number, value: Encodable<typeof sample>): Uint8Array {
  const writer = new ByteWriter(kernels.encodeText, 1);
  codec.encode(writer, version, value);
  return writer.copyWritten();
}

function decode(version: number, bytes: Uint8Array): Sample | null {
  const reader = new ByteReader(kernels.decodeText).resetTo(bytes);
  const value = codec.decode(reader, version);
  return reader.failed || reader.remaining > 0 ? null : value;
}

const inVersion1 = { ...least, pairs: [], one: { left: 1, right: '' } };

test('what is left out has its default, in every version', () => {
  for (let version = 1; version <= 3; version++) {
    const value = decode(version, encode(version, version < 2 ? inVersion1 : least));
    assert.ok(value !== null);
    assert.equal(value.since1, 7);
    assert.equal(value.ignored, -1);
    assert.equal(value.wide, 9223372036854775807n);
    assert.equal(value.maybe, null);
    assert.equal(value.note, null);
    assert.deepEqual(value.limits, []);
    assert.deepEqual(value.nested, { a: -1, b: { c: '' } });
    assert.deepEqual(value.names, least.names);
    assert.equal(value.port, 65535);
    assert.equal(value.mask, 4294967295);
  }
});

test('tagged fields come back, also such as are larger than 127 bytes', () => {
  const full = {
    ...least,
    note: null,
    limits: Array.from({ length: 100 }, (_, index) => index),
    nested: { a: 5, b: { c: 'c'.repeat(200) } },
    blob: new Uint8Array(20_000).fill(7),
    maybe: { x: 3 },
    one: { left: 3, right: null },
  };
  const value = decode(3, encode(3, full))!;
  assert.deepEqual(value.limits, full.limits);
  assert.deepEqual(value.nested, full.nested);
  assert.deepEqual(value.blob, full.blob);
  assert.deepEqual(value.maybe, { x: 3 });
  assert.deepEqual(value.one, { left: 3, right: null });
});

test('a field that the version lacks is a bug if it is set, unless it may be ignored', () => {
  const older = { ...least, pairs: [] };
  assert.throws(() => encode(0, { ...older, since1: 8 }), /Sample\.since1 is set, but version 0/);
  assert.throws(() => encode(0, { ...older, one: { left: 0, right: 'x' } }), AssertionFailure);
  assert.throws(() => encode(1, { ...inVersion1, note: 'x' }), /Sample\.note/);
  assert.doesNotThrow(() => encode(0, { ...older, since1: 7, ignored: 12, one: { left: 0 } }));
});

test('a null where none may be is a bug in a value, and a failure in bytes', () => {
  assert.throws(() => encode(0, { ...least, pairs: null }), /Sample\.pairs is null/);
  assert.throws(
    () => encode(1, { ...inVersion1, pairs: [{ left: 1, right: null }] }),
    /Sample\.pairs\[\]\.right is null/,
  );
  assert.equal(decode(1, encode(1, { ...inVersion1, pairs: null }))?.pairs, null);
  const names = encode(2, { ...least, pairs: null, names: [] });
  const nullNames = names.slice();
  // pairs, names, one (left, right, tags), maybe, tags
  assert.equal(toHex(names).slice(-14), '00' + '01' + '000000' + 'ff' + '00');
  nullNames[names.length - 6] = 0;
  assert.equal(decode(2, nullNames), null);
});

test('tags out of order, twice, of a wrong size, or of too many bytes are refused', () => {
  const tagged = message('Tagged', {
    versions: '0',
    flexible: '0+',
    fields: { x: int32({ tag: 1 }), y: string({ tag: 3 }) },
  });
  const read = (hex: string) => {
    const reader = new ByteReader(kernels.decodeText).resetTo(fromHex(hex));
    const value = codecOf(tagged).decode(reader, 0);
    return reader.remaining === 0 ? value : null;
  };
  assert.deepEqual(read('020104000000050302' + '0161'.slice(0, 0) + '0261'), { x: 5, y: 'a' });
  assert.deepEqual(read('0200010009' + '00'), { x: 0, y: '' });
  for (const bad of [
    '0203020261010400000005', // descending
    '02010400000005010400000006', // twice
    '01010500000005ff', // one byte too many
    '0101030000000500', // one too few
    '01010400', // cut
    '0103050261', // size beyond the end
    'ffffffff07', // two thousand million tags
  ])
    assert.equal(read(bad), null, bad);
});

test('unknown tags are skipped, or kept if one likes', () => {
  const empty = message('Empty', { versions: '0', flexible: '0+', fields: {} });
  const bytes = fromHex('02050161090242ff');
  const reader = new ByteReader(kernels.decodeText);
  assert.deepEqual(codecOf(empty).decode(reader.resetTo(bytes), 0), {});
  const keeping = new Codec(empty, { wide: false, keepUnknownTags: true });
  const value = keeping.decode(reader.resetTo(bytes), 0)!;
  const writer = new ByteWriter(kernels.encodeText);
  keeping.encode(writer, 0, value);
  assert.equal(toHex(writer.written()), toHex(bytes));
});

test('bytes are copied, records are a view of what was read', () => {
  const encoded = encode(2, { ...least, body: new Uint8Array([9, 9]) });
  const value = decode(2, encoded)!;
  encoded.fill(0);
  assert.deepEqual([...value.body!], [9, 9]);
  assert.deepEqual([...value.batch!], [0, 0]);
});

test('a fixed writer that is too small fails at every size, and never writes beyond', () => {
  const whole = encode(3, { ...least, note: 'note', nested: { a: 1, b: { c: 'x'.repeat(150) } } });
  for (let size = 0; size < whole.length; size++) {
    const memory = new Uint8Array(whole.length + 8).fill(0xee);
    const writer = new ByteWriter(kernels.encodeText, memory).reset(new DataView(memory.buffer), memory, 0, size);
    codec.encode(writer, 3, { ...least, note: 'note', nested: { a: 1, b: { c: 'x'.repeat(150) } } });
    assert.equal(writer.failed, true, String(size));
    assert.ok(
      memory.subarray(size).every((byte) => byte === 0xee),
      String(size),
    );
  }
});

test('several messages behind each other: a reader and a writer go on where they were', () => {
  const writer = new ByteWriter(kernels.encodeText, 4);
  writer.int8(1);
  codec.encode(writer, 2, least);
  codec.encode(writer, 2, least);
  writer.int8(2);
  const reader = new ByteReader(kernels.decodeText).resetTo(writer.copyWritten());
  assert.equal(reader.int8(), 1);
  assert.deepEqual(codec.decode(reader, 2), codec.decode(reader, 2));
  assert.equal(reader.int8(), 2);
  assert.equal(reader.failed, false);
});

test('an unknown version is a bug of the caller', () => {
  assert.equal(codec.has(4), false);
  assert.throws(() => encode(4, least), AssertionFailure);
  assert.throws(() => decode(-1, new Uint8Array(0)), AssertionFailure);
});

test('ranges of versions', () => {
  const inside = (versions: Versions) =>
    [0, 1, 2, 3, 4, 5].filter((version) => within(version, versionRange(versions)));
  assert.deepEqual(inside('2'), [2]);
  assert.deepEqual(inside('1-3'), [1, 2, 3]);
  assert.deepEqual(inside('4+'), [4, 5]);
});

test('requests and responses are defined for the versions that the table of APIs has', () => {
  for (const api of apis()) {
    for (const side of ['Request', 'Response']) {
      const defined = MESSAGES.find((each) => each.name === `${api.name}${side}`);
      assert.ok(defined !== undefined, `${api.name}${side}`);
      assert.equal(defined.apiKey, api.key);
      assert.deepEqual([defined.minVersion, defined.maxVersion], [api.minVersion, api.maxVersion], defined.name);
      for (let version = api.minVersion; version <= api.maxVersion; version++) {
        const isFlexible: boolean = defined.flexible !== undefined && within(version, versionRange(defined.flexible));
        assert.equal(isFlexible, version >= api.flexibleFrom, `${defined.name} ${version}`);
      }
      if (side === 'Response') continue;
      assert.equal(defined.lastVersionUnstable === true, api.maxStableVersion < api.maxVersion, defined.name);
    }
  }
});

test('types: what is decoded has every field, what is encoded may leave some out', () => {
  // Compiled, not run: the compiler is the test.
  const response: Encodable<typeof metadataResponse> = {
    brokers: [{ nodeId: 1, host: 'h', port: 9092 }],
    topics: [{ errorCode: 0, name: null, partitions: [] }],
  };
  const decoded = null as Decoded<typeof metadataResponse> | null;
  const rack: string | null | undefined = decoded?.brokers[0]?.rack;
  // @ts-expect-error a text is no number
  const wrong: Encodable<typeof metadataResponse>['topics'] = [{ errorCode: '0', name: '', partitions: [] }];
  // @ts-expect-error brokers may not be left out
  const missing: Encodable<typeof metadataResponse> = { topics: [] };
  assert.deepEqual(
    [rack, wrong.length, missing.topics, response.brokers.length, ZERO_UUID.length],
    [undefined, 1, [], 1, 22],
  );
});
