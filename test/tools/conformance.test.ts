import { deepEqual, equal, match, ok, throws } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { ChosenValues, differences } from './conformance_compare.ts';
import type { Json } from './conformance_json.ts';
import { decodeAnswer, encodeRequest } from './conformance_messages.ts';
import { Condition, parsePointer, pointerOf, PointerPatterns, valueAt } from './conformance_pointer.ts';
import { batchesAsJson, decodedRecords } from './conformance_records.ts';
import { fillIn, MissingValue } from './conformance_templates.ts';
import { readScenarios, type Step } from './conformance_transcript.ts';
import { fromHex, toHex } from './kernels.ts';

const transcripts = join(import.meta.dirname, '../fixtures/behaviour/transcripts.jsonl.gz');
const scenarios = readScenarios([transcripts]);

test('pointers find values, stars stand for indexes alone', () => {
  const answer: Json = { a: [{ b: 1 }, { b: 2, 'c/d': { '~': 3 } }] };
  equal(valueAt(answer, '/a/1/b'), 2);
  equal(valueAt(answer, '/a/1/c~1d/~0'), 3);
  equal(valueAt(answer, '/a/2/b'), undefined);
  equal(valueAt(answer, ''), answer);
  equal(pointerOf(['a', 1, 'c/d', '~']), '/a/1/c~1d/~0');
  deepEqual(parsePointer('/a/1/c~1d/~0'), ['a', '1', 'c/d', '~']);
  const patterns = new PointerPatterns(['/a/*/b', '/x']);
  ok(patterns.match(['a', 7, 'b']) && patterns.match(['x']));
  ok(!patterns.match(['a', 'name', 'b']) && !patterns.match(['a', 7]) && !patterns.match(['a', 7, 'b', 'c']));
  throws(() => parsePointer('a/b'));
});

test('conditions of a step compare as text', () => {
  const condition = new Condition('/topics/0/errorCode=6');
  ok(condition.holds({ topics: [{ errorCode: 6 }] }));
  ok(!condition.holds({ topics: [{ errorCode: 0 }] }));
  ok(!condition.holds({ topics: [] }));
});

test('differences name the place, what was expected and what came', () => {
  deepEqual(differences({ a: [{ b: 1 }, { b: 2 }], c: '' }, { a: [{ b: 1 }, { b: 3 }], c: null, d: 0 }), [
    { pointer: '/a/1/b', expected: 2, got: 3 },
    { pointer: '/c', expected: '', got: null },
    { pointer: '/d', expected: undefined, got: 0 },
  ]);
  deepEqual(differences([1], [1, 2]), [{ pointer: '/1', expected: undefined, got: 2 }]);
  deepEqual(differences({ n: 2n ** 62n }, { n: 2n ** 62n }), []);
});

test('what varies is left out, whatever it is', () => {
  const how = { vary: ['/topics/*/topicId', '/brokers'] };
  deepEqual(
    differences({ topics: [{ topicId: 'a' }], brokers: [1] }, { topics: [{ topicId: 'b' }], brokers: [] }, how),
    [],
  );
  equal(differences({ topics: [{ name: 'a' }] }, { topics: [{ name: 'b' }] }, how).length, 1);
});

test('the order of an array counts, unless it is said not to', () => {
  const expected = [
    { name: 'a', n: 1 },
    { name: 'b', n: 2 },
  ];
  const got = [
    { name: 'b', n: 2 },
    { name: 'a', n: 3 },
  ];
  equal(differences({ all: expected }, { all: got }).length, 4);
  deepEqual(differences({ all: expected }, { all: got }, { unordered: ['/all'] }), [
    { pointer: '/all/0/n', expected: 1, got: 3 },
  ]);
  deepEqual(differences({ all: expected }, { all: [...expected].reverse() }, { unordered: ['/all'] }), []);
  const more = differences({ all: expected }, { all: [{ name: 'c' }, expected[1]!] }, { unordered: ['/all'] });
  deepEqual(more, [
    { pointer: '/all/0', expected: expected[0], got: undefined },
    { pointer: '/all/0', expected: undefined, got: { name: 'c' } },
  ]);
  // Elements that are told apart only by what varies are pairs all the same.
  const how = { unordered: ['/all'], vary: ['/all/*/topicId'] };
  const pair = differences({ all: [{ topicId: 'x', n: 1 }] }, { all: [{ topicId: 'y', n: 2 }] }, how);
  deepEqual(pair, [{ pointer: '/all/0/n', expected: 1, got: 2 }]);
});

test('wording is free, and some error is any error', () => {
  deepEqual(differences({ errorMessage: 'no such topic' }, { errorMessage: 'unknown topic' }), []);
  deepEqual(differences({ errorMessage: null }, { errorMessage: 'unknown topic' }), []);
  deepEqual(differences({ errorCode: -1 }, { errorCode: 42 }), []);
  equal(differences({ errorCode: -1 }, { errorCode: 0 }).length, 1);
  equal(differences({ errorCode: 42 }, { errorCode: 87 }).length, 1);
});

test('what the broker chose may be repeated in the same field', () => {
  const chosen = new ChosenValues();
  chosen.learn('producerId', 1, 4000);
  chosen.learn('memberId', 'recorded', 'live');
  deepEqual(differences({ producerId: 1, leader: 'recorded' }, { producerId: 4000, leader: 'live' }, { chosen }), []);
  equal(differences({ offset: 1 }, { offset: 4000 }, { chosen }).length, 1);
  equal(differences({ producerId: 2 }, { producerId: 4000 }, { chosen }).length, 1);
});

