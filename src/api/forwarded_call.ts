import type { ByteReader, ByteWriter } from '../base/bytes.ts';
import { codecOf } from '../protocol/codec.ts';
import type { Decoded, Encodable, Fields, Message } from '../protocol/schema_language.ts';
import type { ApiHandler, ApiHost } from './host.ts';
import type { Request } from './request.ts';

/** A request that control decides, and how it travels there. */
export interface ForwardedCall<Q extends Fields, R extends Fields> {
  readonly name: string;
  readonly apiKey: number;
  readonly request: Message<Q>;
  readonly response: Message<R>;
  /** In which version arguments and answer travel between the threads, whatever the client speaks. */
  readonly version: number;
  /** What the client asked, as `version` says it. */
  asked(body: Decoded<Message<Q>>, apiVersion: number): Encodable<Message<Q>>;
  /** At most so long is control's answer. */
  answerBytes(body: Decoded<Message<Q>>): number;
  /** The answer when control could not decide now: the client looks whether something was done. */
  notDone(body: Decoded<Message<Q>>, apiVersion: number): Encodable<Message<R>>;
  /** The decided answer as the client's version says it. */
  told(decided: Decoded<Message<R>>, body: Decoded<Message<Q>>, request: Request, host: ApiHost): Encodable<Message<R>>;
}

/** The handler of a call that the receiving shard decodes and answers, and control decides. */
export function forwardedHandler<Q extends Fields, R extends Fields>(call: ForwardedCall<Q, R>): ApiHandler {
  const requests = codecOf(call.request);
  const responses = codecOf(call.response);
  return {
    handle(request: Request, host: ApiHost): void {
      const { apiVersion } = request;
      const body = requests.decode(host.body(request), apiVersion);
      if (body === null) return host.refuse(request, `a malformed ${call.name} request`);
      const answered = (answer: ByteReader | null): void => {
        const decided = answer === null ? null : responses.decode(answer, call.version);
        const told = decided === null ? call.notDone(body, apiVersion) : call.told(decided, body, request, host);
        responses.encode(host.beginAnswer(request), apiVersion, told);
        host.complete(request);
      };
      const asked = call.asked(body, apiVersion);
      const write = (writer: ByteWriter): void => requests.encode(writer, call.version, asked);
      const { apiKey, version } = call;
      if (!host.callControl(request, apiKey, version, write, call.answerBytes(body), answered)) answered(null);
    },
  };
}

/** Of one resource, topic or feature in an answer, beside its names: codes, lengths, an id, a sentence. */
export const OUTCOME_BYTES = 512;

/** Bytes that a text may take where it stands in an answer by itself and in two messages about it. */
export function textBytes(text: string | null): number {
  return 9 * (text?.length ?? 0);
}

export const NOT_DONE = 'The request could not be carried out now.';
