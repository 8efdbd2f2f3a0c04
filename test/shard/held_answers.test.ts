import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FakeSocket } from './fake_socket.ts';
import { answerNext, HERE, produceFrame, produceOutcomes, SmallShard, THERE } from './small_shard.ts';

const answered = (socket: FakeSocket): number[] =>
  produceOutcomes(socket.takeSent()).map(({ correlationId }) => correlationId);

/** Requests 1 and 3 for this shard, 2 for the other one, none of them answered. */
function threeRequests(): { shard: SmallShard; socket: FakeSocket } {
  const shard = new SmallShard();
  const socket = shard.connect();
  for (const [index, partition] of [HERE, THERE, HERE].entries())
    socket.deliver(produceFrame(index + 1, [partition], 1));
  shard.settle();
  return { shard, socket };
}

test('an answer leaves with those behind it that another shard owed, in one write', () => {
  const { shard, socket } = threeRequests();
  answerNext(shard.appendsHere, 0, 10);
  answerNext(shard.appendsHere, 0, 11);
  shard.settle();
  assert.deepEqual(answered(socket), []);
  answerNext(shard.appendsThere, 0, 20);
  shard.settle();
  assert.deepEqual(answered(socket), [1, 2, 3]);
  assert.equal(socket.writes, 1);
  shard.nowMs += 10;
  shard.settle();
  assert.ok(shard.connections.nextTickMs() > shard.nowMs + 100, 'nothing is waited for any more');
  shard.assertIdle();
});

test('an answer waits 5 ms at most, and a shard that sleeps is woken for it', () => {
  const { shard, socket } = threeRequests();
  answerNext(shard.appendsHere, 0, 10);
  shard.settle();
  const dueMs = shard.connections.nextTickMs();
  assert.ok(dueMs > shard.nowMs && dueMs <= shard.nowMs + 10, `woken after ${dueMs - shard.nowMs} ms`);
  shard.nowMs += 4.9;
  shard.settle();
  assert.deepEqual(answered(socket), []);
  shard.nowMs += 0.1;
  shard.settle();
  assert.deepEqual(answered(socket), [1]);
  answerNext(shard.appendsThere, 0, 20);
  shard.settle();
  assert.deepEqual(answered(socket), [2]);
  // The next answer that has to wait has all its time again.
  socket.deliver(produceFrame(4, [THERE], 1));
  shard.settle();
  answerNext(shard.appendsHere, 0, 11);
  shard.settle();
  shard.nowMs += 4.9;
  shard.settle();
  assert.deepEqual(answered(socket), []);
  answerNext(shard.appendsThere, 0, 21);
  shard.settle();
  assert.deepEqual(answered(socket), [3, 4]);
});

test('an answer that waits for no other shard leaves at once, and so does the one in front of nothing', () => {
  const shard = new SmallShard();
  const socket = shard.connect();
  socket.deliver(produceFrame(1, [HERE], 1));
  socket.deliver(produceFrame(2, [HERE], 1));
  shard.settle();
  answerNext(shard.appendsHere, 0, 10);
  shard.settle();
  assert.deepEqual(answered(socket), [1]);
  socket.deliver(produceFrame(3, [THERE], 1));
  shard.settle();
  answerNext(shard.appendsThere, 0, 20);
  shard.settle();
  // Request 2 is not answered: nothing of the connection may leave, and nothing of it is held.
  assert.deepEqual(answered(socket), []);
  answerNext(shard.appendsHere, 0, 11);
  shard.settle();
  assert.deepEqual(answered(socket), [2, 3]);
  shard.assertIdle();
});

test('a request that timed out, or whose connection has gone, holds nothing back', () => {
  const { shard, socket } = threeRequests();
  socket.deliver(produceFrame(4, [THERE], -1, { timeoutMs: 2 }));
  shard.settle();
  answerNext(shard.appendsHere, 0, 10);
  answerNext(shard.appendsHere, 0, 11);
  shard.settle();
  shard.nowMs += 2;
  answerNext(shard.appendsThere, 0, 20);
  shard.settle();
  assert.deepEqual(answered(socket), [1, 2, 3, 4]);
  answerNext(shard.appendsThere, 0, 21);
  shard.settle();
  shard.assertIdle();

  const other = threeRequests();
  answerNext(other.shard.appendsHere, 0, 10);
  other.shard.settle();
  other.socket.close('ECONNRESET');
  other.shard.nowMs += 20;
  answerNext(other.shard.appendsHere, 0, 11);
  answerNext(other.shard.appendsThere, 0, 20);
  other.shard.settle();
  other.shard.assertIdle();
});

test('a connection that closes while an answer is on its way to be sent holds nothing', () => {
  const { shard, socket } = threeRequests();
  answerNext(shard.appendsHere, 0, 10);
  socket.close('ECONNRESET');
  shard.settle();
  answerNext(shard.appendsHere, 0, 11);
  answerNext(shard.appendsThere, 0, 20);
  shard.settle();
  shard.assertIdle();
});