test('templates take captured values, sums, texts and batches', () => {
  const captured = new Map<string, Json>([
    ['id', 'abc'],
    ['epoch', 3],
  ]);
  deepEqual(fillIn({ a: ['$id', 'plain'], b: { $plus: ['$epoch', 2] }, c: { $utf8: '$ü' }, d: null }, captured), {
    a: ['abc', 'plain'],
    b: 5,
    c: Buffer.from('$ü').toString('base64'),
    d: null,
  });
  equal(fillIn('$zero', captured), 'AAAAAAAAAAAAAAAAAAAAAA');
  throws(
    () => fillIn({ a: '$nothing' }, captured),
    (error) => error instanceof MissingValue && error.value === 'nothing',
  );
});

test('batches of every codec hold the records of their template', () => {
  const records = [
    ['$key', 'value'],
    [null, ''],
    ['k', null],
  ];
  for (const codec of ['none', 'gzip', 'snappy', 'lz4', 'zstd']) {
    const template = { $batch: { codec, pid: '$pid', epoch: 1, seq: 7, txn: true, records } };
    const batch = fillIn(template, new Map([['pid', 99]])) as string;
    const [read] = batchesAsJson(batch) as { [name: string]: Json }[];
    equal(read!['producerId'], 99, codec);
    equal(read!['baseSequence'], 7);
    equal(read!['recordCount'], 3);
    deepEqual(
      (decodedRecords(new Uint8Array(Buffer.from(batch, 'base64'))) as { [name: string]: Json }[]).map(
        ({ offset, timestamp, key, value, transactional }) => [offset, timestamp, key, value, transactional],
      ),
      [
        [0, 1_700_000_000_000, '$key', 'value', true],
        [1, 1_700_000_000_001, null, '', true],
        [2, 1_700_000_000_002, 'k', null, true],
      ],
      codec,
    );
  }
  const spoilt = batchesAsJson(fillIn({ $batch: { flip: true, records } }, new Map()) as string);
  match(JSON.stringify(spoilt), /unreadable/);
});

test('records compare by what they say, not by how they were compressed', () => {
  const batch = (codec: string, value: string) =>
    fillIn({ $batch: { codec, records: [['k', value.repeat(100)]] } }, new Map()) as string;
  deepEqual(differences({ records: batch('gzip', 'a') }, { records: batch('gzip', 'a') }), []);
  const [difference] = differences({ records: batch('gzip', 'a') }, { records: batch('gzip', 'b') });
  equal(difference?.pointer, '/records/0/records/0/value');
  const [attributes] = differences({ records: batch('gzip', 'a') }, { records: batch('zstd', 'a') });
  equal(attributes?.pointer, '/records/0/attributes');
  // A batch that was cut off at the end is none.
  const whole = Buffer.from(batch('none', 'a'), 'base64');
  const cut = Buffer.concat([whole, whole.subarray(0, 50)]).toString('base64');
  deepEqual(differences({ records: cut }, { records: whole.toString('base64') }), []);
});

test('filled templates are the bytes that were sent to Apache Kafka', () => {
  let compared = 0;
  for (const { steps } of scenarios) {
    const captured = new Map<string, Json>();
    for (const step of steps) {
      if (step.template !== undefined && !JSON.stringify(step.template).includes('"codec"')) {
        equal(toHex(encoded(step, captured)), step.requestHex, `${step.scenario} step ${step.step}`);
        compared++;
      }
      for (const [name, pointer] of Object.entries(step.capture ?? {})) {
        captured.set(name, valueAt(step.response, pointer)!);
      }
    }
  }
  ok(compared > 50, `${compared} templates`);
});

function encoded({ api, version, header, template }: Step, captured: ReadonlyMap<string, Json>): Uint8Array {
  const body = fillIn(template!, captured) as { readonly [name: string]: Json };
  return encodeRequest(api!, version!, header!.correlationId, header!.clientId, body);
}

test('an answer decodes to JSON without what its version lacks', () => {
  const frame = fromHex('0000000700000000000000010000000574312d7473000000000001000000010000000000000000ffff');
  equal(decodeAnswer(frame, 3, 1, 0).body, null);
  const versions = fromHex('00000005002300000001001200000004');
  deepEqual(decodeAnswer(versions, 18, 0, 0), {
    correlationId: 5,
    body: { errorCode: 35, apiKeys: [{ apiKey: 18, minVersion: 0, maxVersion: 4 }] },
    bytesLeft: 0,
  });
});

test('the program explains itself, and complains about what it cannot use', () => {
  const run = (...programArguments: string[]) =>
    spawnSync(process.execPath, [join(import.meta.dirname, 'conformance.ts'), ...programArguments], {
      encoding: 'utf8',
    });
  const help = run('--help');
  equal(help.status, 0);
  match(help.stdout, /--bootstrap HOST:PORT/);
  for (const wrong of [[], ['--bootstrap', '127.0.0.1:1'], ['--nonsense'], ['--bootstrap', 'x', transcripts]]) {
    const { status, stderr } = run(...wrong);
    equal(status, 2, wrong.join(' '));
    match(stderr, /^conformance: /);
  }
});
