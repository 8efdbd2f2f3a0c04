/**
 * The id of a topic that is gone leads nowhere, also when a topic of the same name was made anew: every request that
 * names topics by id, in every version that does (RELIABILITY: I2, hostile input 16). `MILLRACE_TEST_BROKER=kafka` asks
 * Apache Kafka.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { ApiName } from '../../src/protocol/api_keys.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import { BrokerProcess } from '../processes/broker_process.ts';
import { RawConnection } from '../processes/raw_connection.ts';
import { readRecords, recordBatch } from '../processes/record_batch.ts';
import { answerOf, errorsIn } from './answer_judge.ts';
import { requestOf } from './request_frame.ts';

const limited = { timeout: 60_000 };
const name = 'again';
const noId = 'AAAAAAAAAAAAAAAAAAAAAA';
const versions = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);

let broker: BrokerProcess;
let connection: RawConnection;
/** Of the first topic, deleted; of the second, deleted with records in it; of the one that is there. */
let former: string[];
let present: string;
/** A fetch session that has the first topic in it, by id. */
let session: { readonly sessionId: number; readonly errorsOnceGone: ReadonlySet<number> };

before(async () => {
  broker = await BrokerProcess.start({ overrides: { 'auto.create.topics.enable': false } });
  connection = await RawConnection.open(broker.port);
  const first = await createTopic();
  assert.deepEqual(await produce(first, 'of the first'), [ErrorCode.NONE]);
  const { sessionId } = await answer('Fetch', 17, fetchOf(first, { sessionEpoch: 0 }));
  assert.ok((sessionId as number) > 0);
  assert.deepEqual(await errors('DeleteTopics', 6, byId(first)), [ErrorCode.NONE]);
  session = { sessionId: sessionId as number, errorsOnceGone: new Set(await goneInSession(sessionId as number, 1)) };
  const second = await createTopic();
  assert.deepEqual(await produce(second, 'of the second'), [ErrorCode.NONE]);
  assert.deepEqual(await errors('DeleteTopics', 6, byName), [ErrorCode.NONE]);
  present = await createTopic();
  former = [first, second];
});

after(async () => {
  connection.destroy();
  await broker.stop();
  await broker[Symbol.asyncDispose]();
});

test('Produce', limited, async () => {
  for (const id of former) {
    for (const acks of [-1, 1]) assert.deepEqual(await produce(id, 'too late', acks), [ErrorCode.UNKNOWN_TOPIC_ID]);
  }
});

test('Fetch, also beside the topic that is there', limited, async () => {
  for (const version of versions(13, 18)) {
    for (const id of former) {
      assert.deepEqual(await errors('Fetch', version, fetchOf(id)), [ErrorCode.UNKNOWN_TOPIC_ID], `version ${version}`);
    }
    const both = { ...fetchOf(present), topics: [former[0]!, present].flatMap((id) => fetchOf(id).topics) };
    const { responses } = (await answer('Fetch', version, both)) as { responses: FetchedTopic[] };
    const told = responses.map(({ topicId, partitions: [only] }) => [topicId, only!.errorCode]);
    assert.deepEqual(Object.fromEntries(told), { [former[0]!]: ErrorCode.UNKNOWN_TOPIC_ID, [present]: ErrorCode.NONE });
  }
});

test('Fetch in a session that knew the topic', limited, async () => {
  assert.deepEqual(session.errorsOnceGone, new Set([ErrorCode.UNKNOWN_TOPIC_OR_PARTITION]));
  assert.deepEqual(await goneInSession(session.sessionId, 2), [ErrorCode.INCONSISTENT_TOPIC_ID]);
});

test('Metadata', limited, async () => {
  for (const version of [12, 13]) {
    for (const topicId of former) {
      const { topics } = (await answer('Metadata', version, { topics: [{ topicId, name: null }] })) as {
        topics: { errorCode: number; name: string | null; topicId: string; partitions: unknown[] }[];
      };
      const told = topics.map(({ errorCode, partitions, ...topic }) => ({
        errorCode,
        ...topic,
        of: partitions.length,
      }));
      const { isInternal, topicAuthorizedOperations, ...rest } = told[0] as Record<string, unknown>;
      assert.deepEqual([isInternal, topicAuthorizedOperations], [false, -0x8000_0000]);
      assert.deepEqual(rest, { errorCode: ErrorCode.UNKNOWN_TOPIC_ID, name: null, topicId, of: 0 });
    }
  }
  // The first versions with ids in their answers take none in requests.
  for (const version of [10, 11]) {
    const asked = { topics: [{ topicId: former[0], name }] };
    assert.deepEqual(await errors('Metadata', version, asked), [ErrorCode.INVALID_REQUEST]);
  }
});

