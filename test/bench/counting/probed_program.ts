/** Told `work` on its input, its worker counts 1,000 requests and makes 1,000 views; told `end`, it ends by itself. */
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { counter, counterBlockBytes, CounterBlock } from '../../../src/shared-memory/counters.ts';

if (isMainThread) control();
else worker();

function control(): void {
  const shared = { counters: new SharedArrayBuffer(2 * counterBlockBytes) };
  const shard = new Worker(new URL(import.meta.url));
  shard.once('online', () => shard.postMessage({ boot: { shared } }));
  shard.on('message', () => process.stdout.write('done\n'));
  process.stdin.on('data', (bytes) => {
    shard.postMessage(bytes.toString().trim());
    if (bytes.toString().startsWith('end')) process.stdin.destroy();
  });
}

interface Boot {
  readonly boot: { readonly shared: { readonly counters: SharedArrayBuffer } };
}

function worker(): void {
  parentPort!.once('message', ({ boot }: Boot) => obey(boot.shared.counters));
}

function obey(counters: SharedArrayBuffer): void {
  const block = new CounterBlock(counters, 1);
  const kept: Uint8Array[] = [];
  parentPort!.postMessage('ready');
  parentPort!.on('message', (order: string) => {
    if (order === 'end') return parentPort!.close();
    for (let index = 0; index < 1000; index++) {
      block.add(counter.requests, 1);
      kept.push(new Uint8Array(counters));
    }
    parentPort!.postMessage('done');
  });
}
