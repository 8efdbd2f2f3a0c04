import { upgradeType } from '../controller/feature_manager.ts';
import { ApiKey } from '../protocol/api_keys.ts';
import { ErrorCode } from '../protocol/errors.ts';
import { updateFeaturesRequest, updateFeaturesResponse } from '../protocol/schema/57_update_features.ts';
import { forwardedHandler, NOT_DONE, OUTCOME_BYTES, textBytes } from './forwarded_call.ts';

/**
 * UpdateFeatures (57), versions 0 to 2: KIP-584, KIP-778 kinds of downgrades.
 *
 * Decoded on the receiving shard, decided by control. Answered when the levels are committed. Not done yet:
 * authorization.
 *
 *     served by  control, forwarded
 *     bound      8 MiB of metadata records
 *     errors     INVALID_UPDATE_VERSION INVALID_REQUEST REQUEST_TIMED_OUT KAFKA_STORAGE_ERROR POLICY_VIOLATION
 */
export const updateFeaturesHandler = forwardedHandler({
  name: 'UpdateFeatures',
  apiKey: ApiKey.UpdateFeatures,
  request: updateFeaturesRequest,
  response: updateFeaturesResponse,
  version: 2,
  asked: (body, apiVersion) => ({
    ...body,
    featureUpdates: body.featureUpdates.map(({ feature, maxVersionLevel, allowDowngrade, upgradeType: kind }) => ({
      feature,
      maxVersionLevel,
      upgradeType: apiVersion > 0 ? kind : allowDowngrade ? upgradeType.safeDowngrade : upgradeType.upgrade,
    })),
  }),
  answerBytes: ({ featureUpdates }) =>
    featureUpdates.reduce((bytes, { feature }) => bytes + OUTCOME_BYTES + textBytes(feature), OUTCOME_BYTES),
  notDone: () => ({ throttleTimeMs: 0, errorCode: ErrorCode.REQUEST_TIMED_OUT, errorMessage: NOT_DONE }),
  told: (decided, { featureUpdates }) => ({
    throttleTimeMs: decided.throttleTimeMs,
    errorCode: decided.errorCode,
    errorMessage: decided.errorMessage,
    // All or nothing: where something was refused, the answer is about the whole.
    results:
      decided.errorCode === ErrorCode.NONE
        ? featureUpdates.map(({ feature }) => ({ feature, errorCode: ErrorCode.NONE, errorMessage: null }))
        : [],
  }),
});
