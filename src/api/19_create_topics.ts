import type { ByteReader, ByteWriter } from '../base/bytes.ts';
import { ApiKey } from '../protocol/api_keys.ts';
import { codecOf } from '../protocol/codec.ts';
import { ErrorCode } from '../protocol/errors.ts';
import {
  createTopicsRequest,
  createTopicsResponse,
  type CreateTopicsRequest,
  type CreateTopicsResponse,
} from '../protocol/schema/19_create_topics.ts';
import type { Encodable } from '../protocol/schema_language.ts';
import type { ApiHandler, ApiHost } from './host.ts';
import type { Request } from './request.ts';
import { toldSettings } from './topic_settings.ts';

/**
 * CreateTopics (19), versions 2 to 7: KIP-464 defaults, KIP-525 what was created, KIP-516 ids.
 *
 * Decoded on the receiving shard, decided by control. Waits until the partitions' logs are open. Not done yet: quotas of
 * partition mutations.
 */
export const createTopicsHandler: ApiHandler = {
  handle(request: Request, host: ApiHost): void {
    const body = codecOf(createTopicsRequest).decode(host.body(request), request.apiVersion);
    if (body === null) return host.refuse(request, 'a malformed CreateTopics request');
    const answered = (answer: ByteReader | null): void => {
      const decided = answer === null ? null : codecOf(createTopicsResponse).decode(answer, CREATE_TOPICS_VERSION);
      if (decided !== null && request.apiVersion >= SETTINGS_FROM) tellSettings(decided, body, host);
      codecOf(createTopicsResponse).encode(host.beginAnswer(request), request.apiVersion, decided ?? notDone(body));
      host.complete(request);
    };
    const write = (writer: ByteWriter): void =>
      codecOf(createTopicsRequest).encode(writer, CREATE_TOPICS_VERSION, body);
    const isSent = host.callControl(
      request,
      ApiKey.CreateTopics,
      CREATE_TOPICS_VERSION,
      write,
      answerBytes(body),
      answered,
    );
    if (!isSent) answered(null);
  },
};

/** The shard knows the node's settings too: they need not travel. */
function tellSettings(decided: CreateTopicsResponse, body: CreateTopicsRequest, host: ApiHost): void {
  const asked = new Map(body.topics.map(({ name, configs }) => [name, configs]));
  for (const topic of decided.topics) {
    if (topic.errorCode !== ErrorCode.NONE) continue;
    topic.configs = toldSettings(asked.get(topic.name) ?? [], host.node.inheritedSettings);
  }
}

/** A shard out of memory, or a control thread that could not say: the client looks whether the topics are there. */
function notDone(body: CreateTopicsRequest): Encodable<typeof createTopicsResponse> {
  const topics = body.topics.map(({ name }) => ({
    name,
    errorCode: ErrorCode.REQUEST_TIMED_OUT,
    errorMessage: 'The request could not be carried out now.',
    configs: [],
  }));
  return { throttleTimeMs: 0, topics };
}

/** Room for control's answer: names stand in it up to three times, settings in messages about them. */
function answerBytes(body: CreateTopicsRequest): number {
  let bytes = 64;
  for (const topic of body.topics) {
    bytes += 512 + createdTopicBytes(topic.name);
    for (const { name, value } of topic.configs) bytes += 3 * (name.length + (value?.length ?? 0)) + 256;
  }
  return bytes;
}

/** The same for a topic without settings. */
export function createdTopicBytes(name: string): number {
  return 512 + 9 * name.length;
}

/** KIP-525 */
const SETTINGS_FROM = 5;
/** The version in which calls travel to control. */
export const CREATE_TOPICS_VERSION = 7;
