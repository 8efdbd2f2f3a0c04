import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { landingBytes, pageBytes } from '../../src/shared-memory/arena.ts';
import { FRAME_BYTES_MAX, frameOf, KIB, ReceivingShard, StreamPeer, streamOf } from './stream_peer.ts';

const frameLength = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: 0, max: 300 }) },
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 40 * KIB }) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 300 * KIB }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(0, 1, pageBytes - 1, pageBytes, pageBytes + 1, landingBytes, landingBytes - 4),
  },
);
const readLength = fc.oneof(
  fc.integer({ min: 1, max: 6 }),
  fc.integer({ min: 1, max: 2000 }),
  fc.integer({ min: 1, max: landingBytes }),
  fc.constant(landingBytes),
);

test('any sequence of frames arrives whole, however the stream is cut', () => {
  fc.assert(
    fc.property(
      fc.array(frameLength, { minLength: 1, maxLength: 12 }),
      fc.array(readLength, { minLength: 1, maxLength: 40 }),
      fc.boolean(),
      (lengths, reads, releases) => {
        const shard = new ReceivingShard(16 * KIB * KIB);
        const peer = new StreamPeer(shard);
        const stream = streamOf(lengths);
        const seen: Uint8Array[] = [];
        let read = 0;
        for (let at = 0; at < stream.length;) {
          at += peer.deliver(stream, at, reads[read++ % reads.length]!, 0);
          while (releases && peer.frames.length > 0) seen.push(peer.takeFrame());
        }
        // Those that were kept lay there while the others came: nothing overwrote them.
        while (peer.frames.length > 0) seen.push(peer.takeFrame());
        assert.deepEqual(
          seen.map((frame) => Buffer.from(frame).toString('base64')),
          lengths.map((length, index) => Buffer.from(frameOf(length, 1 + index)).toString('base64')),
        );
        assert.equal(peer.receiver.isBetweenFrames, true);
        assert.equal(shard.admission.incompleteFrames, 0);
        assert.equal(shard.arena.incompleteBytes, 0);
        assert.ok(shard.arena.usedBytes <= pageBytes, 'only the open page is in use');
      },
    ),
    { numRuns: 150 },
  );
});

test('connections that share a landing buffer do not mix their bytes', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(frameLength, { maxLength: 5 }), { minLength: 2, maxLength: 5 }),
      fc.array(fc.record({ peer: fc.nat(4), bytes: readLength }), { minLength: 1, maxLength: 60 }),
      (lengthsOf, schedule) => {
        const shard = new ReceivingShard(32 * KIB * KIB);
        const senders = lengthsOf.map((lengths, index) => ({
          peer: new StreamPeer(shard),
          stream: streamOf(lengths, index * 100),
          at: 0,
        }));
        let isOver = false;
        for (let turn = 0; !isOver; turn++) {
          const { peer, bytes } = schedule[turn % schedule.length]!;
          const sender = senders[(peer + Math.floor(turn / schedule.length)) % senders.length]!;
          sender.at += sender.peer.deliver(sender.stream, sender.at, bytes, 0);
          isOver = senders.every(({ at, stream }) => at === stream.length);
        }
        for (const [index, { peer }] of senders.entries()) {
          assert.equal(peer.frames.length, lengthsOf[index]!.length);
          for (const [number, length] of lengthsOf[index]!.entries()) {
            assert.deepEqual(peer.contents(number), frameOf(length, index * 100 + number));
          }
          peer.close();
        }
        assert.ok(shard.arena.usedBytes <= pageBytes);
      },
    ),
    { numRuns: 40 },
  );
});

test('the front of a large frame is copied, the rest is received where it belongs', () => {
  const shard = new ReceivingShard(8 * KIB * KIB);
  const peer = new StreamPeer(shard);
  const stream = streamOf([1000 * KIB]);
  peer.send(stream);
  assert.equal(peer.frames.length, 1);
  assert.ok(peer.copiedBytes <= landingBytes, `${peer.copiedBytes} bytes were copied`);
  assert.deepEqual(peer.takeFrame(), frameOf(1000 * KIB, 1));
});

test('when little of a frame is missing, one read brings it and the frames behind it', () => {
  const shard = new ReceivingShard(8 * KIB * KIB);
  const peer = new StreamPeer(shard);
  const lengths = [60 * KIB, 200, 200, 200];
  const stream = streamOf(lengths);
  const first = peer.deliver(stream, 0, 50 * KIB, 0);
  assert.equal(peer.frames.length, 0);
  peer.deliver(stream, first, landingBytes, 0);
  assert.equal(peer.frames.length, 4);
});

test('a frame takes memory as its bytes come, not as it declares', () => {
  const shard = new ReceivingShard(64 * KIB * KIB);
  const peer = new StreamPeer(shard);
  peer.deliver(streamOf([FRAME_BYTES_MAX]), 0, 1000, 0);
  assert.ok(shard.arena.usedBytes <= 4 * pageBytes, `${shard.arena.usedBytes} bytes for 1,000`);
  peer.close();
  assert.equal(shard.arena.usedBytes, 0);
});

test('a size that no frame can have ends the connection, wherever the stream is cut', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.integer({ min: -(2 ** 31), max: -1 }), fc.integer({ min: FRAME_BYTES_MAX + 1, max: 2 ** 31 - 1 })),
      fc.array(fc.integer({ min: 0, max: 500 }), { maxLength: 4 }),
      fc.integer({ min: 1, max: 700 }),
      (size, before, read) => {
        const shard = new ReceivingShard(8 * KIB * KIB);
        const peer = new StreamPeer(shard);
        const good = streamOf(before);
        const stream = new Uint8Array(good.length + 40);
        stream.set(good);
        new DataView(stream.buffer).setInt32(good.length, size);
        peer.send(stream, 0, read);
        assert.deepEqual(peer.badSizes, [size]);
        assert.equal(peer.frames.length, before.length);
        peer.close();
        assert.ok(shard.arena.usedBytes <= pageBytes);
      },
    ),
  );
});
