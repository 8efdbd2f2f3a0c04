/**
 * Tagged fields in every section of every flexible request: what nobody knows is passed by, in the header and in every
 * struct; what comes twice or descends is no request, for each API alike (RELIABILITY: hostile input 4).
 * `MILLRACE_TEST_BROKER=kafka` asks Apache Kafka, which takes them in any order, and of what comes twice the last.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { apiTable } from '../../src/api/table.ts';
import { ApiKey } from '../../src/protocol/api_keys.ts';
import { versionRange } from '../../src/protocol/schema_language.ts';
import { BrokerProcess, brokerKind } from '../processes/broker_process.ts';
import type { Outcome } from '../processes/raw_connection.ts';
import { RawConnection } from '../processes/raw_connection.ts';
import { requestMessage } from '../tools/conformance_messages.ts';
import { fromHex, toHex } from '../tools/kernels.ts';
import { errorsIn } from './answer_judge.ts';
import { type RequestFrame, taggedRequest, type Tagging } from './request_frame.ts';

type Tags = Tagging['tags'];

const unknown = (tag: number, text = ''): Tags[number] => ({ tag, bytes: Buffer.from(text) });
const passedBy: Readonly<Record<string, Tags>> = {
  one: [unknown(100, 'of tomorrow')],
  many: [unknown(100), unknown(101, 'x'.repeat(300)), unknown(10_000), unknown(0x7fff_fffe, 'last')],
};
const outOfOrder: Readonly<Record<string, Tags>> = {
  twice: [unknown(100, 'one'), unknown(100, 'other')],
  descending: [unknown(101), unknown(100)],
};
/** Of Fetch, the only request served that has tags: the cluster's id, the follower's own, the directory's, a watermark. */
const clusterId = { tag: 0, bytes: fromHex('0261') };
const replicaState = { tag: 1, bytes: fromHex('ffffffffffffffffffffffff00') };
const directoryId = { tag: 0, bytes: new Uint8Array(16) };
const highWatermark = { tag: 1, bytes: new Uint8Array(8) };
/** By section, as they are written: header, partition, topic, forgotten topic, body. */
const knownToFetch: readonly { readonly at: number; readonly first: Tags[number]; readonly second: Tags[number] }[] = [
  { at: 1, first: directoryId, second: highWatermark },
  { at: 4, first: clusterId, second: replicaState },
];

let broker: BrokerProcess;

before(async () => {
  broker = await BrokerProcess.start({ overrides: { 'auto.create.topics.enable': false } });
});

after(async () => {
  await broker.stop();
  await broker[Symbol.asyncDispose]();
});

for (const { key, name, minVersion, maxVersion } of apiTable.values()) {
  const message = requestMessage(key)!;
  const flexibleFrom = Math.max(minVersion, versionRange(message.flexible ?? '0').first);
  describe(`tags of ${name}`, () => {
    for (const version of new Set([flexibleFrom, maxVersion])) {
      test(`version ${version}`, { timeout: 60_000 }, async () => {
        const plain = await judged(taggedRequest(message, version, { at: 0, tags: [] })!);
        assert.notEqual(plain, 'end');
        for (let at = 0; ; at++) {
          const asked = (tags: Tags): RequestFrame | null => taggedRequest(message, version, { at, tags });
          if (asked([]) === null) break;
          for (const [kind, tags] of Object.entries(passedBy)) {
            assert.equal(await judged(asked(tags)!), plain, `${kind} in section ${at}`);
          }
          for (const [kind, tags] of Object.entries(outOfOrder)) {
            await isRefused(asked(tags)!, plain, `${kind} in section ${at}`);
          }
        }
      });
    }
  });
}

test('tags of Fetch that are known', { timeout: 60_000 }, async () => {
  const message = requestMessage(ApiKey.Fetch)!;
  for (const { at, first, second } of knownToFetch) {
    const asked = (...tags: Tags): RequestFrame => taggedRequest(message, 18, { at, tags })!;
    const rightly = await judged(asked(first, second, unknown(100)));
    assert.notEqual(rightly, 'end');
    for (const tags of [
      [first, first],
      [second, second],
      [second, first],
      [unknown(100), first],
    ]) {
      await isRefused(asked(...tags), null, `section ${at}: ${tags.map(({ tag }) => tag).join(', ')}`);
    }
  }
});

async function isRefused(request: RequestFrame, takenAs: string | null, what: string): Promise<void> {
  const verdict = await judged(request);
  if (brokerKind === 'millrace') assert.equal(verdict, 'end', what);
  else if (takenAs !== null) assert.equal(verdict, takenAs, what);
  else assert.notEqual(verdict, 'end', what);
}

/** The end of the connection, or the error codes of the answer. */
async function judged(request: RequestFrame): Promise<string> {
  using connection = await RawConnection.open(broker.port);
  connection.write(request.bytes);
  const outcome: Outcome = await connection.outcome();
  if (outcome.kind === 'closed') return 'end';
  const { apiKey, version } = request;
  try {
    return [...errorsIn(apiKey, version, outcome.answer)].sort((a, b) => a - b).join(' ');
  } catch (error) {
    throw new Error(`to ${toHex(request.bytes)}`, { cause: error });
  }
}
