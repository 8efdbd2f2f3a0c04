import { ZERO_UUID } from '../base/uuid.ts';
import { ApiKey } from '../protocol/api_keys.ts';
import { ErrorCode } from '../protocol/errors.ts';
import {
  deleteTopicsRequest,
  deleteTopicsResponse,
  type DeleteTopicsRequest,
} from '../protocol/schema/20_delete_topics.ts';
import { forwardedHandler, NOT_DONE, OUTCOME_BYTES, textBytes } from './forwarded_call.ts';

/**
 * DeleteTopics (20), versions 1 to 6: KIP-516 by id, KIP-599 error messages.
 *
 * Decoded on the receiving shard, decided by control. Answered when the deletion is committed: the logs go behind that.
 * Not done yet: authorization, quotas of partition mutations.
 *
 *     served by  control, forwarded
 *     bound      8 MiB of metadata records
 *     errors     INVALID_REQUEST UNKNOWN_TOPIC_ID UNKNOWN_TOPIC_OR_PARTITION TOPIC_DELETION_DISABLED REQUEST_TIMED_OUT
 *                KAFKA_STORAGE_ERROR POLICY_VIOLATION
 */
export const deleteTopicsHandler = forwardedHandler({
  name: 'DeleteTopics',
  apiKey: ApiKey.DeleteTopics,
  request: deleteTopicsRequest,
  response: deleteTopicsResponse,
  version: 6,
  asked: (body) => ({ topics: named(body), timeoutMs: body.timeoutMs }),
  answerBytes: (body) => named(body).reduce((bytes, { name }) => bytes + OUTCOME_BYTES + textBytes(name), 64),
  notDone: (body, apiVersion) => ({
    throttleTimeMs: 0,
    responses: named(body).map((topic) => ({
      // Versions before ids always name what they speak of.
      ...topic,
      name: apiVersion < BY_ID_FROM ? (topic.name ?? '') : topic.name,
      errorCode: ErrorCode.REQUEST_TIMED_OUT,
      errorMessage: NOT_DONE,
    })),
  }),
  told: (decided, _body, { apiVersion }) => ({
    ...decided,
    responses: decided.responses.map((topic) =>
      apiVersion < DISABLED_FROM && topic.errorCode === ErrorCode.TOPIC_DELETION_DISABLED
        ? { ...topic, errorCode: ErrorCode.INVALID_REQUEST }
        : topic,
    ),
  }),
});

function named(body: DeleteTopicsRequest): { readonly name: string | null; readonly topicId: string }[] {
  return [...body.topics, ...body.topicNames.map((name) => ({ name, topicId: ZERO_UUID }))];
}

/** KIP-516 */
const BY_ID_FROM = 6;
/** TOPIC_DELETION_DISABLED is told from here on. */
const DISABLED_FROM = 3;
