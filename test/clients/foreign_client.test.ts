/**
 * Foreign clients that take orders by JSON: what goes in comes out, byte for byte, in order, also after a restart.
 * Each client runs the same orders; see README.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { BrokerProcess } from '../processes/broker_process.ts';
import { WireClient } from '../processes/wire_client.ts';
import { foreignClients, runToolWell, type ForeignClient } from './runtimes.ts';

const limited = { timeout: 120_000 };
/** Each codec, and each setting of acks, at least once. */
const acksAndCodecs = [
  ['0', 'none'],
  ['1', 'gzip'],
  ['all', 'snappy'],
  ['1', 'lz4'],
  ['all', 'zstd'],
] as const;

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
const everyShape: readonly Record[] = Array.from({ length: 400 }, (_, index) => ({
  key: index % 5 === 0 ? null : base64(index % 7 === 0 ? '' : `key ${index % 13}`),
  value: index % 11 === 0 ? null : base64(Buffer.alloc(index === 200 ? 700_000 : index * 3, index)),
  headers: Array.from({ length: index % 4 }, (__, header) => [`h${header}`, header === 2 ? null : base64(`v${index}`)]),
  timestamp: 1_700_000_000_000 + index * 1000,
}));

/** Not every client can send what the protocol can. */
const sendable = ({ sendsEmptyRecords, sendsNullHeaders, sendsEmptyKeys }: ForeignClient, record: Record): Record => ({
  ...record,
  key: record.key === '' && !sendsEmptyKeys ? null : record.key,
  value: record.key === null && !sendsEmptyRecords ? (record.value ?? '') : record.value,
  headers: record.headers.map(([name, value]) => [name, sendsNullHeaders ? value : (value ?? '')]),
});

/** How a producer is set; neutral names, which each client's script translates. */
interface ProducerSettings {
  readonly acks?: string;
  readonly codec?: string;
  readonly idempotent?: boolean;
  readonly lingerMs?: number;
  readonly batchBytes?: number;
  readonly requestBytesMax?: number;
}

const plainProducer: Required<ProducerSettings> = {
  acks: 'all',
  codec: 'none',
  idempotent: false,
  lingerMs: 5,
  batchBytes: 16_384,
  requestBytesMax: 1_048_576,
};

async function order(
  { program, programArguments }: ForeignClient,
  details: object,
  onLine: (line: string) => void = () => {},
): Promise<unknown> {
  const input = JSON.stringify({ bootstrap: `127.0.0.1:${broker.port}`, partition: 0, ...details });
  const output = await runToolWell(program, programArguments, { input, onLine });
  return JSON.parse(output.trim().split('\n').at(-1) ?? '');
}

async function produce(
  client: ForeignClient,
  topic: string,
  records: readonly Record[],
  settings: ProducerSettings = {},
): Promise<(number | string)[]> {
  const details = { order: 'produce', topic, records, ...plainProducer, ...settings };
  const answer = (await order(client, details)) as { outcomes: { offset?: number; error?: string }[] };
  return answer.outcomes.map(({ offset, error }) => error ?? offset ?? 'no outcome');
}

async function consume(
  client: ForeignClient,
  topic: string,
  start: Start,
  follow = 0,
  atEnd: () => void = () => {},
): Promise<ReadRecord[]> {
  const onLine = (line: string): void => {
    if (line.includes('"event"')) atEnd();
  };
  const answer = (await order(client, { order: 'consume', topic, start, follow }, onLine)) as { records: ReadRecord[] };
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

for (const client of foreignClients) {
  const corpus = everyShape.map((record) => sendable(client, record));

  describe(client.name, { skip: client.skip }, () => {
    before(async () => {
      broker = await BrokerProcess.start();
    });

    after(async () => {
      await broker.stop();
      await broker[Symbol.asyncDispose]();
    });

    for (const [acks, codec] of acksAndCodecs) {
      test(`acks ${acks}, codec ${codec}: all shapes of records`, limited, async () => {
        const topic = `shapes-${acks}-${codec}`;
        await createTopic(topic);
        const outcomes = await produce(client, topic, corpus, { acks, codec });
        if (acks !== '0') assert.deepEqual(outcomes, [...corpus.keys()]);
        using wire = await WireClient.connect(broker.port);
        // With acks 0 nobody says when they are there.
        while ((await wire.logEndOffset(topic, 0)) < corpus.length);
        assertSame(await consume(client, topic, 'beginning'), withOffsets(corpus));
      });
    }

    test('idempotent producer: each once, in order', limited, async () => {
      await createTopic('idempotent');
      const outcomes = await produce(client, 'idempotent', corpus, { idempotent: true, batchBytes: 2000 });
      assert.deepEqual(outcomes, [...corpus.keys()]);
      assertSame(await consume(client, 'idempotent', 'beginning'), withOffsets(corpus));
    });

    test('a record above max.message.bytes is refused, those around it are not', limited, async () => {
      await createTopic('refused');
      const record = (bytes: number): Record => ({
        key: null,
        value: base64(Buffer.alloc(bytes)),
        headers: [],
        timestamp: null,
      });
      const outcome = async (bytes: number): Promise<number | string | undefined> =>
        (await produce(client, 'refused', [record(bytes)], { requestBytesMax: 8_000_000 }))[0];
      assert.equal(await outcome(10), 0);
      assert.match(String(await outcome(2_000_000)), client.tooLarge);
      assert.equal(await outcome(1_000_000), 1);
    });

    test('start at an offset, at the end, at a time', limited, async () => {
      await createTopic('places');
      await produce(client, 'places', corpus, { batchBytes: 4000 });
      const all = withOffsets(corpus);
      assertSame(await consume(client, 'places', 137), all.slice(137));
      assertSame(await consume(client, 'places', 'end'), []);
      assertSame(await consume(client, 'places', { timestamp: 1_700_000_000_000 + 250_500 }), all.slice(251));
      assertSame(await consume(client, 'places', { timestamp: 1_700_000_000_000 }), all);
      const found = await order(client, { order: 'watermarks', topic: 'places' });
      assert.deepEqual(found, { low: 0, high: corpus.length });
    });

    const mayFollow = { ...limited, skip: client.goesOnBehindEnds ? false : 'it stops at an end' };
    test('a consumer at the end gets what comes later', mayFollow, async () => {
      await createTopic('followed');
      await produce(client, 'followed', corpus.slice(0, 10));
      const atEnd = Promise.withResolvers<void>();
      const consuming = consume(client, 'followed', 'end', 20, () => atEnd.resolve());
      await Promise.race([atEnd.promise, consuming]);
      await produce(client, 'followed', corpus.slice(10, 30));
      assertSame(await consuming, withOffsets(corpus.slice(10, 30), 10));
    });

    test('topics are made, described, set, grown and deleted', limited, async () => {
      const basics = { isListed: true, partitions: 2, isListedAfter: false };
      const configs = { 'retention.ms': '1000000', 'max.message.bytes': '2000' };
      const expected = client.administersAll ? { ...basics, configs, partitionsAfter: 4 } : basics;
      assert.deepEqual(await order(client, { order: 'administer', topic: 'administered' }), expected);
    });

    test('everything is there after a restart, and after a kill', limited, async () => {
      for (const end of ['stop', 'kill'] as const) {
        const { dataDirectory } = broker;
        await broker[end]();
        broker = await BrokerProcess.start({ dataDirectory });
        broker.removeLater(dataDirectory);
        for (const [acks, codec] of acksAndCodecs) {
          assertSame(await consume(client, `shapes-${acks}-${codec}`, 'beginning'), withOffsets(corpus));
        }
      }
    });
  });
}
