import { test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ByteReader, ByteWriter } from '../../src/base/bytes.ts';
import { codecOf } from '../../src/protocol/codec.ts';
import { MESSAGES } from '../../src/protocol/schema/catalog.ts';
import type { Message } from '../../src/protocol/schema_language.ts';
import type { BatchVector } from '../tools/batch_vectors.ts';
import { checkElements, fuzzBatch, fuzzHeader, fuzzMessage } from '../tools/fuzz_target.ts';
import { fromHex, kernels } from '../tools/kernels.ts';
import { messageArbitrary } from '../tools/message_arbitrary.ts';
import type { MessageVector } from '../tools/message_vectors.ts';
import { mutate, MUTATIONS } from '../tools/mutation.ts';
import { readVectors } from '../tools/vector_file.ts';

// More than 100,000 inputs in a few seconds; `node test/tools/fuzz.ts` goes on for as long as one likes.
const SPOILED_MESSAGES = 60_000;
const SPOILED_BATCHES = 20_000;
const VALUES_PER_VERSION = 40;

const fixture = (name: string) => readVectors(new URL(`../fixtures/protocol/${name}`, import.meta.url).pathname);
const byName = new Map(MESSAGES.map((message) => [message.name, message]));
const messages = (fixture('messages.jsonl.gz') as MessageVector[])
  .filter(({ name }) => byName.has(name))
  .map(({ name, version, kind, hex }) => ({ message: byName.get(name)!, version, kind, bytes: fromHex(hex) }));
const batches = (fixture('batches.jsonl.gz') as BatchVector[]).map(({ hex }) => fromHex(hex));

const mutation = fc.record(
  { how: fc.constantFrom(...MUTATIONS), at: fc.nat(), value: fc.nat() },
  { noNullPrototype: true },
);
const mutations = fc.array(mutation, { minLength: 1, maxLength: 4 });

test('spoiled messages and headers', () => {
  let wellFormed = 0;
  fc.assert(
    fc.property(fc.nat(messages.length - 1), mutations, (which, changes) => {
      const { message, version, bytes } = messages[which]!;
      const spoiled = changes.reduce(mutate, bytes as Uint8Array);
      if (fuzzMessage(message, version, spoiled)) wellFormed++;
      fuzzHeader(spoiled);
    }),
    { numRuns: SPOILED_MESSAGES },
  );
  assert.ok(wellFormed > SPOILED_MESSAGES / 20 && wellFormed < SPOILED_MESSAGES / 2, `${wellFormed} well-formed`);
});

test('spoiled record batches', () => {
  let wellFormed = 0;
  fc.assert(
    fc.property(fc.nat(batches.length - 1), mutations, fc.boolean(), (which, changes, repair) => {
      if (fuzzBatch(changes.reduce(mutate, batches[which] as Uint8Array), repair)) wellFormed++;
    }),
    { numRuns: SPOILED_BATCHES },
  );
  assert.ok(wellFormed > 10, `${wellFormed} well-formed`);
});

test('any value of every version comes back; spoiled, nothing breaks', () => {
  const writer = new ByteWriter(kernels.encodeText);
  const reader = new ByteReader(kernels.decodeText);
  for (const message of MESSAGES) {
    const codec = codecOf(message);
    for (let version = message.minVersion; version <= message.maxVersion; version++) {
      fc.assert(
        fc.property(messageArbitrary(message, version), mutation, (value, change) => {
          codec.encode(writer.clear(), version, value as never);
          const bytes = writer.copyWritten();
          const decoded = codec.decode(reader.resetTo(bytes), version);
          assert.ok(decoded !== null && reader.remaining === 0, `${message.name} ${version}`);
          assert.partialDeepStrictEqual(decoded, value as object);
          fuzzMessage(message, version, mutate(bytes, change));
        }),
        { numRuns: VALUES_PER_VERSION },
      );
    }
  }
});

test('counts that the bytes cannot hold, in every array of every version, allocate nothing', () => {
  const reader = new ByteReader(kernels.decodeText);
  const counts = [0x7fff_ffff, 0x0010_0000, -2, 0x7fff_fff0];
  for (const { message, version, kind, bytes } of messages) {
    if (kind !== 'full') continue;
    const codec = codecOf(message);
    for (const count of counts)
      for (let at = 0; at + 4 <= Math.min(bytes.length, 60); at++) {
        const spoiled = bytes.slice();
        new DataView(spoiled.buffer).setInt32(at, count);
        const decoded = codec.decode(reader.resetTo(spoiled), version);
        checkElements(reader, message, spoiled, decoded !== null);
      }
  }
});

test('a million empty tags are walked, and not kept', () => {
  const message = byName.get('ApiVersionsRequest')! as Message;
  const tags = 1_000_000;
  const writer = new ByteWriter(kernels.encodeText, 8 << 20);
  writer.compactString('client');
  writer.compactString('1.0');
  writer.unsignedVarint(tags);
  for (let tag = 0; tag < tags; tag++) {
    writer.unsignedVarint(tag + 5);
    writer.unsignedVarint(0);
  }
  const reader = new ByteReader(kernels.decodeText);
  const decoded = codecOf(message).decode(reader.reset(writer.view, writer.bytes, 0, writer.position), 3);
  assert.deepEqual(decoded, { clientSoftwareName: 'client', clientSoftwareVersion: '1.0' });
});
