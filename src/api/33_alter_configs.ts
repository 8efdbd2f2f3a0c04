import { ApiKey } from '../protocol/api_keys.ts';
import { alterConfigsRequest, alterConfigsResponse } from '../protocol/schema/33_alter_configs.ts';
import { changedResourcesBytes, notChanged } from './changed_resources.ts';
import { forwardedHandler } from './forwarded_call.ts';

/**
 * AlterConfigs (33), versions 0 to 2: whole sets of settings (KIP-133), superseded by IncrementalAlterConfigs.
 *
 * Decoded on the receiving shard, decided by control. Answered when the change is committed. Not done yet: authorization.
 *
 *     served by  control, forwarded
 *     bound      8 MiB of metadata records
 *     errors     INVALID_CONFIG INVALID_REQUEST INVALID_TOPIC_EXCEPTION UNKNOWN_TOPIC_OR_PARTITION REQUEST_TIMED_OUT
 *                KAFKA_STORAGE_ERROR POLICY_VIOLATION
 */
export const alterConfigsHandler = forwardedHandler({
  name: 'AlterConfigs',
  apiKey: ApiKey.AlterConfigs,
  request: alterConfigsRequest,
  response: alterConfigsResponse,
  version: 2,
  asked: (body) => body,
  answerBytes: ({ resources }) => changedResourcesBytes(resources),
  notDone: ({ resources }) => notChanged(resources),
  told: (decided) => decided,
});