test('DeleteTopics', limited, async () => {
  for (const id of former) assert.deepEqual(await errors('DeleteTopics', 6, byId(id)), [ErrorCode.UNKNOWN_TOPIC_ID]);
});

test('the topic of the same name has its own id and its own records', limited, async () => {
  for (const [api, version] of [
    ['Metadata', 10],
    ['Metadata', 13],
    ['DescribeTopicPartitions', 0],
  ] as const) {
    const { topics } = (await answer(api, version, { topics: [{ topicId: noId, name }] })) as {
      topics: { topicId: string }[];
    };
    assert.deepEqual([topics[0]!.topicId, former.includes(present)], [present, false]);
  }
  assert.deepEqual(await produce(present, 'of the third'), [ErrorCode.NONE]);
  const { responses } = (await answer('Fetch', 17, fetchOf(present))) as { responses: FetchedTopic[] };
  const records = readRecords(Buffer.from(responses[0]!.partitions[0]!.records));
  assert.deepEqual(
    records.map(({ offset, value }) => [offset, value.toString()]),
    [[0, 'of the third']],
  );
});

interface FetchedTopic {
  readonly topicId: string;
  readonly partitions: readonly { readonly errorCode: number; readonly records: Uint8Array }[];
}

async function createTopic(): Promise<string> {
  const asked = { name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };
  const { topics } = (await answer('CreateTopics', 7, { topics: [asked], timeoutMs: 60_000 })) as {
    topics: { errorCode: number; topicId: string }[];
  };
  assert.equal(topics[0]!.errorCode, ErrorCode.NONE);
  const { topicId } = topics[0]!;
  // A topic is known a moment before its leader is at work.
  const listed = { replicaId: -1, topics: [{ name, partitions: [{ partitionIndex: 0, timestamp: -1n }] }] };
  while ((await errors('ListOffsets', 9, listed))[0] !== ErrorCode.NONE);
  return topicId;
}

/** The errors of one partition's worth. */
function produce(topicId: string, text: string, acks = -1): Promise<number[]> {
  const partitionData = [{ index: 0, records: recordBatch([text]) }];
  return errors('Produce', 13, { acks, timeoutMs: 60_000, topicData: [{ topicId, partitionData }] });
}

/** Without a session, unless `fields` say otherwise. */
function fetchOf(topicId: string, fields: object = {}) {
  const partitions = [{ partition: 0, fetchOffset: 0n, logStartOffset: -1n, partitionMaxBytes: 10_000 }];
  const limits = { maxWaitMs: 0, minBytes: 0, sessionEpoch: -1 };
  return { ...limits, topics: [{ topicId, partitions }], forgottenTopicsData: [], ...fields };
}

/** What a session tells of its topics, without being told of them again. */
function goneInSession(sessionId: number, sessionEpoch: number): Promise<number[]> {
  return errors('Fetch', 17, { ...fetchOf(noId, { sessionId, sessionEpoch }), topics: [] });
}

const byName = { topics: [{ name, topicId: noId }], timeoutMs: 60_000 };
const byId = (topicId: string) => ({ topics: [{ name: null, topicId }], timeoutMs: 60_000 });

async function sent(api: ApiName, version: number, value: object) {
  const request = requestOf(api, version, value);
  connection.write(request.bytes);
  return { apiKey: request.apiKey, bytes: await connection.answer() };
}

async function answer(api: ApiName, version: number, value: object): Promise<Record<string, unknown>> {
  const { apiKey, bytes } = await sent(api, version, value);
  return answerOf(apiKey, version, bytes);
}

/** All that are not NONE; NONE where there are none. */
async function errors(api: ApiName, version: number, value: object): Promise<number[]> {
  const { apiKey, bytes } = await sent(api, version, value);
  const found = [...errorsIn(apiKey, version, bytes)].filter((code) => code !== ErrorCode.NONE);
  return found.length === 0 ? [ErrorCode.NONE] : found;
}
