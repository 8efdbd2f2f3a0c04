import type { ByteReader, ByteWriter } from '../base/bytes.ts';
import { ApiKey } from '../protocol/api_keys.ts';
import { codecOf } from '../protocol/codec.ts';
import { ErrorCode } from '../protocol/errors.ts';
import { initProducerIdRequest, initProducerIdResponse } from '../protocol/schema/22_init_producer_id.ts';
import {
  allocateProducerIdsRequest,
  allocateProducerIdsResponse,
} from '../protocol/schema/67_allocate_producer_ids.ts';
import type { ApiHandler, ApiHost } from './host.ts';
import type { Request } from './request.ts';

/**
 * InitProducerId (22), versions 0 to 5, for producers without a transactional id: KIP-98, KIP-360.
 *
 * Runs on the receiving shard out of a block of ids that control gave it; waits for the next block when that is used
 * up. Not done yet: transactional producers (answered with COORDINATOR_NOT_AVAILABLE), two-phase commit.
 *
 *     served by  this shard alone
 *     bound      a block of ids at a time
 *     errors     INVALID_REQUEST COORDINATOR_NOT_AVAILABLE COORDINATOR_LOAD_IN_PROGRESS
 */
export class InitProducerIdHandler implements ApiHandler {
  #nextId = 0n;
  #blockEnd = 0n;
  #isAsking = false;
  readonly #waiting: { readonly request: Request; readonly host: ApiHost }[] = [];

  handle(request: Request, host: ApiHost): void {
    const body = codecOf(initProducerIdRequest).decode(host.body(request), request.apiVersion);
    if (body === null) return host.refuse(request, 'a malformed InitProducerId request');
    // An id without an epoch, or an epoch without an id, names no producer.
    if ((body.producerId === -1n) !== (body.producerEpoch === -1)) {
      return this.#answer(request, host, ErrorCode.INVALID_REQUEST, -1n);
    }
    if (body.transactionalId !== null) {
      const isEmpty = body.transactionalId === '';
      const code = isEmpty ? ErrorCode.INVALID_REQUEST : ErrorCode.COORDINATOR_NOT_AVAILABLE;
      return this.#answer(request, host, code, -1n);
    }
    if (this.#nextId < this.#blockEnd) return this.#answer(request, host, ErrorCode.NONE, this.#nextId++);
    request.parts++;
    this.#waiting.push({ request, host });
    this.#ask(host);
  }

  #ask(host: ApiHost): void {
    if (this.#isAsking) return;
    this.#isAsking = true;
    const write = (writer: ByteWriter): void =>
      codecOf(allocateProducerIdsRequest).encode(writer, 0, { brokerId: host.node.nodeId });
    const isSent = host.callControl(null, ApiKey.AllocateProducerIds, 0, write, ANSWER_BYTES, (answer) =>
      this.#given(answer),
    );
    if (!isSent) this.#given(null);
  }

  #given(answer: ByteReader | null): void {
    this.#isAsking = false;
    const block = answer === null ? null : codecOf(allocateProducerIdsResponse).decode(answer, 0);
    const isGiven = block !== null && block.errorCode === ErrorCode.NONE;
    if (isGiven) {
      this.#nextId = block.producerIdStart;
      this.#blockEnd = block.producerIdStart + BigInt(block.producerIdLen);
    }
    for (const { request, host } of this.#waiting.splice(0)) {
      request.parts--;
      if (request.isAbandoned) host.returned(request);
      else if (!isGiven) this.#answer(request, host, ErrorCode.COORDINATOR_LOAD_IN_PROGRESS, -1n);
      else if (this.#nextId < this.#blockEnd) this.#answer(request, host, ErrorCode.NONE, this.#nextId++);
      else {
        request.parts++;
        this.#waiting.push({ request, host });
      }
    }
    const next = this.#waiting[0];
    if (next !== undefined) this.#ask(next.host);
  }

  #answer(request: Request, host: ApiHost, errorCode: ErrorCode, producerId: bigint): void {
    const producerEpoch = errorCode === ErrorCode.NONE ? 0 : -1;
    codecOf(initProducerIdResponse).encode(host.beginAnswer(request), request.apiVersion, {
      throttleTimeMs: 0,
      errorCode,
      producerId,
      producerEpoch,
    });
    host.complete(request);
  }
}

const ANSWER_BYTES = 64;
