import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import {
  recordBytes,
  RingReader,
  ringPayloadMaxOf,
  ringStride,
  RingWriter,
  smallestRingBytes,
} from '../../src/shared-memory/ring.ts';
import { startRingAt } from './ring_start.ts';

function makeRing(ringBytes: number, start = 0) {
  const place = { memory: new SharedArrayBuffer(ringStride(ringBytes)), start: 0, ringBytes };
  startRingAt(place, start);
  return { place, writer: new RingWriter(place), reader: new RingReader(place) };
}

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ action: fc.constant('begin' as const), length: fc.nat(70) }) },
  { weight: 2, arbitrary: fc.record({ action: fc.constant('publish' as const), length: fc.constant(0) }) },
  {
    weight: 2,
    arbitrary: fc.record({ action: fc.constant('drain' as const), length: fc.integer({ min: 1, max: 5 }) }),
  },
);

suite('ring', () => {
  test('row 51: messages come out as they went in, over the wrap at 2^32, and none before it is published', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(128, 256, 1024),
        fc.nat(2048),
        fc.array(step, { maxLength: 200 }),
        (ringBytes, below, steps) => {
          const { writer, reader } = makeRing(ringBytes, 2 ** 32 - (below & -16));
          const begun: number[][] = [];
          const published: number[][] = [];
          let number = 0;
          for (const { action, length } of steps) {
            if (action === 'begin') {
              const position = writer.begin(number % 7, number, length, -number);
              if (position < 0) {
                const empty = begun.length + published.length === 0;
                assert.ok(!empty || recordBytes(length) > ringBytes / 2, 'an empty ring takes half of its length');
                continue;
              }
              for (let at = 0; at < length; at++) writer.view.setUint8(position + at, number + at);
              begun.push([number, length]);
              number++;
            } else if (action === 'publish') {
              assert.equal(writer.publish(), begun.length > 0);
              published.push(...begun.splice(0));
              assert.equal(reader.isEmpty(), published.length === 0);
            } else {
              const drained = reader.drain(length, {
                message: (kind, correlation, extra, start, payloadLength) => {
                  const [expected, expectedLength] = published.shift()!;
                  assert.deepEqual([correlation, payloadLength, kind], [expected, expectedLength, expected! % 7]);
                  assert.equal(extra, -expected! | 0);
                  for (let at = 0; at < payloadLength; at++) {
                    assert.equal(reader.view.getUint8(start + at), (expected! + at) & 255);
                  }
                },
              });
              assert.ok(drained === length || published.length === 0);
            }
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  test('row 51: a full ring refuses until the consumer has given bytes back', () => {
    const { writer, reader } = makeRing(128);
    const ignore = { message: () => {} };
    for (let count = 0; count < 4; count++) assert.ok(writer.begin(1, count, 16) >= 0);
    assert.equal(writer.begin(1, 4, 0), -1);
    writer.publish();
    assert.equal(writer.begin(1, 4, 0), -1);
    assert.equal(reader.drain(1, ignore), 1);
    assert.ok(writer.begin(1, 4, 16) >= 0);
    assert.equal(writer.begin(1, 5, 0), -1);
  });

  test('refunds and the wish for room go the other way', () => {
    const { place, writer, reader } = makeRing(128);
    assert.equal(reader.takeStarved(), false);
    writer.declareStarved();
    assert.equal(reader.takeStarved(), true);
    assert.equal(reader.takeStarved(), false);
    reader.refund(48);
    assert.equal(writer.loadRefunded(), 0);
    reader.publishRefunds();
    assert.equal(writer.loadRefunded(), 48);
    assert.equal(new RingReader(place).isEmpty(), true);
  });

  test('a handler does not drain its own ring', () => {
    const { writer, reader } = makeRing(128);
    writer.begin(1, 0, 0);
    writer.publish();
    const handler = { message: (): void => void reader.drain(1, handler) };
    assert.throws(() => reader.drain(1, handler), /inside its handler/);
  });

  test('a payload of the default length fits its eighth; the smallest ring holds three', () => {
    assert.equal(recordBytes(ringPayloadMaxOf(4096)), 512);
    for (const payload of [0, 1, 16, 100, 1000]) {
      const bytes = smallestRingBytes(payload);
      assert.ok(bytes >= 3 * recordBytes(payload) && (bytes & (bytes - 1)) === 0);
    }
  });
});
