import { viewOf } from '../../src/base/bytes.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiKey } from '../../src/protocol/api_keys.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import type { Broker } from './conformance_broker.ts';
import { ChosenValues, differences, type Difference } from './conformance_compare.ts';
import type { Arrival, Connection } from './conformance_connection.ts';
import { isArray, isObject, type Json, type JsonObject } from './conformance_json.ts';
import { decodeAnswer, encodeRequest } from './conformance_messages.ts';
import { Condition, parsePointer, valueAt } from './conformance_pointer.ts';
import { fillIn, MissingValue } from './conformance_templates.ts';
import type { Scenario, Step } from './conformance_transcript.ts';
import { fromHex, toHex } from './kernels.ts';

/** What became of one step. */
export type Verdict =
  | { readonly kind: 'passed' }
  | { readonly kind: 'skipped'; readonly reason: string }
  | { readonly kind: 'failed'; readonly differences: readonly Difference[] };

export interface Watcher {
  began(scenario: Scenario): void;
  judged(step: Step, verdict: Verdict, skippedBefore: readonly Step[]): void;
}

/** A broker that has not answered by then does not. Requests that wait, wait for less. */
const ANSWER_LIMIT_MS = 15_000;
/** What Kafka leaves unanswered was recorded as such after 6 s; a broker that does better answers at once. */
const SILENCE_LIMIT_MS = 3_000;
const RETRY_LIMIT_MS = 15_000;
const RETRY_PAUSE_MS = 50;
const PASSED: Verdict = { kind: 'passed' };

/** Plays scenarios one after another. */
export async function replay(broker: Broker, scenarios: readonly Scenario[], watcher: Watcher): Promise<void> {
  for (const scenario of scenarios) {
    watcher.began(scenario);
    await new ScenarioRun(broker).run(scenario, watcher);
  }
}

/** The connections and captured values of one scenario. */
class ScenarioRun {
  readonly #broker: Broker;
  readonly #connections = new Map<string, Connection>();
  readonly #captured = new Map<string, Json>();
  readonly #chosen = new ChosenValues();
  /** First halves of answers that wait, by their id. */
  readonly #sent = new Map<number | string, Step>();
  /** Answers to first halves that came before their second halves were asked for. */
  readonly #early = new Map<Step, Uint8Array>();
  /** Names that a step would have captured, had it been played and answered. */
  readonly #lost = new Map<string, Step>();

  constructor(broker: Broker) {
    this.#broker = broker;
  }

  async run(scenario: Scenario, watcher: Watcher): Promise<void> {
    const skipped: Step[] = [];
    try {
      for (const step of scenario.steps) {
        const verdict = await this.#play(step);
        watcher.judged(step, verdict, skipped);
        if (verdict.kind === 'skipped') skipped.push(step);
        if (verdict.kind !== 'passed') {
          for (const name of Object.keys(step.capture ?? {})) {
            if (!this.#captured.has(name)) this.#lost.set(name, step);
          }
        }
      }
    } finally {
      for (const connection of this.#connections.values()) connection.close();
    }
  }

  async #play(step: Step): Promise<Verdict> {
    const whyNot = this.#broker.whyNot(step);
    if (whyNot !== null) return { kind: 'skipped', reason: whyNot };
    if (step.pauseMs !== undefined) await sleep(step.pauseMs);
    if (step.event === 'close') {
      this.#drop(step.conn);
      return PASSED;
    }
    if (step.event === 'recv') return this.#receive(step);
    let frame: Uint8Array;
    try {
      frame = this.#frameOf(step);
    } catch (error) {
      if (!(error instanceof MissingValue)) throw error;
      const source = this.#lost.get(error.value);
      const from = source === undefined ? '' : ` by step ${source.step} (${source.name})`;
      return { kind: 'skipped', reason: `$${error.value} was not captured${from}` };
    }
    const connection = await this.#connection(step);
    connection.send(frame);
    if (step.event === 'send') {
      this.#sent.set(step.id!, step);
      return PASSED;
    }
    return this.#answered(step, step, connection, () => connection.send(frame));
  }

  #receive(step: Step): Promise<Verdict> | Verdict {
    const first = this.#sent.get(step.id!);
    const connection = this.#connections.get(step.conn);
    if (first === undefined || connection === undefined) return { kind: 'skipped', reason: 'nothing was sent' };
    this.#sent.delete(step.id!);
    return this.#answered(step, first, connection, null);
  }

  #frameOf({ template, requestHex, api, version, header }: Step): Uint8Array {
    if (template === undefined) return fromHex(requestHex!);
    const body = fillIn(template, this.#captured) as JsonObject;
    return encodeRequest(api!, version!, header!.correlationId, header!.clientId, body);
  }

