import { ByteReader } from '../base/bytes.ts';
import { apiTable, NOT_SERVED, type ApiEntry } from '../api/table.ts';
import type { Request } from '../api/request.ts';
import { answerUnsupportedApiVersions } from '../api/18_api_versions.ts';
import { ApiKey } from '../protocol/api_keys.ts';
import { ErrorCode } from '../protocol/errors.ts';
import { readRequestHeader, RequestHeader } from '../protocol/headers.ts';
import type { Arena } from '../shared-memory/arena.ts';
import { counter, type CounterBlock } from '../shared-memory/counters.ts';
import type { RequestCountBlock } from '../shared-memory/request_counts.ts';
import type { Answers } from './answers.ts';
import type { AppendRouter } from './append_routing.ts';
import { PAUSED_FOR_THROTTLE, type Connection } from './connection.ts';
import type { Connections } from './connections.ts';
import type { RequestPool } from './request_pool.ts';
import type { Requests } from './requests.ts';

/**
 * Begins the requests of connections: in order, as many as may overlap, a bounded number each turn, so that one
 * connection that pipelines thousands does not keep the others waiting.
 */
export class Dispatcher {
  readonly #arena: Arena;
  readonly #answers: Answers;
  readonly #connections: Connections;
  readonly #pool: RequestPool;
  readonly #requests: Requests;
  readonly #router: AppendRouter;
  readonly #counters: CounterBlock;
  readonly #requestCounts: RequestCountBlock;
  readonly #reader: ByteReader;
  readonly #header = new RequestHeader();
  /** Connections whose next Produce waits for credit of another shard. */
  readonly #withoutCredit = new Set<Connection>();

  constructor(
    arena: Arena,
    answers: Answers,
    connections: Connections,
    pool: RequestPool,
    requests: Requests,
    router: AppendRouter,
    counters: CounterBlock,
    requestCounts: RequestCountBlock,
  ) {
    this.#arena = arena;
    this.#answers = answers;
    this.#connections = connections;
    this.#pool = pool;
    this.#requests = requests;
    this.#router = router;
    this.#counters = counters;
    this.#requestCounts = requestCounts;
    const { kernels } = requests;
    this.#reader = new ByteReader((bytes, start, end) => kernels.decodeText(bytes, start, end));
  }

  /** Begins what may begin of every connection that has something. */
  run(): void {
    for (const connection of this.#connections.takeRunnable()) this.#runConnection(connection);
  }

  /** Credit came back: connections that wait with a Produce may go on. */
  creditReturned(): void {
    if (this.#router.isBackedUp) return;
    for (const connection of this.#withoutCredit) this.#connections.run(connection);
    this.#withoutCredit.clear();
  }

  #runConnection(connection: Connection): void {
    for (let begun = 0; connection.frames.size > 0; begun++) {
      if (!connection.isOpen || connection.isRefused || connection.isBlocked) return;
      if (connection.isPausedFor(PAUSED_FOR_THROTTLE)) return;
      const place = connection.frames.headPlace;
      const length = connection.frames.headLength;
      const isProduce = length >= 2 && this.#arena.view.getInt16(place) === ApiKey.Produce;
      if (!connection.mayBegin(isProduce)) return;
      if (isProduce && this.#router.isBackedUp) {
        this.#withoutCredit.add(connection);
        return;
      }
      const request = begun === REQUESTS_A_TURN ? null : this.#pool.take();
      if (request === null) {
        this.#connections.run(connection);
        return;
      }
      connection.frames.shift();
      this.#connections.begun(connection);
      this.#begin(connection, request, place, length, isProduce);
      // Memory that was just filled is sent while a cache has it, and is filled again for the next connection.
      if (connection.hasMuchToSend) return this.#answers.send(connection);
    }
  }

  #begin(connection: Connection, request: Request, place: number, length: number, isProduce: boolean): void {
    this.#counters.add(counter.requests, 1);
    const api = this.#requests;
    const header = this.#header;
    const reader = this.#reader.reset(this.#arena.view, this.#arena.bytes, place, place + length);
    const verdict = readRequestHeader(reader, header);
    request.begin(connection, place, api.nowMs);
    request.apiKey = header.apiKey;
    request.apiVersion = header.apiVersion;
    request.correlationId = header.correlationId;
    request.clientIdStart = header.clientIdStart;
    request.clientIdEnd = header.clientIdEnd;
    request.bodyStart = reader.position;
    request.bodyEnd = place + length;
    connection.begin(request, isProduce);
    const entry = apiTable.get(header.apiKey);
    this.#requestCounts.add(kindOf(verdict, entry, header.apiVersion));
    if (verdict === ErrorCode.INVALID_REQUEST || entry === undefined) {
      api.refuse(request, describeRefusal(verdict, header, entry));
    } else if (!entry.onControllers && api.node.isControllerListener(connection.listener)) {
      api.refuse(request, `${entry.name}, which listeners of controllers do not serve`);
    } else if (!serves(entry, header.apiVersion)) {
      if (header.apiKey === ApiKey.ApiVersions) answerUnsupportedApiVersions(request, api);
      else api.refuse(request, describeRefusal(ErrorCode.UNSUPPORTED_VERSION, header, entry));
    } else api.handlers.of(header.apiKey).handle(request, api);
    api.handled(request);
  }
}

/** What it is counted as. */
function kindOf(verdict: ErrorCode, entry: ApiEntry | undefined, version: number): number {
  if (verdict !== ErrorCode.NONE || entry === undefined || !serves(entry, version)) return NOT_SERVED;
  return entry.kindsFrom + version - entry.minVersion;
}

function serves(entry: ApiEntry, version: number): boolean {
  return version >= entry.minVersion && version <= entry.maxVersion;
}

function describeRefusal(verdict: ErrorCode, header: RequestHeader, entry: ApiEntry | undefined): string {
  if (entry === undefined) return `a request with the API key ${header.apiKey}, which is not served`;
  if (verdict === ErrorCode.UNSUPPORTED_VERSION) {
    return `${entry.name} version ${header.apiVersion}; versions ${entry.minVersion} to ${entry.maxVersion} are served`;
  }
  return 'a request whose header is malformed';
}

const REQUESTS_A_TURN = 256;
