import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ErrorCode } from '../../src/protocol/errors.ts';
import { metadataRequest } from '../../src/protocol/schema/03_metadata.ts';
import { apiVersionsRequest } from '../../src/protocol/schema/18_api_versions.ts';
import { createTopicsRequest } from '../../src/protocol/schema/19_create_topics.ts';
import type { FakeSocket } from './fake_socket.ts';
import {
  answerNext,
  frameOf,
  HERE,
  produceFrame,
  produceOutcomes,
  SmallShard,
  splitAnswers,
  THERE,
} from './small_shard.ts';

const TIMED_OUT = ErrorCode.REQUEST_TIMED_OUT;
const apiVersions = (correlationId: number): Uint8Array => frameOf(apiVersionsRequest, 0, correlationId, {});

function concatenated(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

test('the parts of one request come from two shards, and are answered in the order of the request', () => {
  const shard = new SmallShard();
  const socket = shard.connect();
  socket.deliver(produceFrame(5, [THERE, HERE], -1));
  shard.settle();
  assert.deepEqual(produceOutcomes(socket.takeSent()), []);
  answerNext(shard.appendsHere, 0, 40);
  shard.settle();
  assert.deepEqual(produceOutcomes(socket.takeSent()), []);
  answerNext(shard.appendsThere, 0, 2 ** 40);
  shard.settle();
  assert.deepEqual(produceOutcomes(socket.takeSent()), [
    {
      correlationId: 5,
      partitions: [
        [THERE, 0, 2 ** 40],
        [HERE, 0, 40],
      ],
    },
  ]);
  shard.assertIdle();
});

test('what is refused at once, and what is unknown, stands beside what succeeds', () => {
  const shard = new SmallShard();
  const socket = shard.connect();
  socket.deliver(produceFrame(1, [HERE, 9], -1));
  socket.deliver(produceFrame(2, [0, 1], -1, { topic: 'missing' }));
  shard.settle();
  answerNext(shard.appendsHere, ErrorCode.MESSAGE_TOO_LARGE, -1);
  shard.settle();
  const unknown = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
  assert.deepEqual(produceOutcomes(socket.takeSent()), [
    {
      correlationId: 1,
      partitions: [
        [HERE, ErrorCode.MESSAGE_TOO_LARGE, -1],
        [9, unknown, -1],
      ],
    },
    {
      correlationId: 2,
      partitions: [
        [0, unknown, -1],
        [1, unknown, -1],
      ],
    },
  ]);
  shard.assertIdle();
});

test('a request that expired is answered once; its parts come back later, and only then its memory goes back', () => {
  const shard = new SmallShard();
  const socket = shard.connect();
  socket.deliver(produceFrame(1, [HERE, THERE], -1, { timeoutMs: 100, bytes: 20_000 }));
  shard.settle();
  answerNext(shard.appendsHere, 0, 7);
  shard.nowMs += 100;
  shard.settle();
  assert.deepEqual(produceOutcomes(socket.takeSent()), [
    {
      correlationId: 1,
      partitions: [
        [HERE, 0, 7],
        [THERE, TIMED_OUT, -1],
      ],
    },
  ]);
  assert.equal(shard.pool.inUse, 1, 'the other shard still reads the frame');
  const [held] = shard.appendsThere;
  assert.deepEqual(held!.records, held!.sent);
  // Meanwhile the connection goes on, and other requests do not get the object that is still out.
  socket.deliver(produceFrame(2, [HERE], 1));
  shard.settle();
  answerNext(shard.appendsHere, 0, 8);
  answerNext(shard.appendsThere, 0, 9);
  shard.settle();
  assert.deepEqual(produceOutcomes(socket.takeSent()), [{ correlationId: 2, partitions: [[HERE, 0, 8]] }]);
  shard.assertIdle();
});

test('parts that come back after the connection closed recycle their request once', () => {
  const shard = new SmallShard();
  const socket = shard.connect();
  socket.deliver(produceFrame(1, [HERE, THERE], -1));
  socket.deliver(produceFrame(2, [THERE], 1));
  shard.settle();
  socket.close('ECONNRESET');
  assert.equal(shard.closed, 1);
  assert.equal(shard.pool.inUse, 2);
  answerNext(shard.appendsThere, 0, 1);
  answerNext(shard.appendsHere, 0, 1);
  answerNext(shard.appendsThere, ErrorCode.KAFKA_STORAGE_ERROR, -1);
  shard.settle();
  shard.assertIdle();
  assert.equal(socket.takeSent().length, 0);
  // Twice in the pool, one object would serve two requests.
  const again = shard.connect();
  again.deliver(concatenated([produceFrame(3, [HERE], 1), produceFrame(4, [HERE], 1), produceFrame(5, [HERE], 1)]));
  shard.settle();
  for (let offset = 0; offset < 3; offset++) answerNext(shard.appendsHere, 0, offset);
  shard.settle();
  assert.deepEqual(
    produceOutcomes(again.takeSent()).map(({ correlationId, partitions }) => [correlationId, partitions[0]![2]]),
    [
      [3, 0],
      [4, 1],
      [5, 2],
    ],
  );
  shard.assertIdle();
});

test('an expired request whose connection then closes', () => {
  const shard = new SmallShard();
  const socket = shard.connect();
  socket.isFull = true;
  socket.deliver(produceFrame(1, [THERE], -1, { timeoutMs: 10 }));
  shard.settle();
  shard.nowMs += 10;
  shard.settle();
  socket.close();
  shard.nowMs += 60_000;
  shard.settle();
  answerNext(shard.appendsThere, 0, 1);
  shard.settle();
  shard.assertIdle();
});

test('a deadline of an answered request wakes nobody, and an earlier one of a later request comes in time', () => {
  const shard = new SmallShard();
  const socket = shard.connect();
  socket.deliver(produceFrame(1, [HERE], -1, { timeoutMs: 5_000 }));
  socket.deliver(produceFrame(2, [THERE], -1, { timeoutMs: 100 }));
  socket.deliver(produceFrame(3, [HERE], -1, { timeoutMs: 300 }));
  shard.settle();
  answerNext(shard.appendsHere, 0, 1);
  shard.nowMs += 100;
  shard.settle();
  assert.deepEqual(
    produceOutcomes(socket.takeSent()).map(({ correlationId, partitions }) => [correlationId, partitions[0]![1]]),
    [
      [1, 0],
      [2, TIMED_OUT],
    ],
  );
  shard.nowMs += 200;
  shard.settle();
  assert.deepEqual(produceOutcomes(socket.takeSent())[0]!.partitions[0]![1], TIMED_OUT);
  shard.nowMs += 10_000;
  shard.settle();
  answerNext(shard.appendsHere, 0, 2);
  answerNext(shard.appendsThere, 0, 2);
  shard.settle();
  shard.assertIdle();
  assert.equal(shard.requests.nextDeadlineMs, Infinity);
});

test('acks=0 is answered by nothing, and by the end of the connection when it fails', () => {
  const shard = new SmallShard();
  const socket = shard.connect();
  socket.deliver(produceFrame(1, [HERE], 0));
  shard.settle();
  answerNext(shard.appendsHere, 0, 1);
  shard.settle();
  assert.equal(socket.takeSent().length, 0);
  assert.equal(socket.hasEnded, false);
  socket.deliver(produceFrame(2, [HERE], 0));
  shard.settle();
  answerNext(shard.appendsHere, ErrorCode.NOT_LEADER_OR_FOLLOWER, -1);
  shard.settle();
  assert.equal(socket.takeSent().length, 0);
  assert.equal(socket.hasEnded, true);
  socket.close();
  shard.assertIdle();
});

test('Produce overlaps Produce; anything else waits for those before it, and those behind wait for it', () => {
  const shard = new SmallShard();
  const socket = shard.connect();
  socket.deliver(
    concatenated([produceFrame(1, [HERE], 1), produceFrame(2, [THERE], 1), apiVersions(3), produceFrame(4, [HERE], 1)]),
  );
  shard.settle();
  assert.deepEqual([shard.appendsHere.length, shard.appendsThere.length], [1, 1]);
  answerNext(shard.appendsThere, 0, 5);
  shard.settle();
  assert.equal(socket.takeSent().length, 0, 'the second answer waits for the first');
  answerNext(shard.appendsHere, 0, 6);
  shard.settle();
  assert.deepEqual(
    splitAnswers(socket.takeSent()).map(({ correlationId }) => correlationId),
    [1, 2, 3],
  );
  answerNext(shard.appendsHere, 0, 7);
  shard.settle();
  assert.deepEqual(
    splitAnswers(socket.takeSent()).map(({ correlationId }) => correlationId),
    [4],
  );
  shard.assertIdle();
});

test('what a client must not send ends its connection, and gives everything back', () => {
  const cases: readonly [string, Uint8Array][] = [
    ['an unknown key', Uint8Array.of(0, 0, 0, 8, 0x7f, 0, 0, 0, 0, 0, 0, 1)],
    ['no header', Uint8Array.of(0, 0, 0, 1, 3)],
    ['an empty frame', Uint8Array.of(0, 0, 0, 0)],
    ['a version that is not served', frameOf(metadataRequest, 0, 1, { topics: [] }).fill(99, 7, 8)],
    ['a malformed Produce', produceFrame(1, [HERE], 1).fill(0xff, 25, 40)],
    ['an HTTP client', new TextEncoder().encode('GET / HTTP/1.1\r\n\r\n')],
    ['a negative size', Uint8Array.of(0xff, 0xff, 0xff, 0xff)],
  ];
  for (const [what, bytes] of cases) {
    const shard = new SmallShard();
    const socket = shard.connect();
    socket.deliver(bytes);
    shard.settle();
    assert.equal(socket.isDestroyed || socket.hasEnded, true, what);
    assert.equal(shard.refusals.length, 1, what);
    socket.close();
    shard.assertIdle();
  }
});

test('what was asked before a bad request is answered before the connection ends', () => {
  const shard = new SmallShard();
  const socket = shard.connect();
  const good = frameOf(apiVersionsRequest, 0, 7, {});
  const bad = Uint8Array.of(0, 0, 0, 8, 0x7f, 0, 0, 0, 0, 0, 0, 1);
  const after = frameOf(apiVersionsRequest, 0, 8, {});
  socket.deliver(concatenated([good, bad, after]));
  shard.settle();
  assert.deepEqual(
    splitAnswers(socket.takeSent()).map(({ correlationId }) => correlationId),
    [7],
  );
  assert.equal(socket.hasEnded, true);
  socket.close();
  shard.assertIdle();
});

test('an unknown version of ApiVersions is answered in version 0', () => {
  const shard = new SmallShard();
  const socket = shard.connect();
  const known = frameOf(apiVersionsRequest, 3, 9, { clientSoftwareName: 'a', clientSoftwareVersion: '1' });
  socket.deliver(known.fill(77, 7, 8));
  shard.settle();
  const [answer] = splitAnswers(socket.takeSent());
  assert.equal(answer!.correlationId, 9);
  assert.equal(new DataView(answer!.body.buffer, answer!.body.byteOffset).getInt16(0), ErrorCode.UNSUPPORTED_VERSION);
});

test('a call of control whose client left is forgotten when it comes back', () => {
  const shard = new SmallShard();
  const socket = shard.connect();
  const topic = { name: 'new', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };
  socket.deliver(frameOf(createTopicsRequest, 7, 1, { topics: [topic] }));
  shard.settle();
  assert.equal(shard.calls.length, 1);
  socket.close();
  assert.equal(shard.pool.inUse, 1);
  shard.calls.shift()!.answer(Uint8Array.of(0));
  shard.settle();
  shard.assertIdle();
});

test('a peer that does not read holds its answers, begins nothing more, and goes on when it reads', () => {
  const shard = new SmallShard();
  const socket = shard.connect();
  socket.isFull = true;
  socket.deliver(produceFrame(1, [HERE], 1));
  shard.settle();
  answerNext(shard.appendsHere, 0, 1);
  shard.settle();
  socket.deliver(produceFrame(2, [HERE], 1));
  shard.settle();
  assert.equal(shard.appendsHere.length, 0);
  assert.ok(shard.buffers.takenBytes > 0, 'what the kernel has not taken is pinned');
  socket.drain();
  shard.settle();
  assert.equal(shard.buffers.takenBytes, 0);
  answerNext(shard.appendsHere, 0, 2);
  shard.settle();
  assert.deepEqual(
    produceOutcomes(socket.takeSent()).map(({ correlationId }) => correlationId),
    [1, 2],
  );
  shard.assertIdle();
});

test('requests that are done at once are begun in one turn, and their answers leave in one write', () => {
  const shard = new SmallShard();
  const socket = shard.connect();
  socket.deliver(concatenated([1, 2, 3, 4, 5].map(apiVersions)));
  shard.turn();
  assert.equal(socket.writes, 1);
  assert.deepEqual(
    splitAnswers(socket.takeSent()).map(({ correlationId }) => correlationId),
    [1, 2, 3, 4, 5],
  );
  shard.assertIdle();
});

test('sockets that bring more than a cache holds are interrupted by a turn', () => {
  const shard = new SmallShard();
  const sockets = Array.from({ length: 4 }, () => shard.connect());
  const frame = produceFrame(1, [HERE], 1, { bytes: 200_000 });
  for (let sent = 0; sent < 5; sent++) {
    for (const socket of sockets) if (sent * 4 + sockets.indexOf(socket) < 5) socket.deliver(frame);
  }
  assert.equal(shard.crowds, 0);
  sockets[1]!.deliver(frame);
  assert.ok(shard.crowds > 0, '1.2 MB have come');
  shard.turn();
  const before = shard.crowds;
  sockets[2]!.deliver(frame);
  assert.equal(shard.crowds, before, 'the turn has taken them');
});

test('a node that is ending acknowledges nothing more', () => {
  const shard = new SmallShard();
  const socket = shard.connect();
  socket.deliver(produceFrame(1, [HERE], 1));
  shard.settle();
  answerNext(shard.appendsHere, 0, 1);
  shard.memory.stop.raise();
  shard.settle();
  assert.equal(socket.takeSent().length, 0);
  shard.assertIdle();
});

test('a client that closes its side is answered first', () => {
  const shard = new SmallShard();
  const socket = shard.connect();
  socket.deliver(produceFrame(1, [THERE], -1));
  socket.events!.ended();
  shard.settle();
  assert.equal(socket.isDestroyed, false);
  answerNext(shard.appendsThere, 0, 1);
  shard.settle();
  assert.equal(produceOutcomes(socket.takeSent()).length, 1);
  assert.equal(socket.isDestroyed, true);
  socket.close();
  shard.assertIdle();
});

test('without credit appends wait in order, and nothing that was sent is lost', () => {
  const shard = new SmallShard({ ringBytes: 4096 });
  const socket = shard.connect();
  const count = 300;
  let sent = 0;
  let wasBackedUp = false;
  for (let round = 0, answered = 0; answered < count; round++) {
    assert.ok(round < 2000, 'all appends come through');
    while (sent < count && socket.isReading) socket.deliver(produceFrame(sent++, [THERE], 1, { bytes: 61 }));
    shard.turn();
    wasBackedUp ||= shard.router.isBackedUp;
    shard.settle();
    for (; shard.appendsThere.length > 0; answered++) answerNext(shard.appendsThere, 0, answered);
  }
  assert.ok(wasBackedUp);
  shard.settle();
  assert.deepEqual(
    produceOutcomes(socket.takeSent()).map(({ correlationId, partitions }) => [correlationId, partitions[0]![2]]),
    Array.from({ length: count }, (_, id) => [id, id]),
  );
  assert.equal(shard.router.isBackedUp, false);
  shard.assertIdle();
});

test('whatever clients and owners do, requests are answered in order or not at all, and nothing leaks', () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('produce' as const), a: fc.nat(2), b: fc.nat(3) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('versions' as const), a: fc.nat(2), b: fc.constant(0) }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('here' as const), a: fc.nat(3), b: fc.nat(5) }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('there' as const), a: fc.nat(3), b: fc.nat(5) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('pass' as const), a: fc.nat(60), b: fc.constant(0) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('close' as const), a: fc.nat(2), b: fc.constant(0) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('full' as const), a: fc.nat(2), b: fc.constant(0) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('drain' as const), a: fc.nat(2), b: fc.constant(0) }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const shard = new SmallShard({ ringBytes: 4096 });
      const sockets: (FakeSocket | null)[] = [null, null, null];
      const streams = new Map<FakeSocket, Uint8Array[]>();
      const answer = (from: 'here' | 'there', which: number, code: number): void => {
        const waiting = from === 'here' ? shard.appendsHere : shard.appendsThere;
        if (waiting.length === 0) return;
        // Owners answer in any order: some wait for a watermark.
        const [append] = waiting.splice(which % waiting.length, 1);
        assert.deepEqual(append!.records, append!.sent);
        append!.answer(code === 0 ? ErrorCode.NOT_LEADER_OR_FOLLOWER : 0, code === 0 ? -1 : 5);
      };
      const over = (index: number): void => {
        const socket = sockets[index];
        if (socket === null || socket === undefined) return;
        streams.get(socket)!.push(socket.takeSent());
        if (!socket.isDestroyed && !socket.hasEnded) return;
        socket.close();
        sockets[index] = null;
      };
      for (const [id, { kind, a, b }] of steps.entries()) {
        const socket = (sockets[a % 3] ??= shard.connect());
        if (!streams.has(socket)) streams.set(socket, []);
        if (kind === 'produce' && socket.isReading) {
          socket.deliver(produceFrame(id, b === 3 ? [HERE, THERE] : [b % 2], [-1, 0, 1][b % 3]!, { timeoutMs: 30 }));
        } else if (kind === 'versions' && socket.isReading) socket.deliver(apiVersions(id));
        else if (kind === 'here' || kind === 'there') answer(kind, a, b);
        else if (kind === 'pass') shard.nowMs += a;
        else if (kind === 'close') {
          socket.isDestroyed = true;
          over(a % 3);
        } else if (kind === 'full') socket.isFull = true;
        else if (kind === 'drain' && socket.isFull) socket.drain();
        if (id % 3 === 0) shard.turn();
        else if (id % 3 === 1) shard.settle();
        for (let index = 0; index < 3; index++) over(index);
      }
      for (let round = 0; round < 300; round++) {
        for (const [index, socket] of sockets.entries()) {
          if (socket?.isFull === true) socket.drain();
          over(index);
        }
        shard.settle();
        answer('here', 0, 1);
        answer('there', 0, 1);
      }
      for (let index = 0; index < 3; index++) over(index);
      for (const parts of streams.values()) {
        const ids = splitAnswers(concatenated(parts)).map(({ correlationId }) => correlationId);
        assert.deepEqual(
          ids,
          [...new Set(ids)].toSorted((one, other) => one - other),
          'in order, once',
        );
      }
      shard.assertIdle();
    }),
    { numRuns: 60, endOnFailure: true },
  );
});

