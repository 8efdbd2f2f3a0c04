/**
 * Fixed hostile requests: well-formed ones with the errors that Apache Kafka gives (`MILLRACE_TEST_BROKER=kafka` asks
 * it), and counts that lie, in every array and text of every API (RELIABILITY: I14, I15, hostile inputs 3 to 5, 15 to 17, 22).
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { apiTable } from '../../src/api/table.ts';
import { recordBatch } from '../processes/record_batch.ts';
import { BrokerProcess, brokerKind, skipOnKafka } from '../processes/broker_process.ts';
import { RawConnection } from '../processes/raw_connection.ts';
import { WireClient } from '../processes/wire_client.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import { requestMessage } from '../tools/conformance_messages.ts';
import { toHex } from '../tools/kernels.ts';
import { errorsIn } from './answer_judge.ts';
import { codesOf, type HostileRequest, hostileRequests, topic } from './cases.ts';
import { compressedRequests, compressedTopic } from './compressed_cases.ts';
import { nothingHeld, probed } from './holdings.ts';
import { lyingRequest, type RequestFrame } from './request_frame.ts';

const shards = 2;
const limited = { timeout: 60_000 };
/** Null where it may not be, larger than the rest, larger than memory. */
const lies = [-1, -2, 1 << 20, 0x7fff_fffe];
const countsMax = 20;

let broker: BrokerProcess;
let bystander: WireClient;

before(async () => {
  const nodeArguments = brokerKind === 'millrace' ? probed : [];
  broker = await BrokerProcess.start({ shards, nodeArguments, overrides: { 'auto.create.topics.enable': false } });
  bystander = await WireClient.connect(broker.port);
  await bystander.createTopic(topic);
  await bystander.createTopic(compressedTopic);
});

after(async () => {
  bystander[Symbol.dispose]();
  await broker.stop();
  await broker[Symbol.asyncDispose]();
});

for (const [group, requests] of Object.entries({ ...hostileRequests, compression: compressedRequests })) {
  describe(group, () => {
    for (const { name, request, errors, accident } of requests as readonly HostileRequest[]) {
      test(name, limited, async () => {
        using connection = await RawConnection.open(broker.port);
        connection.write(request.bytes);
        const found = errorsIn(request.apiKey, request.version, await connection.answer());
        found.delete(0);
        const expected = codesOf(errors);
        const mayFail = brokerKind === 'kafka' && accident !== undefined && expected.length > 0;
        if (mayFail && found.delete(ErrorCode.UNKNOWN_SERVER_ERROR)) {
          for (const code of expected) found.add(code);
        }
        assert.deepEqual(found, new Set(expected));
      });
    }
  });
}

test(
  'counts and lengths that lie, in every array and text of every API',
  { ...limited, skip: skipOnKafka },
  async () => {
    for (const { key, minVersion, maxVersion } of apiTable.values()) {
      const message = requestMessage(key)!;
      for (const version of new Set([minVersion, (minVersion + maxVersion) >> 1, maxVersion])) {
        for (const count of lies) {
          for (let at = 0; at < countsMax; at++) {
            const request = lyingRequest(message, version, { at, count });
            if (request === null) break;
            await endsOrAnswers(request, count);
          }
        }
      }
      assert.equal((await bystander.apiVersions()).errorCode, 0);
    }
    assert.equal(broker.hasExited, false);
  },
);

/** Null may be right, and so may be what Kafka takes for null; a count beyond the frame never is. */
async function endsOrAnswers(request: RequestFrame, count: number): Promise<void> {
  using connection = await RawConnection.open(broker.port);
  connection.write(request.bytes);
  // A lie may have left the frame's rest for the body of a Fetch that waits, or of a Produce without an answer.
  connection.end();
  const outcome = await connection.outcome();
  if (count > 0 && outcome.kind === 'answer') {
    assert.fail(`API ${request.apiKey} version ${request.version} took ${toHex(request.bytes)}`);
  }
}

test('what they were given is the broker’s again, and it serves', limited, async () => {
  await bystander.produce(topic, 0, recordBatch(['after']));
  assert.equal((await bystander.readAll(topic, 0)).at(-1)?.value.toString(), 'after');
  if (brokerKind === 'millrace') await nothingHeld(broker, shards, 1);
});
