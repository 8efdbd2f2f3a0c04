import { viewOf } from '../../src/base/bytes.ts';
import { crc32, deflateRawSync, zstdCompressSync } from 'node:zlib';
import { xxh32 } from '../../src/platform/compression/xxh32.ts';
import type { ErrorName } from '../../src/protocol/errors.ts';
import { ATTRIBUTES_AT, LENGTH_AT, LOG_OVERHEAD, patchCrc, RECORDS_AT } from '../../src/protocol/record_batch.ts';
import { buildBatch } from '../tools/conformance_batches.ts';
import { kernels } from '../tools/kernels.ts';
import type { HostileRequest } from './cases.ts';
import { requestOf } from './request_frame.ts';

/** Frames of the four codecs as no client writes them, each byte of which stands here. */
const gzip = 1;
const snappy = 2;
const lz4 = 3;
const zstd = 4;

export const compressedTopic = 'compressed';
const refused: readonly ErrorName[] = ['INVALID_RECORD'];
const template = buildBatch({
  records: [
    [null, 'some value of a record that is long enough to be cut'],
    ['key', null],
  ],
});
/** The records that each of the frames holds. */
const plain = template.subarray(RECORDS_AT);
const half = plain.length >> 1;

function batchOf(codec: number, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(RECORDS_AT + payload.length);
  bytes.set(template.subarray(0, RECORDS_AT));
  bytes.set(payload, RECORDS_AT);
  const view = viewOf(bytes);
  view.setInt32(LENGTH_AT, bytes.length - LOG_OVERHEAD);
  view.setInt16(ATTRIBUTES_AT, codec);
  patchCrc(view, bytes, 0, kernels);
  return bytes;
}

const produce = (codec: number) => {
  return (name: string, payload: Uint8Array, errors: readonly ErrorName[] = []): HostileRequest => {
    const partitionData = [{ index: 0, records: batchOf(codec, payload) }];
    const topicData = [{ name: compressedTopic, partitionData }];
    const fields = { transactionalId: null, acks: -1, timeoutMs: 30_000, topicData };
    return { name, request: requestOf('Produce', 11, fields), errors, accident: 'what it cannot unpack is one' };
  };
};

const join = (...parts: (Uint8Array | readonly number[])[]): Uint8Array =>
  new Uint8Array(Buffer.concat(parts.map((part) => Uint8Array.from(part))));
const word = (value: number): number[] => [value, value >>> 8, value >>> 16, value >>> 24].map((byte) => byte & 0xff);
const bigWord = (value: number): number[] => word(value).reverse();

/** A member: its header's flags and what they announce, the data, and a trailer that may lie. */
function member(
  bytes: Uint8Array,
  flags = 0,
  fields: readonly number[] = [],
  { crc = 0, size = 0, headerCrc = 0 } = {},
): Uint8Array {
  const header = [0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 3, ...fields];
  const trailer = [...word((crc32(bytes) ^ crc) >>> 0), ...word(bytes.length + size)];
  // The lower half of it, where it is announced.
  const check = (flags & 2) === 0 ? [] : word(crc32(Uint8Array.from(header)) ^ headerCrc).slice(0, 2);
  return join(header, check, deflateRawSync(bytes), trailer);
}

/** A frame of stored blocks. `descriptor` is FLG, BD and a content size perhaps. */
function frame(descriptor: readonly number[], blocks: readonly Uint8Array[], checksum?: number): Uint8Array {
  const header = Uint8Array.from([0x04, 0x22, 0x4d, 0x18, ...descriptor]);
  const right = (xxh32(header, 4, header.length) >>> 8) & 0xff;
  const bodies = blocks.map((block) => join(word(block.length + 0x8000_0000), block));
  return join(header, [checksum ?? right], ...bodies, word(0));
}
const oldChecksum = (xxh32(Uint8Array.from([0x04, 0x22, 0x4d, 0x18, 0x60, 0x40]), 0, 6) >>> 8) & 0xff;

/** A frame of raw blocks behind the bytes of a header. */
function zstdFrame(header: readonly number[], blocks: readonly Uint8Array[]): Uint8Array {
  const bodies = blocks.map((block, at) => {
    const last = at === blocks.length - 1 ? 1 : 0;
    return join(word(block.length * 8 + last).slice(0, 3), block);
  });
  return join([0x28, 0xb5, 0x2f, 0xfd], header, ...bodies);
}

