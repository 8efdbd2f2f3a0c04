import { ApiKey } from '../protocol/api_keys.ts';
import {
  incrementalAlterConfigsRequest,
  incrementalAlterConfigsResponse,
} from '../protocol/schema/44_incremental_alter_configs.ts';
import { changedResourcesBytes, notChanged } from './changed_resources.ts';
import { forwardedHandler } from './forwarded_call.ts';

/**
 * IncrementalAlterConfigs (44), versions 0 to 1: single settings (KIP-339), also of subscriptions to client metrics
 * (KIP-714) and of groups (KIP-848).
 *
 * Decoded on the receiving shard, decided by control. Answered when the change is committed. Not done yet: authorization,
 * levels of loggers.
 *
 *     served by  control, forwarded
 *     bound      8 MiB of metadata records
 *     errors     INVALID_CONFIG INVALID_REQUEST INVALID_TOPIC_EXCEPTION UNKNOWN_TOPIC_OR_PARTITION REQUEST_TIMED_OUT
 *                KAFKA_STORAGE_ERROR POLICY_VIOLATION
 */
export const incrementalAlterConfigsHandler = forwardedHandler({
  name: 'IncrementalAlterConfigs',
  apiKey: ApiKey.IncrementalAlterConfigs,
  request: incrementalAlterConfigsRequest,
  response: incrementalAlterConfigsResponse,
  version: 1,
  asked: (body) => body,
  answerBytes: ({ resources }) => changedResourcesBytes(resources),
  notDone: ({ resources }) => notChanged(resources),
  told: (decided) => decided,
});