  /** Judges what comes; sends again as long as the step's conditions say so. */
  async #answered(step: Step, sent: Step, connection: Connection, sendAgain: (() => void) | null): Promise<Verdict> {
    const until = step.retryUntil === undefined ? null : new Condition(step.retryUntil);
    const during = step.retryWhile === undefined ? null : new Condition(step.retryWhile);
    const deadline = performance.now() + RETRY_LIMIT_MS;
    for (;;) {
      const mayBeSilent = step.outcome?.startsWith('no response') === true;
      const arrival =
        step.outcome === undefined
          ? 'silent'
          : await this.#next(sent, connection, mayBeSilent ? SILENCE_LIMIT_MS : ANSWER_LIMIT_MS);
      if (typeof arrival === 'string' || mayBeSilent) {
        if (step.outcome !== undefined && (mayBeSilent || arrival === 'silent')) this.#drop(step.conn);
        return judgeOutcome(step, arrival);
      }
      if (step.outcome === 'connection closed') return judgeOutcome(step, arrival);
      if (step.event === 'raw') return judgeBytes(step, arrival);
      const answer = decodeAnswer(arrival, sent.api!, sent.version!, step.responseHeaderVersion);
      const { body } = answer;
      const isTooEarly =
        body !== null &&
        ((until !== null && !until.holds(body)) ||
          during?.holds(body) === true ||
          isStillStarting(body, step.response!));
      if (isTooEarly && sendAgain !== null && performance.now() < deadline) {
        await sleep(RETRY_PAUSE_MS);
        sendAgain();
        continue;
      }
      if (body === null) return failed('', step.response, `not decodable: ${toHex(arrival).slice(0, 200)}`);
      if (answer.bytesLeft !== 0) return failed('', 'the end of the message', `${answer.bytesLeft} bytes more`);
      if (answer.correlationId !== sent.header!.correlationId) {
        return failed('', `correlation id ${sent.header!.correlationId}`, answer.correlationId);
      }
      this.#capture(step, body);
      const found = differences(step.response!, body, {
        vary: step.vary,
        unordered: [...(step.unordered ?? []), ...(ORDERLESS.get(sent.api!) ?? [])],
        chosen: this.#chosen,
      });
      return found.length === 0 ? PASSED : { kind: 'failed', differences: found };
    }
  }

  /** The next frame for this step: those of first halves on the same connection are kept for their second ones. */
  async #next(sent: Step, connection: Connection, limitMs: number): Promise<Arrival> {
    const kept = this.#early.get(sent);
    if (kept !== undefined) return kept;
    for (;;) {
      const arrival = await connection.next(limitMs);
      if (typeof arrival === 'string') return arrival;
      const correlationId = viewOf(arrival).getInt32(0);
      const other = [...this.#sent.values()].find(
        ({ conn, header }) => conn === sent.conn && header?.correlationId === correlationId,
      );
      if (other === undefined) return arrival;
      this.#early.set(other, arrival);
    }
  }

  #capture(step: Step, live: JsonObject): void {
    // Where the recorded broker said "come again", the conversation went on with what that answer held.
    const wasLoading = step.response?.['errorCode'] === ErrorCode.COORDINATOR_LOAD_IN_PROGRESS;
    const answer = wasLoading ? step.response : live;
    for (const [name, pointer] of Object.entries(step.capture ?? {})) {
      const value = valueAt(answer, pointer);
      if (value === undefined) continue;
      this.#captured.set(name, value);
      this.#chosen.learn(parsePointer(pointer).at(-1)!, valueAt(step.response, pointer), value);
    }
  }

  async #connection({ conn, listener }: Step): Promise<Connection> {
    const open = this.#connections.get(conn);
    if (open !== undefined && !open.isClosed) return open;
    const connection = await this.#broker.open(listener);
    this.#connections.set(conn, connection);
    return connection;
  }

  #drop(conn: string): void {
    this.#connections.get(conn)?.close();
    this.#connections.delete(conn);
  }
}

/** Kafka answers in the order of a hash table, which differs with the topics' ids. */
const ORDERLESS: ReadonlyMap<number, readonly string[]> = new Map([
  [ApiKey.Produce, ['/responses', '/responses/*/partitionResponses']],
]);

/**
 * Clients wait these out: a partition without a leader yet, a leader that does not know it yet, a coordinator that still
 * reads its log. A broker may say so for a moment where the recorded one was quicker.
 */
const STARTING: readonly Json[] = [
  ErrorCode.LEADER_NOT_AVAILABLE,
  ErrorCode.NOT_LEADER_OR_FOLLOWER,
  ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
];

function isStillStarting(answer: Json, recorded: Json): boolean {
  const expected = new Set(errorCodes(recorded));
  return errorCodes(answer).some((code) => STARTING.includes(code) && !expected.has(code));
}

function errorCodes(answer: Json): Json[] {
  if (isArray(answer)) return answer.flatMap(errorCodes);
  if (!isObject(answer)) return [];
  return Object.entries(answer).flatMap(([name, value]) => (/errorCode$/i.test(name) ? [value] : errorCodes(value)));
}

/** Where no answer was recorded. Where Kafka stays silent, an answer with an error and an end are as good. */
function judgeOutcome({ outcome }: Step, arrival: Arrival): Verdict {
  const got = typeof arrival === 'string' ? OUTCOMES[arrival] : 'response';
  if (outcome === undefined || got === outcome || outcome.startsWith('no response')) return PASSED;
  return failed('', outcome, typeof arrival === 'string' ? got : `answer ${toHex(arrival).slice(0, 200)}`);
}

const OUTCOMES = { closed: 'connection closed', silent: 'no response' } as const;

function judgeBytes({ responseHex }: Step, frame: Uint8Array): Verdict {
  const got = toHex(frame);
  const expected = responseHex!.slice(8);
  return got === expected ? PASSED : failed('', expected, got);
}

function failed(pointer: string, expected: Json | undefined, got: Json): Verdict {
  return { kind: 'failed', differences: [{ pointer, expected, got }] };
}
