/**
 * Foreign clients that take orders by JSON: what goes in comes out, byte for byte, in order, also after a restart.
 * Each client runs the same orders; see README.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { BrokerProcess, brokerKind } from '../processes/broker_process.ts';
import { WireClient } from '../processes/wire_client.ts';
import { ForeignProcess } from './foreign_process.ts';
import { foreignClients, type ForeignClient } from './runtimes.ts';

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

/** The client under test, for all its orders. */
let foreign: ForeignProcess;
/** Of the names of its topics: all clients share the broker. */
let prefix = '';
/** By prefix; what each has sent in all acks and codecs. */
const started = new Map<string, { readonly foreign: ForeignProcess; readonly corpus: readonly Record[] }>();

const order = (
  details: { readonly order: string; readonly topic: string; readonly [detail: string]: unknown },
  by = foreign,
  onEvent: (event: string) => void = () => {},
): Promise<unknown> =>
  by.order({ bootstrap: `127.0.0.1:${broker.port}`, partition: 0, ...details, topic: prefix + details.topic }, onEvent);

async function produce(
  topic: string,
  records: readonly Record[],
  settings: ProducerSettings = {},
): Promise<(number | string)[]> {
  const details = { order: 'produce', topic, records, ...plainProducer, ...settings };
  const answer = (await order(details)) as { outcomes: { offset?: number; error?: string }[] };
  return answer.outcomes.map(({ offset, error }) => error ?? offset ?? 'no outcome');
}

async function consume(topic: string, start: Start): Promise<ReadRecord[]> {
  return ((await order({ order: 'consume', topic, start, follow: 0 })) as { records: ReadRecord[] }).records;
}

const withOffsets = (records: readonly Record[], first = 0): ReadRecord[] =>
  records.map((record, index) => ({ ...record, offset: first + index }));

async function createTopic(topic: string, configs: Readonly<{ [name: string]: string }> = {}): Promise<void> {
  using client = await WireClient.connect(broker.port);
  await client.createTopic(prefix + topic, 1, configs);
}

async function isLed(topic: string): Promise<void> {
  using client = await WireClient.connect(broker.port);
  await client.logEndOffset(topic, 0);
}

function assertSame(found: readonly ReadRecord[], expected: readonly ReadRecord[]): void {
  assert.equal(found.length, expected.length);
  for (const [index, record] of found.entries()) assert.deepEqual(record, { ...(expected[index] as ReadRecord) });
}

describe('foreign clients', () => {
  before(async () => {
    broker = await BrokerProcess.start();
  });

  after(async () => {
    for (const { foreign: each } of started.values()) await each[Symbol.asyncDispose]();
    await broker.stop();
    await broker[Symbol.asyncDispose]();
  });

  for (const [index, client] of foreignClients.entries()) {
    const corpus = everyShape.map((record) => sendable(client, record));

    describe(client.name, { skip: client.skip }, () => {
      before(() => {
        prefix = `client-${index}-`;
        foreign = new ForeignProcess(client.program, client.programArguments);
        started.set(prefix, { foreign, corpus });
      });

      for (const [acks, codec] of acksAndCodecs) {
        test(`acks ${acks}, codec ${codec}: all shapes of records`, limited, async () => {
          const topic = `shapes-${acks}-${codec}`;
          await createTopic(topic);
          const outcomes = await produce(topic, corpus, { acks, codec });
          if (acks !== '0') assert.deepEqual(outcomes, [...corpus.keys()]);
          using wire = await WireClient.connect(broker.port);
          // With acks 0 nobody says when they are there.
          while ((await wire.logEndOffset(prefix + topic, 0)) < corpus.length);
          assertSame(await consume(topic, 'beginning'), withOffsets(corpus));
        });
      }

      test('idempotent producer: each once, in order', limited, async () => {
        await createTopic('idempotent');
        const outcomes = await produce('idempotent', corpus, { idempotent: true, batchBytes: 2000 });
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
        const outcome = async (bytes: number): Promise<number | string | undefined> =>
          (await produce('refused', [record(bytes)], { requestBytesMax: 8_000_000 }))[0];
        assert.equal(await outcome(10), 0);
        assert.match(String(await outcome(2_000_000)), client.tooLarge);
        assert.equal(await outcome(1_000_000), 1);
      });

      test('start at an offset, at the end, at a time', limited, async () => {
        await createTopic('places');
        await produce('places', corpus, { batchBytes: 4000 });
        const all = withOffsets(corpus);
        assertSame(await consume('places', 137), all.slice(137));
        assertSame(await consume('places', 'end'), []);
        assertSame(await consume('places', { timestamp: 1_700_000_000_000 + 250_500 }), all.slice(251));
        assertSame(await consume('places', { timestamp: 1_700_000_000_000 }), all);
        const found = await order({ order: 'watermarks', topic: 'places' });
        assert.deepEqual(found, { low: 0, high: corpus.length });
      });

      test('a consumer at the end gets what comes later', limited, async () => {
        await createTopic('followed');
        await produce('followed', corpus.slice(0, 10));
        const atEnd = Promise.withResolvers<void>();
        await using other = new ForeignProcess(client.program, client.programArguments);
        const following = { order: 'consume', topic: 'followed', start: 'end', follow: 20 };
        const consuming = order(following, other, () => atEnd.resolve()) as Promise<{ records: ReadRecord[] }>;
        await Promise.race([atEnd.promise, consuming]);
        await produce('followed', corpus.slice(10, 30));
        assertSame((await consuming).records, withOffsets(corpus.slice(10, 30), 10));
      });

      test('topics are made, described, set, grown and deleted', limited, async () => {
        const basics = { isListed: true, partitions: 2, isListedAfter: false };
        const configs = { 'retention.ms': '1000000', 'max.message.bytes': '2000' };
        const expected = client.administersAll ? { ...basics, configs, partitionsAfter: 4 } : basics;
        const administer = (topic: string): Promise<unknown> => order({ order: 'administer', topic });
        let found = await administer('administered');
        // Apache Kafka answers before its broker has read what its controller wrote: what was set may come later.
        for (let again = 0; brokerKind === 'kafka' && again < 10 && !isDeepStrictEqual(found, expected); again++) {
          found = await administer(`administered-${again}`);
        }
        assert.deepEqual(found, expected);
      });

      test('a topic with the time of the log', limited, async () => {
        await createTopic('append-time', { 'message.timestamp.type': 'LogAppendTime' });
        const earliest = Date.now();
        await produce('append-time', corpus.slice(0, 20));
        const read = await consume('append-time', 'beginning');
        assert.equal(read.length, 20);
        assert.ok(
          read.every(({ timestamp }) => timestamp !== null && timestamp >= earliest && timestamp <= Date.now()),
        );
      });
    });
  }

  test('everything is there for all of them after a restart, and after a kill', limited, async () => {
    for (const end of ['stop', 'kill'] as const) {
      const { dataDirectory } = broker;
      await broker[end]();
      broker = await BrokerProcess.start({ dataDirectory });
      broker.removeLater(dataDirectory);
      for (const [itsPrefix, { foreign: its, corpus }] of started) {
        prefix = itsPrefix;
        foreign = its;
        for (const [acks, codec] of acksAndCodecs) {
          const topic = `shapes-${acks}-${codec}`;
          // Apache Kafka has started before its partitions are led; some clients take what it says then for the end.
          if (brokerKind === 'kafka') await isLed(prefix + topic);
          assertSame(await consume(topic, 'beginning'), withOffsets(corpus));
        }
      }
    }
  });
});