test('row 82: what goes to a directory that is nearly full is answered with a throttle time, and nothing more is read', () => {
  const shard = new SmallShard();
  const socket = shard.connect();
  const other = shard.connect();
  shard.memory.diskBrakes.set(0, 1, shard.nowMs);
  socket.deliver(produceFrame(1, [HERE], -1));
  socket.deliver(produceFrame(2, [HERE], -1));
  shard.settle();
  assert.equal(shard.appendsHere.length, 1);
  assert.equal(socket.isReading, false);
  answerNext(shard.appendsHere, 0, 7);
  shard.settle();
  // Behind the partitions of a version 9: the throttle time, and no tags.
  const [answer] = splitAnswers(socket.takeSent());
  const throttleTimeMs = Buffer.from(answer!.body).readInt32BE(answer!.body.length - 5);
  assert.ok(throttleTimeMs > 0 && throttleTimeMs <= 5000, `${throttleTimeMs} ms`);
  other.deliver(apiVersions(9));
  shard.settle();
  assert.equal(splitAnswers(other.takeSent()).length, 1, 'others go on');
  shard.nowMs += throttleTimeMs - 1;
  shard.settle();
  assert.equal(shard.appendsHere.length, 0);
  shard.memory.diskBrakes.set(0, 0, shard.nowMs);
  shard.nowMs += 1;
  shard.settle();
  assert.equal(socket.isReading, true);
  answerNext(shard.appendsHere, 0, 8);
  shard.settle();
  assert.equal(produceOutcomes(socket.takeSent()).length, 1);
  shard.assertIdle();
});
