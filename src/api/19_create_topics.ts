import { ApiKey } from '../protocol/api_keys.ts';
import { ErrorCode } from '../protocol/errors.ts';
import {
  createTopicsRequest,
  createTopicsResponse,
  type CreateTopicsRequest,
  type CreateTopicsResponse,
} from '../protocol/schema/19_create_topics.ts';
import type { Encodable } from '../protocol/schema_language.ts';
import { forwardedHandler, NOT_DONE } from './forwarded_call.ts';
import type { ApiHost } from './host.ts';
import { SettingDescriptions } from './setting_descriptions.ts';

/**
 * CreateTopics (19), versions 2 to 7: KIP-464 defaults, KIP-525 what was created, KIP-516 ids.
 *
 * Decoded on the receiving shard, decided by control. Waits until the partitions' logs are open. Not done yet: quotas of
 * partition mutations.
 *
 *     served by  control, forwarded
 *     bound      8 MiB of metadata records, millrace.partitions.max
 *     errors     INVALID_PARTITIONS INVALID_REPLICATION_FACTOR INVALID_REPLICA_ASSIGNMENT INVALID_CONFIG INVALID_REQUEST
 *                INVALID_TOPIC_EXCEPTION TOPIC_ALREADY_EXISTS POLICY_VIOLATION REQUEST_TIMED_OUT KAFKA_STORAGE_ERROR
 */
export const createTopicsHandler = forwardedHandler({
  name: 'CreateTopics',
  apiKey: ApiKey.CreateTopics,
  request: createTopicsRequest,
  response: createTopicsResponse,
  version: 7,
  asked: (body) => body,
  answerBytes,
  notDone,
  told: (decided, body, { apiVersion }, host) => {
    if (apiVersion >= SETTINGS_FROM) tellSettings(decided, body, host);
    return decided;
  },
});

/** The shard knows the node's settings too: they need not travel. */
function tellSettings(decided: CreateTopicsResponse, body: CreateTopicsRequest, host: ApiHost): void {
  const asked = new Map(body.topics.map(({ name, configs }) => [name, configs]));
  const { written, nodeId } = host.node;
  const descriptions = new SettingDescriptions(written, host.image.configs.ofBroker(nodeId));
  for (const topic of decided.topics) {
    if (topic.errorCode !== ErrorCode.NONE) continue;
    const own = (asked.get(topic.name) ?? []).flatMap(({ name, value }): [string, string][] =>
      value === null ? [] : [[name, value]],
    );
    topic.configs = descriptions.ofTopic(new Map(own)).map(({ name, value, readOnly, configSource, isSensitive }) => ({
      name,
      value,
      readOnly,
      configSource,
      isSensitive,
    }));
  }
}

/** A shard out of memory, or a control thread that could not say: the client looks whether the topics are there. */
function notDone(body: CreateTopicsRequest): Encodable<typeof createTopicsResponse> {
  const topics = body.topics.map(({ name }) => ({
    name,
    errorCode: ErrorCode.REQUEST_TIMED_OUT,
    errorMessage: NOT_DONE,
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
