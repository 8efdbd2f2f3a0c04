import { bool, bytes, int16, int32, int8, message, uuid, type Decoded } from '../schema_language.ts';

/** Metrics of a client in OTLP form (KIP-714). */
export const pushTelemetryRequest = message('PushTelemetryRequest', {
  apiKey: 72,
  versions: '0',
  flexible: '0+',
  listeners: ['broker'],
  fields: {
    clientInstanceId: uuid(),
    subscriptionId: int32(),
    terminating: bool(),
    compressionType: int8(),
    /** OTLP MetricsData, compressed. */
    metrics: bytes(),
  },
});
export type PushTelemetryRequest = Decoded<typeof pushTelemetryRequest>;

export const pushTelemetryResponse = message('PushTelemetryResponse', {
  apiKey: 72,
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32(),
    errorCode: int16(),
  },
});
export type PushTelemetryResponse = Decoded<typeof pushTelemetryResponse>;
