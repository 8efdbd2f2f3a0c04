import { viewOf } from '../../src/base/bytes.ts';
import type { SeededRandom } from '../../src/base/random.ts';
import { apiVersionsRequest } from '../processes/wire.ts';
import { type Outcome, RawConnection } from '../processes/raw_connection.ts';
import { toHex } from '../tools/kernels.ts';
import type { AnswerJudge } from './answer_judge.ts';
import type { DrawnRequests, Input } from './drawn_requests.ts';

/** Correlation ids that one lane has for itself: an answer with another's tells where it belongs. */
export const laneCorrelations = 1 << 24;
const fenceCorrelation = 1;
const patienceMs = 150;
/** What is not answered after that long will not be. */
const answerMsMax = 30_000;

export interface LaneCounts {
  inputs: number;
  answers: number;
  closed: number;
  abandoned: number;
}

/** What was wrong, with all that is needed to see it again. */
export class LaneFailure extends Error {}

/**
 * Connections one behind the other, each with bursts of inputs, and what must hold for whatever was sent: answers come
 * in the order of the requests and to them alone; one that is well-formed is answered as its API answers; the connection
 * ends only behind an input that is not.
 */
export class Lane {
  readonly counts: LaneCounts = { inputs: 0, answers: 0, closed: 0, abandoned: 0 };
  readonly #port: number;
  readonly #index: number;
  readonly #random: SeededRandom;
  readonly #requests: DrawnRequests;
  readonly #judge: AnswerJudge;
  #connection: RawConnection | null = null;

  constructor(port: number, index: number, random: SeededRandom, requests: DrawnRequests, judge: AnswerJudge) {
    this.#port = port;
    this.#index = index;
    this.#random = random;
    this.#requests = requests;
    this.#judge = judge;
  }

  /** One burst. */
  async step(): Promise<void> {
    const random = this.#random;
    const inputs: Input[] = [];
    const length = random.chance(0.05) ? random.between(30, 100) : random.between(1, 8);
    // What is well-formed is answered to its end half of the time, and else cut off by what is not.
    const isWellFormed = random.chance(0.5);
    while (inputs.length < length && inputs.at(-1)?.breaksFraming !== true) {
      inputs.push(isWellFormed ? this.#requests.wellFormed() : this.#requests.any());
    }
    this.counts.inputs += inputs.length;
    this.#connection ??= await RawConnection.open(this.#port);
    const connection = this.#connection;
    this.#write(connection, inputs);
    if (random.chance(0.03)) {
      this.counts.abandoned++;
      return this.#leave(random.chance(0.5));
    }
    try {
      await this.#readAnswers(connection, inputs);
    } catch (error) {
      throw this.#failed(inputs, error as Error, connection.localPort);
    }
    if (this.#connection !== null && (connection.isClosed || random.chance(0.1))) this.#leave(false);
  }

  end(): void {
    this.#leave(false);
  }

  /** All in one piece, or cut at any place; behind it a request whose answer says that all before it are done. */
  #write(connection: RawConnection, inputs: readonly Input[]): void {
    const bytes = Buffer.concat([...inputs.map((input) => input.bytes), apiVersionsRequest(this.#fence)]);
    if (this.#random.chance(0.7)) return connection.write(bytes);
    for (let at = 0; at < bytes.length;) {
      const end = at + this.#random.between(1, 1 + 2 * Math.ceil(bytes.length / 6));
      connection.write(bytes.subarray(at, end));
      at = end;
    }
  }

  get #fence(): number {
    return this.#index * laneCorrelations + fenceCorrelation;
  }

  async #readAnswers(connection: RawConnection, inputs: readonly Input[]): Promise<void> {
    for (let next = 0; ;) {
      const outcome = await this.#outcome(connection, inputs, next);
      if (outcome === null) {
        this.counts.abandoned++;
        return this.#leave(false);
      }
      if (outcome.kind === 'closed') {
        this.counts.closed++;
        this.#connection = null;
        return checkEnd(inputs, next);
      }
      const at = answered(inputs, next, viewOf(outcome.answer).getInt32(0), this.#fence);
      if (at === inputs.length) return;
      // What the bytes behind a wrong length are is not known here.
      if (at < 0) {
        if (inputs.at(-1)!.breaksFraming) continue;
        throw new Error(`answer ${toHex(outcome.answer.subarray(0, 60))} belongs to no request that is waited for`);
      }
      this.counts.answers++;
      const { wellFormed } = inputs[at]!;
      if (wellFormed !== null) {
        const complaint = this.#judge.complaint(wellFormed.apiKey, wellFormed.version, outcome.answer);
        if (complaint !== null) throw new Error(`${complaint}: input ${at} of the burst`);
      }
      next = at + 1;
    }
  }

  /** Null: nothing came, and what is waited for may have asked for that. */
  async #outcome(connection: RawConnection, inputs: readonly Input[], next: number): Promise<Outcome | null> {
    const due = inputs.slice(next).find(({ isSilent, mayWait }) => mayWait || isSilent === 'no');
    const mayStayAway = due?.mayWait === true || inputs.at(-1)!.breaksFraming;
    const { promise, resolve, reject } = Promise.withResolvers<null>();
    const timer = mayStayAway
      ? setTimeout(resolve, patienceMs, null)
      : setTimeout(reject, answerMsMax, new Error(`no answer to input ${next} of the burst in ${answerMsMax} ms`));
    const outcome = await Promise.race([promise, connection.outcome()]);
    clearTimeout(timer);
    return outcome;
  }

  #leave(byReset: boolean): void {
    if (byReset) this.#connection?.reset();
    else this.#connection?.destroy();
    this.#connection = null;
  }

  #failed(inputs: readonly Input[], error: Error, port: number): LaneFailure {
    const frames = inputs.map(({ bytes, wellFormed }) => {
      const what = wellFormed === null ? '' : ` (API ${wellFormed.apiKey} version ${wellFormed.version})`;
      return `  ${toHex(bytes)}${what}`;
    });
    return new LaneFailure(`lane ${this.#index}, port ${port}: ${error.message}\n${frames.join('\n')}`, {
      cause: error,
    });
  }
}

/** Which input an answer belongs to: `inputs.length` for the fence behind them, -1 for none. */
function answered(inputs: readonly Input[], next: number, correlationId: number, fence: number): number {
  for (let at = next; at < inputs.length; at++) {
    const input = inputs[at]!;
    if (input.correlationId === correlationId && input.isSilent !== 'yes') return at;
    if (input.isSilent === 'no') return -1;
  }
  return correlationId === fence ? inputs.length : -1;
}

/**
 * The connection has ended: something on it may have ended it. (Whether what was right before that is answered cannot be
 * asked here: the answers are lost with what this side was still writing.)
 */
function checkEnd(inputs: readonly Input[], next: number): void {
  // Where nobody waits for an answer, the end of the connection is how Kafka tells an error, too.
  const mayEnd = inputs.slice(next).some(({ wellFormed, isSilent }) => wellFormed === null || isSilent === 'yes');
  if (!mayEnd) throw new Error(`the connection ended at input ${next}, and there are none but well-formed ones`);
}
