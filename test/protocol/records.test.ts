import { test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ByteWriter, viewOf } from '../../src/base/bytes.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import { RecordStream } from '../../src/protocol/record_stream.ts';
import { checkRecords, RecordFacts, RecordWalker } from '../../src/protocol/records.ts';
import { kernels } from '../tools/kernels.ts';

const nullableBytes = fc.option(fc.uint8Array({ maxLength: 200 }));
const record = fc.record({
  timestampDelta: fc.oneof(fc.integer({ min: 0, max: 50 }), fc.maxSafeInteger()),
  key: nullableBytes,
  value: nullableBytes,
  headers: fc.array(fc.tuple(fc.uint8Array({ maxLength: 5 }), nullableBytes), { maxLength: 3 }),
});
type Sample = typeof record extends fc.Arbitrary<infer T> ? T : never;

function varBytes(writer: ByteWriter, bytes: Uint8Array | null): void {
  writer.varint(bytes === null ? -1 : bytes.length);
  if (bytes !== null) writer.raw(bytes);
}

function write(samples: readonly Sample[]): Uint8Array {
  const all = new ByteWriter(kernels.encodeText);
  samples.forEach((sample, index) => {
    const one = new ByteWriter(kernels.encodeText);
    one.int8(0);
    one.varlong(sample.timestampDelta);
    one.varint(index);
    varBytes(one, sample.key);
    varBytes(one, sample.value);
    one.varint(sample.headers.length);
    for (const [key, value] of sample.headers) {
      varBytes(one, key);
      varBytes(one, value);
    }
    all.varint(one.position);
    all.raw(one.written());
  });
  return all.copyWritten();
}

const sliced = (bytes: Uint8Array, start: number, end: number) => (start < 0 ? null : bytes.slice(start, end));

test('records are walked as they were written, and the check says what is in them', () => {
  const facts = new RecordFacts();
  const walker = new RecordWalker();
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 8 }), (samples) => {
      const bytes = write(samples);
      assert.equal(checkRecords(viewOf(bytes), bytes, 0, bytes.length, samples.length, 1000, facts), ErrorCode.NONE);
      const deltas = samples.map((sample) => sample.timestampDelta);
      assert.equal(facts.timestampMax, 1000 + Math.max(...deltas));
      assert.equal(facts.timestampMin, 1000 + Math.min(...deltas));
      assert.equal(facts.timestampMaxDelta, deltas.indexOf(Math.max(...deltas)));
      assert.equal(
        facts.nullKeys,
        samples.some((sample) => sample.key === null),
      );
      assert.equal(facts.offsetsConsecutive, true);

      walker.reset(bytes, 0, bytes.length, samples.length, 500, 1000);
      samples.forEach((sample, index) => {
        assert.ok(walker.next());
        assert.equal(walker.offset, 500 + index);
        assert.equal(walker.timestamp, 1000 + sample.timestampDelta);
        assert.deepEqual(sliced(bytes, walker.keyStart, walker.keyEnd), sample.key);
        assert.deepEqual(sliced(bytes, walker.valueStart, walker.valueEnd), sample.value);
        assert.equal(walker.headerCount, sample.headers.length);
        for (const [key, value] of sample.headers) {
          assert.ok(walker.nextHeader());
          assert.deepEqual(sliced(bytes, walker.headerKeyStart, walker.headerKeyEnd), key);
          assert.deepEqual(sliced(bytes, walker.headerValueStart, walker.headerValueEnd), value);
        }
        assert.equal(walker.nextHeader(), false);
      });
      assert.equal(walker.next(), false);
      assert.equal(walker.failed, false);
    }),
  );
});

test('records that are read by words are judged as those that are read byte by byte', () => {
  const short = fc.record({
    timestampDelta: fc.oneof(fc.integer({ min: -9000, max: 9000 }), fc.constantFrom(63, 64, -64, -65, 8191, 8192)),
    key: fc.option(fc.uint8Array({ maxLength: 70 }), { freq: 2 }),
    value: fc.option(fc.uint8Array({ maxLength: 70 }), { freq: 4 }),
    headers: fc.constant<Sample['headers']>([]),
  });
  const byWords = new RecordFacts();
  const byBytes = new RecordFacts();
  fc.assert(
    fc.property(fc.array(fc.oneof({ weight: 9, arbitrary: short }, record), { maxLength: 150 }), (samples) => {
      const bytes = write(samples);
      const count = samples.length;
      assert.equal(checkRecords(viewOf(bytes), bytes, 0, bytes.length, count, 1000, byWords), ErrorCode.NONE);
      assert.equal(checkRecords(viewOf(bytes), bytes, 0, bytes.length, count, 1000, byBytes, false), ErrorCode.NONE);
      assert.deepEqual(byWords, byBytes);
    }),
  );
});

