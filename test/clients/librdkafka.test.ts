/** librdkafka, through its Python binding: what goes in comes out, byte for byte, in order, also after a restart. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { BrokerProcess } from '../processes/broker_process.ts';
import { WireClient } from '../processes/wire_client.ts';
import { python, runToolWell, skipPython } from './runtimes.ts';

const limited = { timeout: 120_000 };
const script = join(import.meta.dirname, 'confluent_client.py');
const acksSettings = ['0', '1', 'all'];
const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];

/** Bytes are base64. */
interface Record {
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: readonly (readonly [string, string | null])[];
  readonly timestamp: number | null;
}
type ReadRecord = Record & { readonly offset: number };
type Start = number | 'beginning' | 'end' | { readonly timestamp: number };

let broker: BrokerProcess;

const base64 = (bytes: Uint8Array | string): string => Buffer.from(bytes as Uint8Array).toString('base64');

/** Every shape that a record has: nulls, empty, binary, large, headers with and without values. */
const corpus: readonly Record[] = Array.from({ length: 400 }, (_, index) => ({
  key: index % 5 === 0 ? null : base64(index % 7 === 0 ? '' : `key ${index % 13}`),
  value: index % 11 === 0 ? null : base64(Buffer.alloc(index === 200 ? 700_000 : index * 3, index)),
  headers: Array.from({ length: index % 4 }, (__, header) => [`h${header}`, header === 2 ? null : base64(`v${index}`)]),
  timestamp: 1_700_000_000_000 + index * 1000,
}));

async function order(details: object, onLine?: (line: string) => void): Promise<unknown> {
  const config = { 'bootstrap.servers': `127.0.0.1:${broker.port}` };
  const whole = { config, partition: 0, ...details };
  const merged = { ...whole, config: { ...config, ...whole.config } };
  const input = JSON.stringify(merged);
  const output = await runToolWell(python, [script], onLine === undefined ? { input } : { input, onLine });
  return JSON.parse(output.trim().split('\n').at(-1) ?? '');
}

async function produce(topic: string, records: readonly Record[], config: object): Promise<(number | string)[]> {
  const answer = (await order({ order: 'produce', topic, records, config })) as {
    outcomes: { offset?: number; error?: string }[];
  };
  return answer.outcomes.map(({ offset, error }) => error ?? offset ?? 'no outcome');
}

async function consume(topic: string, start: Start, follow = 0, atEnd?: () => void): Promise<ReadRecord[]> {
  const onLine = (line: string): void => {
    if (line.includes('"event"')) atEnd?.();
  };
  const config = { 'fetch.wait.max.ms': 100 };
  const answer = (await order({ order: 'consume', topic, start, follow, config }, onLine)) as { records: ReadRecord[] };
  return answer.records;
}

const withOffsets = (records: readonly Record[], first = 0): ReadRecord[] =>
  records.map((record, index) => ({ ...record, offset: first + index }));

async function createTopic(topic: string): Promise<void> {
  using client = await WireClient.connect(broker.port);
  await client.createTopic(topic);
}

function assertSame(found: readonly ReadRecord[], expected: readonly ReadRecord[]): void {
  assert.equal(found.length, expected.length);
  for (const [index, record] of found.entries()) assert.deepEqual(record, { ...(expected[index] as ReadRecord) });
}

describe('librdkafka', { skip: skipPython }, () => {
  before(async () => {
    broker = await BrokerProcess.start();
  });

  after(async () => {
    await broker.stop();
    await broker[Symbol.asyncDispose]();
  });

  for (const acks of acksSettings) {
    for (const codec of codecs) {
      test(`acks ${acks}, codec ${codec}: all shapes of records`, limited, async () => {
        const topic = `shapes-${acks}-${codec}`;
        await createTopic(topic);
        const outcomes = await produce(topic, corpus, { acks, 'compression.codec': codec, 'linger.ms': 5 });
        if (acks !== '0') assert.deepEqual(outcomes, [...corpus.keys()]);
        using client = await WireClient.connect(broker.port);
        // With acks 0 nobody says when they are there.
        while ((await client.logEndOffset(topic, 0)) < corpus.length);
        assertSame(await consume(topic, 'beginning'), withOffsets(corpus));
      });
    }
  }

  test('idempotent producer: each once, in order', limited, async () => {
    await createTopic('idempotent');
    const outcomes = await produce('idempotent', corpus, { 'enable.idempotence': true, 'batch.num.messages': 10 });
    assert.deepEqual(outcomes, [...corpus.keys()]);
    assertSame(await consume('idempotent', 'beginning'), withOffsets(corpus));
  });

  test('a record above max.message.bytes is refused, those around it are not', limited, async () => {
    await createTopic('refused');
    const record = (bytes: number): Record => ({
      key: null,
      value: base64(Buffer.alloc(bytes)),
      headers: [],
      timestamp: null,
    });
    const config = { 'message.max.bytes': 8_000_000, 'linger.ms': 0, 'batch.num.messages': 1 };
    const outcomes = await produce('refused', [record(10), record(2_000_000), record(1_000_000)], config);
    assert.deepEqual(outcomes, [0, 'MSG_SIZE_TOO_LARGE', 1]);
  });

  test('start at an offset, at the end, at a time', limited, async () => {
    await createTopic('places');
    await produce('places', corpus, { 'batch.num.messages': 20 });
    const all = withOffsets(corpus);
    assertSame(await consume('places', 137), all.slice(137));
    assertSame(await consume('places', 'end'), []);
    assertSame(await consume('places', { timestamp: 1_700_000_000_000 + 250_500 }), all.slice(251));
    assertSame(await consume('places', { timestamp: 1_700_000_000_000 }), all);
    assert.deepEqual(await order({ order: 'watermarks', topic: 'places' }), { low: 0, high: corpus.length });
  });

  test('a consumer at the end gets what comes later', limited, async () => {
    await createTopic('followed');
    await produce('followed', corpus.slice(0, 10), {});
    const atEnd = Promise.withResolvers<void>();
    const consuming = consume('followed', 'end', 20, () => atEnd.resolve());
    await Promise.race([atEnd.promise, consuming]);
    await produce('followed', corpus.slice(10, 30), {});
    assertSame(await consuming, withOffsets(corpus.slice(10, 30), 10));
  });

  test('everything is there after a restart, and after a kill', limited, async () => {
    for (const [end, acks] of [
      ['stop', '0'],
      ['kill', 'all'],
    ] as const) {
      const { dataDirectory } = broker;
      await broker[end]();
      broker = await BrokerProcess.start({ dataDirectory });
      broker.removeLater(dataDirectory);
      for (const codec of codecs) {
        assertSame(await consume(`shapes-${acks}-${codec}`, 'beginning'), withOffsets(corpus));
      }
    }
  });
});
