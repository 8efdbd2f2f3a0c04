/** Frames and headers that lie, and other protocols on Kafka's port (RELIABILITY: I15, hostile inputs 1, 2, 4, 20, 24). */
import { after, before, describe, test } from 'node:test';
import { BrokerProcess, brokerKind } from './broker_process.ts';
import {
  answered,
  apiVersionsError,
  apiVersionsToRetry,
  closed,
  either,
  type HostileCase,
  runHostileCase,
} from './hostile_case.ts';
import { ApiKey, Fields, frame, metadataBody, metadataVersion, requestFrame } from './wire.ts';
import { WireClient } from './wire_client.ts';

const nothing = new Uint8Array(0);
const lengthOnly = (length: number): Buffer => new Fields().int32(length).build();
const header = (apiKey: number, version: number): Fields => new Fields().int16(apiKey).int16(version).int32(7);
const text = (line: string): Buffer => Buffer.from(line);

/** Names the software in a version 3 ApiVersions request; then come the tagged fields of the body. */
const flexibleApiVersions = (tags: Uint8Array, name = 'name', headerTags: Uint8Array = Buffer.from([0])): Buffer => {
  const compact = (value: string): Buffer => Buffer.concat([Buffer.from([value.length + 1]), Buffer.from(value)]);
  return requestFrame(ApiKey.apiVersions, 3, 7, Buffer.concat([headerTags, compact(name), compact('1'), tags]));
};
const unsigned = (value: number): Buffer => {
  const bytes: number[] = [];
  for (; value >= 0x80; value = Math.floor(value / 0x80)) bytes.push((value % 0x80) | 0x80);
  return Buffer.from([...bytes, value]);
};
const manyTags = (count: number): Buffer =>
  Buffer.concat([
    unsigned(count),
    ...Array.from({ length: count }, (_, tag) => [unsigned(tag + 10), unsigned(0)]).flat(),
  ]);

const lengths: HostileCase[] = [
  ...[-1, -2, -0x8000_0000, 0x7fff_ffff, 104_857_601].map((length) => ({
    name: `length ${length}`,
    bytes: lengthOnly(length),
    verdict: closed,
  })),
  { name: 'length 0', bytes: lengthOnly(0), verdict: closed },
  { name: 'length 1', bytes: frame(Buffer.from([0])), verdict: closed },
  { name: 'length 3, half an API version', bytes: frame(Buffer.from([0, 18, 0])), verdict: closed },
  { name: 'length 8, a header without client id', bytes: frame(header(18, 0).build()), verdict: closed },
  {
    name: 'a length that ends inside the body',
    bytes: frame(
      header(3, 8)
        .string('x')
        .raw(metadataBody(['t']))
        .build(),
      20,
    ),
    verdict: closed,
  },
];

