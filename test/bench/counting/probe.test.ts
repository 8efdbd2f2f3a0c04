// A program that boots a worker as the broker boots a shard, with the probe before it.
import assert from 'node:assert/strict';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { ProbeAnswer } from '../../../bench/counting/questions.ts';

const probe = new URL('../../../bench/counting/probe.ts', import.meta.url).href;
const program = fileURLToPath(new URL('./probed_program.ts', import.meta.url));

async function ask(child: ChildProcess): Promise<ProbeAnswer> {
  child.send('counts');
  const [answer] = (await once(child, 'message')) as [ProbeAnswer];
  return answer;
}

async function work(child: ChildProcess): Promise<void> {
  child.stdin!.write('work\n');
  await once(child.stdout!, 'data');
}

for (const views of ['', '1']) {
  test(`counts of a worker reach the parent${views === '' ? '' : ', views too'}`, async (context) => {
    const child = fork(program, {
      execArgv: ['--import', probe],
      env: { ...process.env, BENCH_COUNT_VIEWS: views },
      stdio: ['pipe', 'pipe', 'inherit', 'ipc'],
    });
    context.after(() => child.kill());
    await once(child.stdout!, 'data');
    const before = await ask(child);
    await work(child);
    const after = await ask(child);
    assert.equal(after.counters['requests']! - before.counters['requests']!, 1000);
    assert.equal(after.counters['bytesCopied']! - before.counters['bytesCopied']!, 0);
    assert.equal(after.views - before.views, views === '' ? 0 : 1000);
    assert.equal(after.allocatedBytes.length, 2);
    assert.ok(after.allocatedBytes[1]! - before.allocatedBytes[1]! >= 1000 * 8);
  });
}

test('a program with the probe ends when it has nothing to do', async (context) => {
  const child = fork(program, { execArgv: ['--import', probe], stdio: ['pipe', 'pipe', 'inherit', 'ipc'] });
  context.after(() => child.kill());
  await once(child.stdout!, 'data');
  child.stdin!.write('end\n');
  const [code] = (await once(child, 'exit')) as [number];
  assert.equal(code, 0);
});
