import assert from 'node:assert/strict';
import net from 'node:net';
import { test } from 'node:test';

import { createNetwork } from '../../src/platform/network/network.ts';
import { createControlThreads, shardLimitsDefault } from '../../src/platform/threads.ts';
import type { ThreadFailure } from '../../src/port/threads.ts';
import type { DoubleBoot } from './shard_double.ts';

const threads = createControlThreads({
  url: new URL('./shard_double.ts', import.meta.url),
  limits: { ...shardLimitsDefault, maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 8 },
});

function newWords(): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer(64));
}

function spawned(thread: number, boot: DoubleBoot): Promise<ThreadFailure | null> {
  return new Promise((resolve) => threads.spawnShard(thread, boot, resolve));
}

/** Waits as a thread of Millrace does, until the count has reached `count`. */
async function counted(words: Int32Array<SharedArrayBuffer>, count: number): Promise<void> {
  for (;;) {
    const seen = Atomics.load(words, 1);
    if (seen >= count) return;
    await new Promise<void>((woken) => {
      if (!threads.wait(words, 1, seen, woken)) woken();
    });
  }
}

test('a shard that throws is told with its error', async () => {
  const failure = await spawned(3, { task: 'throw', words: newWords() });
  assert.equal(failure?.thread, 3);
  assert.equal(failure?.name, 'RangeError');
  assert.equal(failure?.message, 'thread 3 has a bug');
  assert.match(failure?.stack ?? '', /shard_double/);
});

test('a promise that nobody caught is told as what was thrown', async () => {
  const failure = await spawned(1, { task: 'reject', words: newWords() });
  assert.equal(failure?.name, 'TypeError');
  assert.equal(failure?.message, 'nobody caught this');
});

test('an orderly exit is null, also while a wait is pending', async () => {
  assert.equal(await spawned(1, { task: 'exit', words: newWords() }), null);
});

test('a shard whose loop runs dry has failed', async () => {
  const failure = await spawned(1, { task: 'runDry', words: newWords() });
  assert.equal(failure?.message, 'the thread ran out of work');
});

test('a shard that ends by process.exit has failed with the code', async () => {
  const failure = await spawned(2, { task: 'processExit', words: newWords() });
  assert.equal(failure?.message, 'the thread ended with code 3');
});

test('a shard that exhausts its heap is told, and the process lives', async () => {
  const failure = await spawned(1, { task: 'exhaust', words: newWords() });
  assert.match(failure?.message ?? '', /memory/i);
});

test('wait and notify: no wake-up is lost over many rounds, both sides asleep in between', async () => {
  const words = newWords();
  const exited = spawned(1, { task: 'echo', words });
  for (let round = 1; round <= 100; round++) {
    Atomics.store(words, 0, round);
    threads.notify(words, 0);
    await counted(words, round);
  }
  assert.equal(await exited, null);
});

test('a word that is not as expected is no wait; a second wait is a bug', async () => {
  const words = newWords();
  let woken = 0;
  assert.equal(
    threads.wait(words, 0, 1, () => woken++),
    false,
  );
  const woke = new Promise<void>((resolve) => assert.equal(threads.wait(words, 0, 0, resolve), true));
  assert.throws(() => threads.wait(words, 0, 0, () => {}), /one word at a time/);
  threads.notify(words, 0);
  await woke;
  assert.equal(woken, 0);
});

test('two shards share a port, and each gets connections', { skip: !createNetwork().sharesPorts }, async () => {
  const words = newWords();
  const first = spawned(1, { task: 'listen', words });
  await counted(words, 1);
  const port = Atomics.load(words, 2);
  const second = spawned(2, { task: 'listen', words, port });
  await counted(words, 2);
  // The kernel spreads by a hash of the addresses: with so many, one of two is not left out.
  for (let round = 0; round < 8; round++) {
    await Promise.all(
      Array.from({ length: 8 }, () => {
        const client = net.connect(port, '127.0.0.1');
        client.on('error', () => {});
        return new Promise((resolve) => client.resume().once('close', resolve));
      }),
    );
  }
  const accepted = [Atomics.load(words, 4), Atomics.load(words, 5)];
  assert.ok(
    accepted.every((count) => count > 0),
    accepted.join(' and '),
  );
  Atomics.store(words, 0, 1);
  Atomics.notify(words, 0);
  assert.deepEqual(await Promise.all([first, second]), [null, null]);
});

test('a prepared thread loads its program beforehand, and begins with its boot', async () => {
  const own = createControlThreads({ url: new URL('./shard_double.ts', import.meta.url), limits: shardLimitsDefault });
  own.prepare(2);
  const words = newWords();
  const ended = new Promise((resolve) => own.spawnShard(1, { task: 'exit', words } satisfies DoubleBoot, resolve));
  assert.equal(await ended, null);
  own.abandonPrepared();
});

test('a prepared thread that died before its boot is told when it is spawned', async () => {
  const own = createControlThreads({
    url: new URL('data:text/javascript,throw new RangeError("no such program")'),
    limits: shardLimitsDefault,
  });
  own.prepare(1);
  await new Promise((resolve) => setTimeout(resolve, 100));
  const failure = await new Promise<ThreadFailure | null>((resolve) => own.spawnShard(1, {}, resolve));
  assert.equal(failure?.message, 'no such program');
});
