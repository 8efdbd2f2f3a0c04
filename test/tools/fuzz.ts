import { SeededRandom } from '../../src/base/random.ts';
import { MESSAGES } from '../../src/protocol/schema/catalog.ts';
import type { BatchVector } from './batch_vectors.ts';
import { fuzzBatch, fuzzHeader, fuzzMessage } from './fuzz_target.ts';
import { fromHex, toHex } from './kernels.ts';
import type { MessageVector } from './message_vectors.ts';
import { mutate, MUTATIONS } from './mutation.ts';
import { readVectors } from './vector_file.ts';

/**
 * `node test/tools/fuzz.ts [inputs] [seed]`: spoils vectors and gives them to everything that reads bytes of others.
 * Says how many were still well-formed, the slowest input and the memory. Stops at the first failure, with its bytes.
 */
const inputs = Number(process.argv[2] ?? 1_000_000);
const seed = Number(process.argv[3] ?? Date.now() % 1_000_000);
const random = new SeededRandom(seed);

const fixture = (name: string) => readVectors(new URL(`../fixtures/protocol/${name}`, import.meta.url).pathname);
const byName = new Map(MESSAGES.map((message) => [message.name, message]));
const messages = (fixture('messages.jsonl.gz') as MessageVector[])
  .filter(({ name }) => byName.has(name))
  .map(({ name, version, hex }) => ({ message: byName.get(name)!, version, bytes: fromHex(hex) }));
const headers = messages.filter(({ message }) => message.name === 'RequestHeader').map(({ bytes }) => bytes);
const batches = (fixture('batches.jsonl.gz') as BatchVector[]).map(({ hex }) => fromHex(hex));

let wellFormed = 0;
let slowestMs = 0;
const began = performance.now();
for (let input = 1; input <= inputs; input++) {
  const kind = random.fraction();
  const sample = kind < 0.75 ? random.pick(messages) : null;
  let bytes: Uint8Array = sample?.bytes ?? random.pick(kind < 0.95 ? batches : headers);
  for (let count = random.between(1, 4); count > 0; count--) {
    bytes = mutate(bytes, { how: random.pick(MUTATIONS), at: random.uint32(), value: random.uint32() });
  }
  const repair = random.chance(0.8);
  const run = (): boolean => {
    if (sample !== null) return fuzzMessage(sample.message, sample.version, bytes);
    return kind < 0.95 ? fuzzBatch(bytes, repair) : fuzzHeader(bytes);
  };
  try {
    let ms = timed(run);
    // Once more, to tell a slow input from a machine that was busy or compiling.
    if (ms > slowestMs) ms = Math.min(ms, timed(run));
    slowestMs = Math.max(slowestMs, ms);
  } catch (error) {
    const what = sample === null ? 'batch or header' : `${sample.message.name} ${sample.version}`;
    console.log(`seed ${seed}, input ${input}: ${what} ${toHex(bytes)}`);
    throw error;
  }
}
const seconds = ((performance.now() - began) / 1000).toFixed(0);
const mebibytes = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MiB`;
console.log(
  `${inputs} inputs, seed ${seed}: ${wellFormed} well-formed, no failure, ${seconds} s, slowest ${slowestMs.toFixed(1)} ms`,
);
const { heapUsed } = process.memoryUsage();
console.log(
  `resident ${mebibytes(process.resourceUsage().maxRSS * 1024)} at most, heap ${mebibytes(heapUsed)} at the end`,
);

function timed(run: () => boolean): number {
  const from = performance.now();
  if (run()) wellFormed++;
  return performance.now() - from;
}
