import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBackground } from '../../src/platform/background.ts';
import { TaskFailure, type Background } from '../../src/port/background.ts';

interface Outcome {
  readonly sum: number;
  readonly thread: number;
  readonly isMainThread: boolean;
}

interface TestTasks {
  readonly add: {
    readonly task: { readonly kind: 'add'; readonly a: number; readonly b: number };
    readonly outcome: Outcome;
  };
  readonly throw: { readonly task: { readonly kind: 'throw' }; readonly outcome: Outcome };
  readonly end: { readonly task: { readonly kind: 'end' }; readonly outcome: Outcome };
  readonly meet: {
    readonly task: { readonly kind: 'meet'; readonly words: Int32Array<SharedArrayBuffer> };
    readonly outcome: Outcome;
  };
}

function pool(threads: number): Background<TestTasks> {
  return createBackground({ url: new URL('background_program.ts', import.meta.url), threads, boot: { offset: 1000 } });
}

function closed(background: Background<TestTasks>): Promise<void> {
  return new Promise((resolve) => background.close(resolve));
}

test('tasks run on other threads, and their outcomes come in later events', async () => {
  const background = pool(2);
  const sums: number[] = [];
  await new Promise<void>((resolve) => {
    for (let a = 0; a < 20; a++) {
      background.run({ kind: 'add', a, b: 2 * a }, (outcome) => {
        assert.ok(!(outcome instanceof TaskFailure));
        assert.equal(outcome.isMainThread, false);
        sums.push(outcome.sum);
        if (sums.length === 20) resolve();
      });
      assert.equal(sums.length, 0);
    }
  });
  assert.deepEqual(
    sums.toSorted((a, b) => a - b),
    Array.from({ length: 20 }, (_, a) => 3 * a + 1000),
  );
  await closed(background);
});

test('as many tasks run at once as there are threads', async () => {
  const background = pool(2);
  const words = new Int32Array(new SharedArrayBuffer(4));
  const threads = await Promise.all(
    [1, 2].map(
      () =>
        new Promise<number>((resolve) => {
          background.run({ kind: 'meet', words }, (outcome) => {
            assert.ok(!(outcome instanceof TaskFailure));
            resolve(outcome.thread);
          });
        }),
    ),
  );
  assert.notEqual(threads[0], threads[1]);
  await closed(background);
});

test('a task that throws, and one whose thread ends, fail alone', async () => {
  const background = pool(1);
  const outcomeOf = (kind: 'throw' | 'end'): Promise<Outcome | TaskFailure> =>
    new Promise((resolve) => background.run({ kind }, resolve));
  const thrown = await outcomeOf('throw');
  assert.ok(thrown instanceof TaskFailure);
  assert.equal(thrown.message, 'RangeError: too far');
  assert.ok((await outcomeOf('end')) instanceof TaskFailure);
  const after = await new Promise<Outcome | TaskFailure>((resolve) =>
    background.run({ kind: 'add', a: 1, b: 1 }, resolve),
  );
  assert.ok(!(after instanceof TaskFailure));
  assert.equal(after.sum, 1002);
  await closed(background);
});

test('nothing is told after the pool was closed, and a pool without a task closes at once', async () => {
  await closed(pool(1));
  const background = pool(1);
  let told = 0;
  background.run({ kind: 'add', a: 1, b: 1 }, () => told++);
  await closed(background);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(told, 0);
});
