import { ApiKey } from '../protocol/api_keys.ts';
import { ErrorCode } from '../protocol/errors.ts';
import { createPartitionsRequest, createPartitionsResponse } from '../protocol/schema/37_create_partitions.ts';
import { forwardedHandler, NOT_DONE, OUTCOME_BYTES, textBytes } from './forwarded_call.ts';

/**
 * CreatePartitions (37), versions 0 to 3: KIP-195.
 *
 * Decoded on the receiving shard, decided by control. Waits until the new partitions' logs are open. Not done yet:
 * authorization, quotas of partition mutations.
 *
 *     served by  control, forwarded
 *     bound      8 MiB of metadata records, millrace.partitions.max
 *     errors     INVALID_PARTITIONS INVALID_REPLICA_ASSIGNMENT INVALID_REQUEST UNKNOWN_TOPIC_OR_PARTITION POLICY_VIOLATION
 *                REQUEST_TIMED_OUT KAFKA_STORAGE_ERROR
 */
export const createPartitionsHandler = forwardedHandler({
  name: 'CreatePartitions',
  apiKey: ApiKey.CreatePartitions,
  request: createPartitionsRequest,
  response: createPartitionsResponse,
  version: 3,
  asked: (body) => body,
  answerBytes: ({ topics }) => topics.reduce((bytes, { name }) => bytes + OUTCOME_BYTES + textBytes(name), 64),
  notDone: ({ topics }) => ({
    throttleTimeMs: 0,
    results: topics.map(({ name }) => ({ name, errorCode: ErrorCode.REQUEST_TIMED_OUT, errorMessage: NOT_DONE })),
  }),
  told: (decided) => decided,
});
