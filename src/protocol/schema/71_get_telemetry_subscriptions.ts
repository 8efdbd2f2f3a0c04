import { array, bool, int16, int32, int8, message, string, uuid, type Decoded } from '../schema_language.ts';

/** Which metrics a client is to push (KIP-714). */
export const getTelemetrySubscriptionsRequest = message('GetTelemetrySubscriptionsRequest', {
  apiKey: 71,
  versions: '0',
  flexible: '0+',
  listeners: ['broker'],
  fields: {
    /** Zero: give me one. */
    clientInstanceId: uuid(),
  },
});
export type GetTelemetrySubscriptionsRequest = Decoded<typeof getTelemetrySubscriptionsRequest>;

export const getTelemetrySubscriptionsResponse = message('GetTelemetrySubscriptionsResponse', {
  apiKey: 71,
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    clientInstanceId: uuid(),
    subscriptionId: int32(),
    /** Codec numbers of record batches, the preferred first. */
    acceptedCompressionTypes: array(int8()),
    pushIntervalMs: int32(),
    telemetryMaxBytes: int32(),
    deltaTemporality: bool(),
    /** Prefixes of names. No element: none; one empty prefix: all. */
    requestedMetrics: array(string()),
  },
});
export type GetTelemetrySubscriptionsResponse = Decoded<typeof getTelemetrySubscriptionsResponse>;
