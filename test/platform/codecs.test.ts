import { test } from 'node:test';
import assert from 'node:assert/strict';
import { crc32, gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { compressSync } from 'lz4-napi';
import { createCodecs } from '../../src/platform/codecs.ts';
import { newLz4BlockModule } from '../../src/platform/compression/lz4_block.ts';
import { decompressBlock } from './lz4_block_model.ts';
import { UnpackingMemory } from '../../src/platform/compression/output.ts';
import { decompressAsDocumented, ZstdDecompression } from '../../src/platform/compression/zstd.ts';
import { xxh32 } from '../../src/platform/compression/xxh32.ts';
import { CodecFailure, type Codecs } from '../../src/port/codecs.ts';

const CODECS: readonly (readonly [name: string, codec: number])[] = [
  ['gzip', 1],
  ['snappy', 2],
  ['lz4', 3],
  ['zstd', 4],
];
const native = createCodecs(null);
const fallback = createCodecs(null, () => () => null);
const generous = 64 << 20;

/** Something between noise and repetition. */
const plainBytes = fc
  .tuple(fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.integer({ min: 1, max: 400 }))
  .map(([piece, times]) => Uint8Array.from({ length: piece.length * times }, (_, at) => piece[at % piece.length]!));

function decompressed(codecs: Codecs, codec: number, bytes: Uint8Array, bytesMax = generous): Uint8Array {
  const result = codecs.decompress(codec, bytes, 0, bytes.length, bytesMax);
  assert.ok(!(result instanceof CodecFailure), result instanceof CodecFailure ? result.detail : '');
  return result;
}

for (const [name, codec] of CODECS) {
  test(`${name}: what was compressed comes back, from shared memory too`, () => {
    fc.assert(
      fc.property(
        plainBytes,
        fc.constantFrom(native, fallback),
        fc.constantFrom(native, fallback),
        (plain, one, other) => {
          const compressed = one.compress(codec, plain, 0, plain.length, 3);
          const shared = new Uint8Array(new SharedArrayBuffer(compressed.length + 5));
          shared.set(compressed, 3);
          const result = other.decompress(codec, shared, 3, 3 + compressed.length, generous);
          assert.ok(!(result instanceof CodecFailure));
          assert.equal(Buffer.compare(result, plain), 0);
        },
      ),
      { numRuns: 60 },
    );
  });

  test(`${name}: output is bounded, by whatever ratio it was compressed`, () => {
    const zeros = new Uint8Array(4 << 20);
    const bomb = native.compress(codec, zeros, 0, zeros.length, 3);
    assert.equal(decompressed(native, codec, bomb).length, zeros.length);
    assert.equal(decompressed(native, codec, bomb, zeros.length).length, zeros.length);
    const refused = native.decompress(codec, bomb, 0, bomb.length, zeros.length - 1);
    assert.ok(refused instanceof CodecFailure && refused.reason === 'too large', JSON.stringify(refused));
  });

  test(`${name}: spoiled and cut input is refused or gives some bytes, and nothing throws`, () => {
    const plain = new TextEncoder().encode('one two three four '.repeat(300));
    const compressed = native.compress(codec, plain, 0, plain.length, 3);
    fc.assert(
      fc.property(
        fc.nat(compressed.length - 1),
        fc.nat(255),
        fc.nat(compressed.length),
        fc.boolean(),
        (at, byte, cut, whole) => {
          const spoiled = compressed.slice(0, whole ? compressed.length : cut);
          if (at < spoiled.length) spoiled[at] = byte;
          for (const codecs of [native, fallback]) {
            const result = codecs.decompress(codec, spoiled, 0, spoiled.length, 100_000);
            assert.ok(result instanceof CodecFailure || result.length <= 100_000);
          }
        },
      ),
      { numRuns: 400 },
    );
  });

  test(`${name}: in pieces as in one, sound, spoiled and cut, and bounded`, () => {
    fc.assert(
      fc.property(plainBytes, fc.option(fc.tuple(fc.nat(), fc.nat(255))), fc.nat(50), (plain, spoil, cut) => {
        const packed = native.compress(codec, plain, 0, plain.length, 3);
        if (spoil !== null) packed[spoil[0] % packed.length] = spoil[1];
        const end = cut % 5 === 0 ? Math.max(0, packed.length - cut) : packed.length;
        for (const bytesMax of [generous, 1000]) {
          const pieces: Uint8Array[] = [];
          const take = (piece: Uint8Array): boolean => pieces.push(piece.slice()) > 0;
          const failure = native.decompressInPieces(codec, packed, 0, end, bytesMax, take);
          const whole = native.decompress(codec, packed, 0, end, bytesMax);
          if (whole instanceof CodecFailure) {
            assert.ok(failure !== null);
            if (bytesMax === generous) assert.equal(failure.reason, whole.reason);
          } else {
            assert.equal(failure, null);
            assert.equal(Buffer.compare(Buffer.concat(pieces), whole), 0);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  test(`${name}: large in pieces takes no more memory than small, and large in one gives it back`, () => {
    const zeros = new Uint8Array(40 << 20);
    const bomb = native.compress(codec, zeros, 0, zeros.length, 3);
    const before = process.memoryUsage().arrayBuffers;
    let length = 0;
    let held = 0;
    const failure = native.decompressInPieces(codec, bomb, 0, bomb.length, zeros.length, (piece) => {
      length += piece.length;
      held = Math.max(held, process.memoryUsage().arrayBuffers - before);
      return true;
    });
    assert.equal(failure, null);
    assert.equal(length, zeros.length);
    assert.ok(held < 4 << 20, `${held} B`);
    const refused = native.decompressInPieces(codec, bomb, 0, bomb.length, zeros.length - 1, () => true);
    assert.equal(refused?.reason, 'too large');
    let calls = 0;
    assert.equal(
      native.decompressInPieces(codec, bomb, 0, bomb.length, zeros.length, () => ++calls < 3),
      null,
    );
    assert.equal(calls, 3);

    const whole = decompressed(native, codec, bomb);
    assert.equal(whole.length, zeros.length);
    native.release();
    // gzip's library makes its own, LZ4 has that of WebAssembly: the collector's.
    if (codec === 2 || codec === 4) assert.equal(whole.byteLength, 0);
  });

  test(`${name}: noise is refused`, () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (noise) => {
        const result = native.decompress(codec, noise, 0, noise.length, generous);
        assert.ok(result instanceof CodecFailure || result.length <= noise.length * 300);
      }),
      { numRuns: 500 },
    );
  });
}

test('snappy: a literal of a negative length does not hang', () => {
  const bytes = Uint8Array.from([100, 0xfc, 0xf0, 0xff, 0xff, 0xff, 0, 0, 0, 0]);
  assert.ok(native.decompress(2, bytes, 0, bytes.length, generous) instanceof CodecFailure);
});

test('snappy: raw blocks, and streams one behind the other', () => {
  const raw = Uint8Array.from([6, 0x08, 97, 98, 99, 0x01 | (0 << 2), 3]);
  assert.ok(native.decompress(2, raw, 0, raw.length, generous) instanceof CodecFailure);
  const good = Uint8Array.from([7, 0x08, 97, 98, 99, 0x01 | (0 << 2), 3]);
  assert.equal(Buffer.from(decompressed(native, 2, good)).toString(), 'abcabca');
  const plain = new TextEncoder().encode('snappy '.repeat(10_000));
  const stream = native.compress(2, plain, 0, plain.length, 0);
  assert.equal(decompressed(native, 2, Buffer.concat([stream, stream])).length, 2 * plain.length);
});

test('gzip: members one behind the other, header fields, garbage at the end', () => {
  const one = gzipSync('first ');
  const header = Buffer.from('1f8b081e00000000000303006162634e414d45004300', 'hex');
  const headerChecksum = Buffer.alloc(2);
  headerChecksum.writeUInt16LE(crc32(header) & 0xffff);
  const named = Buffer.concat([header, headerChecksum, one.subarray(10)]);
  const all = Buffer.concat([one, named, Buffer.from('garbage')]);
  assert.equal(Buffer.from(decompressed(native, 1, all)).toString(), 'first first ');
  const wrongChecksum = Buffer.from(one);
  wrongChecksum[wrongChecksum.length - 8]! ^= 1;
  assert.ok(native.decompress(1, wrongChecksum, 0, wrongChecksum.length, generous) instanceof CodecFailure);
});

test('zstd: frames one behind the other; garbage at the end is refused', () => {
  const frame = zstdCompressSync(Buffer.from('frame '));
  assert.equal(Buffer.from(decompressed(native, 4, Buffer.concat([frame, frame]))).toString(), 'frame frame ');
  const garbage = Buffer.concat([frame, Buffer.from('garbage')]);
  assert.ok(native.decompress(4, garbage, 0, garbage.length, generous) instanceof CodecFailure);
});

test('zstd: by the inside of a stream as by the documented function, also for spoiled and cut input', () => {
  const pieces = ['one two three '.repeat(200), 'x', 'one two three four '.repeat(4000)];
  const frames = pieces.map((piece) => zstdCompressSync(Buffer.from(piece)));
  const whole = Buffer.concat(frames);
  const unpacked = pieces.join('').length;
  const decompression = new ZstdDecompression();
  const memory = new UnpackingMemory();
  const bounds = fc.constantFrom(unpacked - 1, unpacked, unpacked + 1, 100, generous);
  const cuts = fc.oneof(fc.constant(whole.length), fc.nat(whole.length), fc.constant(frames[0]!.length));
  const spoils = fc.option(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)));
  fc.assert(
    fc.property(bounds, cuts, spoils, (bytesMax, cut, spoil) => {
      const input = new Uint8Array(whole.subarray(0, cut));
      if (spoil !== null && spoil[0] < cut) input[spoil[0]] = spoil[1];
      const documented = decompressAsDocumented(input, 0, cut, bytesMax);
      const result = decompression.decompress(input, 0, cut, bytesMax, memory);
      if (documented instanceof CodecFailure) assert.ok(result instanceof CodecFailure);
      else assert.ok(result instanceof Uint8Array && Buffer.compare(result, documented) === 0);
    }),
    { numRuns: 1000 },
  );
});

test('what comes out lies in the same memory again, unless it is very large', () => {
  for (const codec of [2, 4]) {
    const small = native.compress(codec, new Uint8Array(1000), 0, 1000, 3);
    const large = native.compress(codec, new Uint8Array(8 << 20), 0, 8 << 20, 3);
    const first = decompressed(native, codec, small);
    assert.equal(decompressed(native, codec, small).buffer, first.buffer);
    assert.equal(decompressed(native, codec, large).length, 8 << 20);
    assert.ok(decompressed(native, codec, small).buffer.byteLength <= 2 << 20);
  }
});

test('lz4: single blocks, sound, spoiled and cut, as byte by byte', () => {
  const { memory, decompress } = newLz4BlockModule();
  memory.grow(8);
  const base = 200_000;
  const packed = (plain: Uint8Array) => compressSync(Buffer.from(plain)).subarray(4);
  fc.assert(
    fc.property(
      plainBytes,
      fc.option(fc.tuple(fc.nat(), fc.nat(255))),
      fc.nat(),
      fc.nat(3),
      (plain, spoil, cut, room) => {
        const block = packed(plain);
        const end = cut % 3 === 0 ? cut % (block.length + 1) : block.length;
        if (spoil !== null) block[spoil[0] % block.length] = spoil[1];
        const limit = Math.max(0, plain.length + room - 2);
        const expected = new Uint8Array(limit);
        const length = decompressBlock(block, 0, end, expected);
        const bytes = new Uint8Array(memory.buffer);
        bytes.set(block);
        // What lies in front of the output is nobody's to read.
        bytes.fill(0xdb, base - 8, base);
        bytes.fill(0xdb, base + limit + 8, base + limit + 16);
        assert.equal(decompress(0, end, base, base + limit), length);
        if (length > 0)
          assert.equal(Buffer.compare(bytes.subarray(base, base + length), expected.subarray(0, length)), 0);
        assert.ok(bytes.subarray(base + limit + 8, base + limit + 16).every((byte) => byte === 0xdb));
        assert.ok(bytes.subarray(base - 8, base).every((byte) => byte === 0xdb));
      },
    ),
    { numRuns: 3000 },
  );
});

test('lz4: frames of several blocks, and small ones after a very large one', () => {
  const plain = Uint8Array.from({ length: 300_000 }, (_, at) => (at * at) >>> (at % 11));
  const frame = native.compress(3, plain, 0, plain.length, 0);
  const zeros = native.compress(3, new Uint8Array(20 << 20), 0, 20 << 20, 0);
  for (let round = 0; round < 3; round++) {
    assert.equal(Buffer.compare(decompressed(native, 3, frame), plain), 0);
    assert.equal(decompressed(native, 3, zeros).length, 20 << 20);
  }
  assert.ok(decompressed(native, 3, frame).buffer.byteLength < 4 << 20);
});

test('lz4: the header checksum must be right, and not that of old clients, which was over the magic too', () => {
  const plain = new TextEncoder().encode('lz4 '.repeat(100));
  const frame = native.compress(3, plain, 0, plain.length, 0);
  assert.equal(decompressed(native, 3, frame).length, plain.length);
  for (const checksum of [(xxh32(frame, 0, 6) >>> 8) & 0xff, frame[6]! ^ 0x55]) {
    assert.notEqual(checksum, frame[6]);
    const other = frame.with(6, checksum);
    assert.ok(native.decompress(3, other, 0, other.length, generous) instanceof CodecFailure);
  }
});

test('lz4: a missing native package is said once, and does not stop anything', () => {
  const said: string[] = [];
  const log = { info: () => {}, error: () => {}, warn: (message: string) => said.push(message) };
  const missing = () => {
    throw new Error('no such package');
  };
  for (let thread = 0; thread < 3; thread++) {
    const codecs = createCodecs(log, missing);
    const plain = new Uint8Array(1000);
    const stored = codecs.compress(3, plain, 0, 1000, 0);
    assert.deepEqual(decompressed(codecs, 3, stored), plain);
  }
  assert.equal(said.length, 1);
});

test('xxh32 is the published function', () => {
  const hash = (text: string) => xxh32(new TextEncoder().encode(text), 0, text.length);
  assert.equal(hash(''), 0x02cc5d05);
  assert.equal(hash('a'), 0x550d7456);
  assert.equal(hash('abc'), 0x32d153ff);
  assert.equal(hash('Nobody inspects the spammish repetition'), 0xe2293b2f);
});

test('a higher level of gzip and zstd packs closer', () => {
  const words = ['partition', 'replica', 'offset', 'leader', 'epoch', 'segment', 'batch', 'record'];
  const text = Array.from({ length: 4000 }, (_, at) => words[(at * at + (at >> 3)) % 8]).join(' ');
  const plain = new TextEncoder().encode(text);
  for (const [codec, low, high] of [
    [1, 1, 9],
    [4, 1, 19],
  ] as const) {
    const [fast, close] = [low, high].map((level) => native.compress(codec, plain, 0, plain.length, level));
    assert.ok(close!.length < fast!.length, `codec ${codec}: ${close!.length} < ${fast!.length}`);
    for (const packed of [fast!, close!]) assert.deepEqual(decompressed(native, codec, packed).slice(), plain);
  }
});

test('an unknown codec is malformed', () => {
  for (const codec of [0, 5, 7])
    assert.ok(native.decompress(codec, new Uint8Array(5), 0, 5, generous) instanceof CodecFailure);
});