const headers: HostileCase[] = [
  { name: 'API key 9999', bytes: requestFrame(9999, 0, 7, nothing), verdict: closed },
  { name: 'API key -1', bytes: requestFrame(-1, 0, 7, nothing), verdict: closed },
  { name: 'Metadata version -1', bytes: requestFrame(ApiKey.metadata, -1, 7, nothing), verdict: closed },
  { name: 'Metadata version 14', bytes: requestFrame(ApiKey.metadata, 14, 7, Buffer.from([0, 0])), verdict: closed },
  { name: 'Metadata version 32767', bytes: requestFrame(ApiKey.metadata, 32767, 7, nothing), verdict: closed },
  { name: 'ApiVersions version 99', bytes: requestFrame(18, 99, 7, Buffer.from([0])), verdict: apiVersionsToRetry },
  { name: 'ApiVersions version 5', bytes: requestFrame(18, 5, 7, Buffer.from([0])), verdict: apiVersionsToRetry },
  { name: 'ApiVersions version -1', bytes: requestFrame(18, -1, 7, nothing), verdict: apiVersionsToRetry },
  {
    name: 'ApiVersions version 99 with a body that is no tagged field',
    bytes: requestFrame(18, 99, 7, Buffer.alloc(1000, 255)),
    verdict: either(closed, apiVersionsToRetry),
  },
  {
    name: 'LeaderAndIsr, which no broker serves any more',
    bytes: requestFrame(4, 0, 7, Buffer.alloc(30)),
    verdict: closed,
  },
  { name: 'Vote, which is the controllers’', bytes: requestFrame(52, 0, 7, Buffer.alloc(30)), verdict: closed },
  {
    name: 'BrokerRegistration, which is the controllers’',
    bytes: requestFrame(62, 0, 7, Buffer.alloc(30)),
    verdict: closed,
  },
  { name: 'client id null', bytes: requestFrame(18, 0, 7, nothing, null), verdict: answered },
  { name: 'client id of length -2', bytes: frame(header(18, 0).int16(-2).build()), verdict: either(answered, closed) },
  {
    name: 'client id longer than the frame',
    bytes: frame(header(18, 0).int16(1000).raw(text('abc')).build()),
    verdict: closed,
  },
  {
    name: 'client id of 32 kB of control characters',
    bytes: requestFrame(18, 0, 7, nothing, '\x1b[31m${x:y}\r\n\0'.repeat(2300)),
    verdict: answered,
  },
  {
    name: 'header tags twice the same',
    bytes: flexibleApiVersions(unsigned(0), 'name', Buffer.from([2, 5, 0, 5, 0])),
    verdict: either(answered, closed),
  },
  {
    name: 'a million empty tags',
    bytes: flexibleApiVersions(manyTags(1_000_000)),
    verdict: either(apiVersionsError(0), closed),
  },
  {
    name: 'tags twice the same',
    bytes: flexibleApiVersions(Buffer.from([2, 5, 0, 5, 0])),
    verdict: either(apiVersionsError(0), closed),
  },
  {
    name: 'tags descending',
    bytes: flexibleApiVersions(Buffer.from([2, 5, 0, 4, 0])),
    verdict: either(apiVersionsError(0), closed),
  },
  { name: 'a tag longer than the frame', bytes: flexibleApiVersions(Buffer.from([1, 5, 100])), verdict: closed },
  { name: '2^31-1 tags', bytes: flexibleApiVersions(unsigned(0x7fff_ffff)), verdict: closed },
  {
    name: 'a varint of six bytes',
    bytes: flexibleApiVersions(Buffer.from([255, 255, 255, 255, 255, 1])),
    verdict: closed,
  },
  { name: 'software name empty', bytes: flexibleApiVersions(unsigned(0), ''), verdict: apiVersionsError(42) },
  {
    name: 'software name of control characters',
    bytes: flexibleApiVersions(unsigned(0), '\x1b['),
    verdict: apiVersionsError(42),
  },
];

const trailing = Buffer.from([1, 2, 3]);
const trailingBytes: HostileCase[] = [
  { name: 'bytes behind ApiVersions', bytes: requestFrame(18, 0, 7, trailing), verdict: either(answered, closed) },
  {
    name: 'bytes behind Metadata',
    bytes: requestFrame(ApiKey.metadata, metadataVersion, 7, Buffer.concat([metadataBody(null), trailing])),
    verdict: either(answered, closed),
  },
];

const tlsHello = Buffer.from(`1603010200010001fc0303${'00'.repeat(507)}`, 'hex');
const foreign: HostileCase[] = [
  { name: 'a TLS hello', bytes: tlsHello, verdict: closed },
  { name: 'an HTTP GET', bytes: text('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'), verdict: closed },
  { name: 'an HTTP POST', bytes: text('POST /topics HTTP/1.1\r\nHost: localhost\r\n\r\n'), verdict: closed },
  { name: 'an SSH banner', bytes: text('SSH-2.0-OpenSSH_9.6\r\n'), verdict: closed },
  { name: 'a Redis PING', bytes: text('*1\r\n$4\r\nPING\r\n'), verdict: closed },
  { name: 'a PROXY header', bytes: text('PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n'), verdict: closed },
  { name: '64 zeros', bytes: Buffer.alloc(64), verdict: closed },
  { name: '64 times 0xff', bytes: Buffer.alloc(64, 255), verdict: closed },
];

let broker: BrokerProcess;
let bystander: WireClient;
let caseNumber = 0;

before(async () => {
  broker = await BrokerProcess.start();
  bystander = await WireClient.connect(broker.port);
});

after(async () => {
  bystander[Symbol.dispose]();
  await broker.stop();
  await broker[Symbol.asyncDispose]();
});

for (const [group, cases] of Object.entries({ lengths, headers, trailingBytes, foreign })) {
  describe(group, () => {
    for (const hostile of cases) {
      const skip = brokerKind === 'kafka' && hostile.notOnKafka !== undefined ? hostile.notOnKafka : false;
      test(hostile.name, { timeout: 30_000, skip }, () => runHostileCase(broker, bystander, hostile, caseNumber++));
    }
  });
}

test('control characters of a client never reach the log as they are', () => {
  const spoilt = broker.lines.filter((line) => line.includes('\x1b[31m') || line.includes('\0'));
  if (spoilt.length > 0) throw new Error(`control characters in the log: ${JSON.stringify(spoilt[0])}`);
});
