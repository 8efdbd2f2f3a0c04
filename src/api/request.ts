import { ByteWriter, type EncodeText } from '../base/bytes.ts';
import type { PartitionDetails } from '../protocol/produce_response.ts';
import type { FetchPlan } from './fetch_plan.ts';
import type { AnswerPiece } from './host.ts';

/** The connection that a request came by, as far as a handler may know it. */
export interface RequestOrigin {
  /** Position of its listener in the node's configuration. */
  readonly listener: number;
  /** The address of the peer; IPv4-mapped addresses as IPv4. */
  readonly remoteAddress: string;
}

/**
 * One request from its header to its answer. Pooled: every field is set anew by `begin`, none is ever added. Owned by
 * the shard that received it.
 *
 *     idle → started (the handler runs) → [waiting for parts, data or control] → done (answer complete)
 *          → sent → idle, as soon as nothing that was handed out (`parts`) can come back any more
 */
export class Request {
  /** Position in the shard's pool: what rings carry instead of the object. */
  readonly index: number;
  /** The answer, frame size first. Memory of the request's own, plain. */
  readonly response: ByteWriter;
  origin: RequestOrigin = NOBODY;
  apiKey = 0;
  apiVersion = 0;
  correlationId = 0;
  /** The body in the arena, `[bodyStart, bodyEnd)`; gone when `framePlace` is -1. */
  bodyStart = 0;
  bodyEnd = 0;
  /** Byte range of the client id in the arena; -1 for null. */
  clientIdStart = -1;
  clientIdEnd = -1;
  framePlace = -1;
  arrivalMs = 0;
  /** Appends and calls handed to partitions or threads that have not come back. */
  parts = 0;
  /** Any of them has gone to another thread. */
  isAway = false;
  acks = 0;
  /** The answer is complete. */
  done = false;
  /** Of its answer, once that is complete. */
  answerBytes = 0;
  /** The connection is gone: nobody reads an answer. */
  isAbandoned = false;
  /** No answer is sent (Produce with acks=0). */
  silent = false;
  /** The connection ends after this request. */
  closes = false;
  /** When `expire` of its handler is called, unless it is done by then. */
  deadlineMs = Infinity;
  fetch: FetchPlan | null = null;
  /** Of a Produce: what its answer says of partitions beyond their error codes; null for nothing. */
  details: PartitionDetails[] | null = null;
  /** What follows `response`: records of a fetch, in memory of their own. */
  readonly pieces: AnswerPiece[] = [];
  /** Taken from the shard's pool, and not given back. */
  isOut = false;
  /** The next request of the same connection. */
  next: Request | null = null;

  constructor(index: number, encodeText: EncodeText) {
    this.index = index;
    this.response = new ByteWriter(encodeText, 256);
  }

  begin(origin: RequestOrigin, framePlace: number, arrivalMs: number): void {
    this.origin = origin;
    this.framePlace = framePlace;
    this.arrivalMs = arrivalMs;
    this.parts = 0;
    this.isAway = false;
    this.acks = 0;
    this.done = false;
    this.answerBytes = 0;
    this.isAbandoned = false;
    this.silent = false;
    this.closes = false;
    this.deadlineMs = Infinity;
    this.fetch = null;
    this.details = null;
    this.next = null;
    this.response.clear();
  }
}

const NOBODY: RequestOrigin = { listener: -1, remoteAddress: '' };
