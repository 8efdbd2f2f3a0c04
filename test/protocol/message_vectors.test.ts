import { test } from 'node:test';
import assert from 'node:assert/strict';
import { MESSAGES } from '../../src/protocol/schema/catalog.ts';
import { checkMessageVector, type MessageVector } from '../tools/message_vectors.ts';
import { readVectors } from '../tools/vector_file.ts';

// A sample of what Apache Kafka 4.3.1's own serialisers wrote; `npm run vectors` checks files of more.
const vectors = readVectors(
  new URL('../fixtures/protocol/messages.jsonl.gz', import.meta.url).pathname,
) as MessageVector[];

test('every version of every message is read and written as Apache Kafka does', () => {
  for (const vector of vectors) {
    const problems = checkMessageVector(vector);
    assert.deepEqual(problems, [], `${vector.name} version ${vector.version} ${vector.kind}`);
  }
});

test('the sample has every version of every message', () => {
  const covered = new Set(
    vectors.map(
      (vector) => `${vector.name.replace(/^ZkMigrationRecord$/, 'ZkMigrationStateRecord')} ${vector.version}`,
    ),
  );
  for (const message of MESSAGES)
    for (let version = message.minVersion; version <= message.maxVersion; version++)
      assert.ok(covered.has(`${message.name} ${version}`), `${message.name} ${version}`);
});

test('the check sees a value, a byte, a frame and a number that are not right', () => {
  const good = vectors.find((vector) => vector.name === 'TopicRecord' && vector.kind === 'full')!;
  assert.deepEqual(checkMessageVector(good), []);
  assert.notDeepEqual(checkMessageVector({ ...good, value: { ...(good.value as object), name: 'other' } }), []);
  assert.notDeepEqual(checkMessageVector({ ...good, hex: good.hex.slice(0, -2) + '01' }), []);
  assert.notDeepEqual(checkMessageVector({ ...good, framed: '02' + good.framed!.slice(2) }), []);
  assert.notDeepEqual(checkMessageVector({ ...good, name: 'NoSuchRecord' }), []);
});
