/**
 * One hostile input: sent over a connection of its own, from an address of its own, beside a connection that
 * behaves. The broker may answer it or end that one connection, saying who it was and why, and must go on serving.
 * Checks promise I15, and with the expected error codes that Millrace and Apache Kafka give the same verdict.
 */
import assert from 'node:assert/strict';
import { type BrokerProcess, brokerKind } from './broker_process.ts';
import { type Outcome, RawConnection } from './raw_connection.ts';
import { FieldReader, readApiVersionsAnswer, readFetchAnswer, readProduceAnswer } from './wire.ts';
import type { WireClient } from './wire_client.ts';

/** Throws what is wrong with an outcome; null if it is as expected. */
export type Verdict = (outcome: Outcome) => string | null;

export interface HostileCase {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly verdict: Verdict;
  /** Apache Kafka has an accident here, which Millrace does not repeat: why. */
  readonly notOnKafka?: string;
}

export const closed: Verdict = (outcome) =>
  outcome.kind === 'answer'
    ? `was answered ${outcome.answer.toString('hex', 0, 80)}`
    : outcome.bytesReceived > 0
      ? `got ${outcome.bytesReceived} B before the end`
      : null;

export const answered: Verdict = (outcome) => (outcome.kind === 'answer' ? null : 'was closed');

const answeredWith =
  (what: string, code: (answer: Buffer) => number | undefined, expected: readonly number[]): Verdict =>
  (outcome) => {
    if (outcome.kind === 'closed') return 'was closed';
    const found = code(outcome.answer);
    return found !== undefined && expected.includes(found)
      ? null
      : `${what} error ${found}, expected ${expected.join(' or ')}`;
  };

/** Error code of the first (and only) partition. */
export const produceError = (...codes: readonly number[]): Verdict =>
  answeredWith('Produce', (answer) => readProduceAnswer(answer)[0]?.errorCode, codes);

export const fetchError = (...codes: readonly number[]): Verdict =>
  answeredWith('Fetch', (answer) => readFetchAnswer(answer)[0]?.errorCode, codes);

export const apiVersionsError = (...codes: readonly number[]): Verdict =>
  answeredWith('ApiVersions', (answer) => answer.readInt16BE(4), codes);

export const createTopicsError = (...codes: readonly number[]): Verdict => {
  const code = (answer: Buffer): number | undefined => {
    const reader = new FieldReader(answer, 8);
    return reader.array((topic) => {
      topic.string();
      const errorCode = topic.int16();
      topic.string();
      return errorCode;
    })[0];
  };
  return answeredWith('CreateTopics', code, codes);
};

/** UNSUPPORTED_VERSION in the form of version 0, with the one entry that a client needs to try again. */
export const apiVersionsToRetry: Verdict = (outcome) => {
  if (outcome.kind === 'closed') return 'was closed';
  const { errorCode, apis, left } = readApiVersionsAnswer(outcome.answer);
  assert.deepEqual(
    { errorCode, apis, left },
    { errorCode: 35, apis: [{ apiKey: 18, minVersion: 0, maxVersion: 4 }], left: 0 },
  );
  return null;
};

/** Where Apache Kafka is lenient with bytes that no client sends, a clean refusal is as good. */
export const either =
  (...verdicts: readonly Verdict[]): Verdict =>
  (outcome) => {
    const complaints = verdicts.map((verdict) => verdict(outcome));
    return complaints.includes(null) ? null : complaints.join('; and ');
  };

export const refusedProduce: Verdict = either(closed, (outcome) =>
  produceError(0)(outcome) === null ? 'was accepted' : null,
);

/** `caseNumber` makes the address: the log must tell it, whatever is limited by address in the log or elsewhere. */
export async function runHostileCase(
  broker: BrokerProcess,
  bystander: WireClient,
  { bytes, verdict }: HostileCase,
  caseNumber: number,
): Promise<void> {
  const localAddress = `127.1.${caseNumber >> 7}.${(caseNumber & 127) + 1}`;
  const linesBefore = broker.lines.length;
  using connection = await RawConnection.open(broker.port, { localAddress });
  connection.write(bytes);
  const outcome = await connection.outcome();
  const complaint = verdict(outcome);
  assert.equal(complaint, null, complaint ?? '');
  if (outcome.kind === 'closed' && brokerKind === 'millrace') {
    await broker.line((line) => line.includes(localAddress), linesBefore);
  }
  const alive = await bystander.apiVersions();
  assert.equal(alive.errorCode, 0);
  assert.equal(broker.hasExited, false);
}
