import { isMainThread, threadId } from 'node:worker_threads';
import { enterBackgroundThread } from '../../src/platform/background.ts';

interface TestTask {
  readonly kind: 'add' | 'throw' | 'end' | 'meet';
  readonly words?: Int32Array<SharedArrayBuffer>;
}

const { offset } = enterBackgroundThread() as { readonly offset: number };
let tasks = 0;

/** What the threads of the test's pool do. */
export async function runTask(task: TestTask & { readonly a?: number; readonly b?: number }): Promise<object> {
  await Promise.resolve();
  tasks++;
  if (task.kind === 'throw') throw new RangeError('too far');
  if (task.kind === 'end') process.exit(7);
  if (task.kind === 'meet') {
    // Ends when a second task is under way on another thread.
    Atomics.add(task.words!, 0, 1);
    Atomics.notify(task.words!, 0);
    for (let seen = Atomics.load(task.words!, 0); seen < 2; seen = Atomics.load(task.words!, 0)) {
      Atomics.wait(task.words!, 0, seen);
    }
  }
  return { sum: (task.a ?? 0) + (task.b ?? 0) + offset, thread: threadId, isMainThread, tasks };
}
