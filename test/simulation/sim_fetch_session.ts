import { ErrorCode } from '../../src/protocol/errors.ts';

/** One partition that a consumer wants, and from where. */
export interface WantedPartition {
  readonly name: string;
  readonly next: number;
}

/** What a request says of the session, and of which partitions it says anything. */
export interface SessionRequest {
  readonly sessionId: number;
  readonly sessionEpoch: number;
  readonly changed: ReadonlySet<string>;
  readonly forgotten: readonly string[];
  /** The epoch is wrong on purpose: nothing but a refusal is right. */
  readonly isWrong: boolean;
}

const INITIAL_EPOCH = 0;
const EPOCH_MAX = 0x7fff_ffff;
const WRONG_EPOCH_DISTANCE = 7;

/** A consumer's side of an incremental fetch session (KIP-227). */
export class SimFetchSession {
  /** Sessions that were begun. */
  begun = 0;
  #id = 0;
  #epoch = INITIAL_EPOCH;
  /** What the broker knows: by partition, the offset that it was told. */
  #told = new Map<string, number>();

  /** The next request begins a new session: nobody knows what the broker has of this one. */
  reset(): void {
    this.#epoch = INITIAL_EPOCH;
    this.#told = new Map();
  }

  /** As if so many requests had gone by: the session has this epoch on both sides, if it is there. */
  skipTo(epoch: number, cache: { get(id: number): { epoch: number } | null }): void {
    const session = this.#epoch === INITIAL_EPOCH ? null : cache.get(this.#id);
    if (session === null) return;
    session.epoch = epoch;
    this.#epoch = epoch;
  }

  request(wanted: readonly WantedPartition[], isWrong: boolean): SessionRequest {
    if (this.#epoch === INITIAL_EPOCH) {
      this.#told = new Map(wanted.map(({ name, next }) => [name, next]));
      const changed = new Set(this.#told.keys());
      return { sessionId: this.#id, sessionEpoch: INITIAL_EPOCH, changed, forgotten: [], isWrong: false };
    }
    const sessionId = this.#id;
    if (isWrong) {
      const sessionEpoch = this.#epoch + WRONG_EPOCH_DISTANCE;
      return { sessionId, sessionEpoch, changed: new Set(), forgotten: [], isWrong };
    }
    const changed = new Set(wanted.filter(({ name, next }) => this.#told.get(name) !== next).map(({ name }) => name));
    const names = new Set(wanted.map(({ name }) => name));
    const forgotten = [...this.#told.keys()].filter((name) => !names.has(name));
    this.#told = new Map(wanted.map(({ name, next }) => [name, next]));
    return { sessionId, sessionEpoch: this.#epoch, changed, forgotten, isWrong };
  }

  /** Takes the head of an answer. Null, or what is wrong with it. */
  answered(request: SessionRequest, errorCode: number, sessionId: number): string | null {
    if (request.isWrong) {
      const isRefused =
        errorCode === ErrorCode.INVALID_FETCH_SESSION_EPOCH || errorCode === ErrorCode.FETCH_SESSION_ID_NOT_FOUND;
      if (errorCode === ErrorCode.FETCH_SESSION_ID_NOT_FOUND) this.reset();
      return isRefused ? null : `an epoch of the future is answered with ${errorCode}`;
    }
    if (errorCode === ErrorCode.FETCH_SESSION_ID_NOT_FOUND && request.sessionEpoch !== INITIAL_EPOCH) {
      // Another shard, a node that started again, or a session that had to give way.
      this.#id = 0;
      this.reset();
      return null;
    }
    if (errorCode !== ErrorCode.NONE) return `the epoch in force is answered with ${errorCode}`;
    if (request.sessionEpoch !== INITIAL_EPOCH && sessionId !== request.sessionId) {
      // Nothing was left in it.
      this.reset();
      return sessionId === 0 ? null : 'a session has turned into another';
    }
    if (request.sessionEpoch === INITIAL_EPOCH) this.begun++;
    this.#id = sessionId;
    this.#epoch = sessionId === 0 ? INITIAL_EPOCH : this.#epoch === EPOCH_MAX ? 1 : this.#epoch + 1;
    return null;
  }
}
