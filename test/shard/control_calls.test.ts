import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Request } from '../../src/api/request.ts';
import { pageBytes } from '../../src/shared-memory/arena.ts';
import { SmallShard } from './small_shard.ts';
import { simKernels } from '../simulation/sim_kernels.ts';

const encodeText = (text: string): Uint8Array => simKernels.encodeText(text);

test('arguments arrive as they were written, answers come back, and the memory of both goes back', () => {
  const shard = new SmallShard();
  const answers: (string | null)[] = [];
  for (let number = 0; number < 40; number++) {
    const isSent = shard.controlCalls.call(
      null,
      19,
      7,
      (writer) => writer.string(`argument ${number}`),
      200,
      (answer) => answers.push(answer === null ? null : answer.string()),
    );
    assert.equal(isSent, true);
  }
  shard.settle();
  assert.equal(shard.calls.length, 40);
  for (const [number, call] of shard.calls.entries()) {
    const text = new TextDecoder().decode(call.arguments_.subarray(2));
    assert.deepEqual([call.apiKey, text, call.capacity], [19, `argument ${number}`, 200]);
    const body = encodeText(`xxanswer ${number}`);
    new DataView(body.buffer, body.byteOffset).setInt16(0, body.length - 2);
    call.answer(number === 3 ? null : body);
  }
  shard.settle();
  assert.deepEqual(
    answers,
    Array.from({ length: 40 }, (_, number) => (number === 3 ? null : `answer ${number}`)),
  );
  shard.assertIdle();
});

test('without credit calls wait, in order', () => {
  const shard = new SmallShard({ ringBytes: 1024 });
  const order: number[] = [];
  for (let number = 0; number < 100; number++) {
    shard.controlCalls.call(
      null,
      1,
      0,
      (writer) => writer.int32(number),
      16,
      () => order.push(number),
    );
  }
  for (let round = 0; order.length < 100; round++) {
    assert.ok(round < 100, 'all calls come through');
    shard.settle();
    for (const call of shard.calls.splice(0)) call.answer(new Uint8Array(4));
  }
  assert.deepEqual(
    order,
    Array.from({ length: 100 }, (_, number) => number),
  );
  shard.assertIdle();
});

test('no memory, no call: what was taken for it goes back', () => {
  const shard = new SmallShard();
  const held: number[] = [];
  for (let place = shard.arena.allocate(64 * 1024); place >= 0; place = shard.arena.allocate(64 * 1024))
    held.push(place);
  const used = shard.arena.usedBytes;
  const call = (answerBytes: number): boolean =>
    shard.controlCalls.call(
      null,
      1,
      0,
      (writer) => writer.int32(1),
      answerBytes,
      () => {},
    );
  assert.equal(call(128 * 1024), false);
  assert.ok(shard.arena.usedBytes - used <= pageBytes);
  for (const place of held) shard.arena.release(place);
  assert.equal(call(128 * 1024), true);
});

test('a request that nobody wants any more hears nothing, and is handed back once', () => {
  const shard = new SmallShard();
  const request = new Request(0, encodeText);
  let heard = 0;
  shard.controlCalls.call(
    request,
    1,
    0,
    (writer) => writer.int32(1),
    16,
    () => heard++,
  );
  assert.equal(request.parts, 1);
  request.isAbandoned = true;
  assert.equal(shard.controlCalls.answered(1, 4), request);
  assert.deepEqual([request.parts, heard], [0, 0]);
});