test('a spoiled byte never makes check and walk disagree, read outside, or throw', () => {
  const facts = new RecordFacts();
  const walker = new RecordWalker();
  fc.assert(
    fc.property(
      fc.array(record, { minLength: 1, maxLength: 4 }),
      fc.nat(),
      fc.nat(255),
      fc.nat(5),
      (samples, at, byte, count) => {
        const bytes = write(samples);
        bytes[at % bytes.length] = byte;
        const verdict = checkRecords(viewOf(bytes), bytes, 0, bytes.length, count, 0, facts);
        walker.reset(bytes, 0, bytes.length, count, 0, 0);
        while (walker.next()) {
          assert.ok(walker.end <= bytes.length && walker.keyEnd <= walker.end && walker.valueEnd <= walker.end);
          while (walker.nextHeader())
            assert.ok(walker.headerKeyEnd <= walker.end && walker.headerValueEnd <= walker.end);
        }
        assert.equal(verdict === ErrorCode.NONE, !walker.failed);
      },
    ),
    { numRuns: 3000 },
  );
});

test('with log-append time every record has the time of the batch', () => {
  const bytes = write([
    { timestampDelta: 5, key: null, value: null, headers: [] },
    { timestampDelta: 6, key: null, value: null, headers: [] },
  ]);
  const walker = new RecordWalker().reset(bytes, 0, bytes.length, 2, 0, 1000, 7777);
  while (walker.next()) assert.equal(walker.timestamp, 7777);
  assert.equal(walker.failed, false);
});

test('records in pieces, sound and spoiled, are judged as those that are whole', () => {
  const stream = new RecordStream();
  let refused = 0;
  fc.assert(
    fc.property(
      fc.array(record, { maxLength: 8 }),
      fc.option(fc.tuple(fc.nat(), fc.nat(255))),
      fc.tuple(fc.integer({ min: -1, max: 1 }), fc.nat(20)),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
      fc.boolean(),
      (samples, spoil, [more, cut], sizes, areLengthsHeld) => {
        const written = write(samples);
        if (spoil !== null && written.length > 0) written[spoil[0] % written.length] = spoil[1];
        const bytes = cut % 5 === 0 ? written.subarray(0, Math.max(0, written.length - cut)) : written;
        const count = Math.max(0, samples.length + more);
        const expected = new RecordFacts();
        const verdict = checkRecords(viewOf(bytes), bytes, 0, bytes.length, count, 1000, expected, areLengthsHeld);
        const walker = new RecordWalker(false).reset(bytes, 0, bytes.length, count, 0, 1000);
        let agrees = true;
        stream.reset(count, 1000, areLengthsHeld, (index, offsetDelta, timestamp, hasKey) => {
          if (!walker.next()) return true;
          agrees &&= walker.offset === offsetDelta && walker.timestamp === timestamp;
          agrees &&= hasKey === walker.keyStart >= 0 && index < count;
          return true;
        });
        for (let at = 0, piece = 0, isWanted = true; at < bytes.length && isWanted; piece++) {
          const size = sizes[piece % sizes.length]!;
          isWanted = stream.take(bytes.subarray(at, at + size));
          at += size;
        }
        const found = new RecordFacts();
        assert.equal(stream.verdict(found), verdict);
        if (verdict === ErrorCode.NONE) assert.deepEqual(found, expected);
        else refused++;
        assert.ok(agrees);
      },
    ),
    { numRuns: 3000 },
  );
  assert.ok(refused > 300);
});

test('a stream wants no more when its visitor has what it looked for', () => {
  const bytes = write([1, 2, 3].map((timestampDelta) => ({ timestampDelta, key: null, value: null, headers: [] })));
  const seen: number[] = [];
  const stream = new RecordStream().reset(3, 0, true, (_, __, timestamp) => seen.push(timestamp) < 2);
  assert.equal(stream.take(bytes), false);
  assert.deepEqual(seen, [1, 2]);
});
