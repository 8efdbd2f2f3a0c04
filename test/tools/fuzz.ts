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
  const from = performance.now();
  try {
    if (
      sample !== null
        ? fuzzMessage(sample.message, sample.version, bytes)
        : kind < 0.95
          ? fuzzBatch(bytes, random.chance(0.8))
          : fuzzHeader(bytes)
    )
      wellFormed++;
  } catch (error) {
    console.log(
      `seed ${seed}, input ${input}: ${sample?.message.name ?? 'batch or header'} ${sample?.version ?? ''} ${toHex(bytes)}`,
    );
    throw error;
  }
  slowestMs = Math.max(slowestMs, performance.now() - from);
}
const seconds = (performance.now() - began) / 1000;
const megabytes = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MiB`;
console.log(
  `${inputs} inputs, seed ${seed}: ${wellFormed} well-formed, no failure, ${seconds.toFixed(0)} s, slowest ${slowestMs.toFixed(1)} ms`,
);
console.log(
  `resident ${megabytes(process.resourceUsage().maxRSS * 1024)} at most, heap ${megabytes(process.memoryUsage().heapUsed)} at the end`,
);