/** A raw block of snappy with one literal; `declared` may lie. */
function literal(bytes: Uint8Array, declared = bytes.length): Uint8Array {
  const length: number[] = [];
  let left = declared;
  for (; left >= 0x80; left = Math.floor(left / 0x80)) length.push((left % 0x80) | 0x80);
  return join([...length, left, 60 << 2, bytes.length - 1], bytes);
}
const xerial = (version: number, compatible: number, ...blocks: (Uint8Array | readonly number[])[]): Uint8Array =>
  join([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, ...bigWord(version), ...bigWord(compatible)], ...blocks);
const behindLength = (bytes: Uint8Array): Uint8Array => join(bigWord(bytes.length), bytes);

const ofGzip = produce(gzip);
const ofSnappy = produce(snappy);
const ofLz4 = produce(lz4);
const ofZstd = produce(zstd);

/** 8: compression. */
export const compressedRequests: readonly HostileRequest[] = [
  ofGzip('gzip with a name and a comment', member(plain, 0x18, [97, 0, 98, 99, 0])),
  ofGzip('gzip with an extra field', member(plain, 4, [3, 0, 1, 2, 3])),
  ofGzip('gzip with an extra field beyond the end', member(plain, 4, [0xff, 0xff]), refused),
  ofGzip(
    'gzip with a name that never ends',
    join([0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3], new Array(50).fill(97)),
    refused,
  ),
  ofGzip('gzip with a checksum of its header', member(plain, 2)),
  ofGzip('gzip with a wrong checksum of its header', member(plain, 2, [], { headerCrc: 1 }), refused),
  ofGzip('gzip with reserved flags', member(plain, 0xe0)),
  ofGzip('gzip with junk behind', join(member(plain), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])),
  ofGzip('gzip of two members', join(member(plain.subarray(0, half)), member(plain.subarray(half)))),
  ofGzip('gzip with a wrong checksum', member(plain, 0, [], { crc: 1 }), refused),
  ofGzip('gzip with a wrong length', member(plain, 0, [], { size: 1 }), refused),
  ofGzip('gzip in gzip', member(member(plain)), refused),
  ofGzip('gzip of nothing', member(new Uint8Array(0)), refused),

  ofSnappy('snappy raw', literal(plain)),
  ofSnappy('snappy raw, 2^32-1 bytes declared', literal(plain, 0xffff_ffff), refused),
  ofSnappy('snappy raw, one byte more declared', literal(plain, plain.length + 1), refused),
  ofSnappy('snappy raw, one byte less declared', literal(plain, plain.length - 1), refused),
  ofSnappy('snappy framed', xerial(1, 1, behindLength(literal(plain)))),
  ofSnappy(
    'snappy framed, two blocks',
    xerial(1, 1, behindLength(literal(plain.subarray(0, half))), behindLength(literal(plain.subarray(half)))),
  ),
  ofSnappy(
    'snappy framed, two streams',
    join(
      xerial(1, 1, behindLength(literal(plain.subarray(0, half)))),
      xerial(1, 1, behindLength(literal(plain.subarray(half)))),
    ),
  ),
  ofSnappy('snappy framed, of version 0', xerial(0, 0, behindLength(literal(plain)))),
  ofSnappy(
    'snappy framed, the second stream of version 0',
    join(
      xerial(1, 1, behindLength(literal(plain.subarray(0, half)))),
      xerial(0, 0, behindLength(literal(plain.subarray(half)))),
    ),
    refused,
  ),
  ofSnappy(
    'snappy framed, a header cut off behind',
    xerial(1, 1, behindLength(literal(plain)), xerial(1, 1).subarray(0, 15)),
    refused,
  ),
  ofSnappy(
    'snappy framed, a header of something else behind',
    xerial(1, 1, behindLength(literal(plain)), xerial(1, 1).fill(1, 4)),
  ),
  ofSnappy('snappy framed, of version 2^31-1', xerial(0x7fff_ffff, 1, behindLength(literal(plain)))),
  ofSnappy('snappy framed, a block of -1', xerial(1, 1, bigWord(-1), literal(plain)), refused),
  ofSnappy('snappy framed, a block of 2^31-1', xerial(1, 1, bigWord(0x7fff_ffff), literal(plain)), refused),
  ofSnappy('snappy framed, an empty block in front', xerial(1, 1, bigWord(0), behindLength(literal(plain))), refused),
  ofSnappy('snappy framed, a length cut off behind', xerial(1, 1, behindLength(literal(plain)), [0, 0])),
  ofSnappy(
    'snappy framed, a block that declares 2^31-1',
    xerial(1, 1, behindLength(literal(plain, 0x7fff_ffff))),
    refused,
  ),
  ofSnappy('snappy in snappy', literal(literal(plain)), refused),

  ofLz4('lz4', frame([0x60, 0x40], [plain])),
  ofLz4('lz4 of two blocks', frame([0x60, 0x40], [plain.subarray(0, half), plain.subarray(half)])),
  ofLz4('lz4 of dependent blocks', frame([0x40, 0x40], [plain]), refused),
  ofLz4('lz4 with the checksum of old clients', frame([0x60, 0x40], [plain], oldChecksum), refused),
  ofLz4('lz4 with a wrong checksum of its header', frame([0x60, 0x40], [plain], 0), refused),
  ofLz4('lz4 with a content size that lies', frame([0x68, 0x40, ...word(7), ...word(0)], [plain])),
  ofLz4('lz4 with a content size of 2^64-1', frame([0x68, 0x40, ...word(-1), ...word(-1)], [plain])),
  ofLz4('lz4 of version 0', frame([0x20, 0x40], [plain]), refused),
  ofLz4('lz4 with a reserved flag', frame([0x62, 0x40], [plain]), refused),
  ofLz4('lz4 with a dictionary', frame([0x61, 0x40, ...word(1)], [plain]), refused),
  ofLz4('lz4 with reserved bits of blocks', frame([0x60, 0x41], [plain]), refused),
  ofLz4('lz4 with blocks of 16 KiB', frame([0x60, 0x30], [plain]), refused),
  ofLz4('lz4 with checksums of blocks that are not there', frame([0x70, 0x40], [plain]), refused),
  ofLz4('lz4 with a checksum of content that is not there', frame([0x64, 0x40], [plain]), refused),
  ofLz4('lz4 with any checksum of content', join(frame([0x64, 0x40], [plain]), [1, 2, 3, 4])),
  ofLz4('lz4 without an end', frame([0x60, 0x40], [plain]).subarray(0, -4), refused),
  ofLz4('lz4 with junk behind', join(frame([0x60, 0x40], [plain]), [1, 2, 3, 4, 5])),
  ofLz4(
    'lz4 of two frames',
    join(frame([0x60, 0x40], [plain.subarray(0, half)]), frame([0x60, 0x40], [plain.subarray(half)])),
    refused,
  ),
  ofLz4('lz4 in lz4', frame([0x60, 0x40], [frame([0x60, 0x40], [plain])]), refused),

  ofZstd('zstd with a window of 128 MiB', zstdFrame([0, 0x88], [plain])),
  ofZstd('zstd with a window of 256 MiB', zstdFrame([0, 0x90], [plain]), refused),
  ofZstd('zstd with a window of 2 GiB', zstdFrame([0, 0xa8], [plain]), refused),
  ofZstd('zstd with a window of 3.75 TiB', zstdFrame([0, 0xff], [plain]), refused),
  ofZstd('zstd with a dictionary', zstdFrame([1, 0x40, 7], [plain]), refused),
  ofZstd('zstd with a reserved flag', zstdFrame([8, 0x40], [plain]), refused),
  ofZstd('zstd with an unused flag', zstdFrame([0x10, 0x40], [plain])),
  ofZstd('zstd with a content size', zstdFrame([0x20, plain.length], [plain])),
  ofZstd('zstd with a content size one too large', zstdFrame([0x20, plain.length + 1], [plain]), refused),
  ofZstd('zstd with a content size one too small', zstdFrame([0x20, plain.length - 1], [plain]), refused),
  ofZstd('zstd with a content size of 2^64-1', zstdFrame([0xe0, ...word(-1), ...word(-1)], [plain]), refused),
  ofZstd('zstd with a checksum that is not there', zstdFrame([4, 0x40], [plain]), refused),
  ofZstd('zstd with a wrong checksum', join(zstdFrame([4, 0x40], [plain]), [1, 2, 3, 4]), refused),
  ofZstd(
    'zstd of two frames',
    join(zstdFrame([0, 0x40], [plain.subarray(0, half)]), zstdFrame([0, 0x40], [plain.subarray(half)])),
  ),
  ofZstd(
    'zstd behind a frame to be skipped',
    join([0x50, 0x2a, 0x4d, 0x18, ...word(3), 1, 2, 3], zstdFrame([0, 0x40], [plain])),
  ),
  ofZstd(
    'zstd with a frame to be skipped behind',
    join(zstdFrame([0, 0x40], [plain]), [0x50, 0x2a, 0x4d, 0x18, ...word(3), 1, 2, 3]),
  ),
  ofZstd('zstd without a last block', zstdFrame([0, 0x40], [plain, plain]).subarray(0, 6 + 3 + plain.length), refused),
  ofZstd('zstd in zstd', new Uint8Array(zstdCompressSync(zstdFrame([0, 0x40], [plain]))), refused),
];
