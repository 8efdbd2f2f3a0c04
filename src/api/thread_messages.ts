/**
 * What threads say to each other over the rings: kinds and layouts, in 32-bit words of the machine's order, 64-bit
 * values as (high, low). Every message is a request that has one answer, for which room was reserved.
 */

/** Shard → shard that owns a partition: append one partition's records, which lie in the sender's arena. */
export const APPEND = 1;
/** Shard → control: an API call that control executes, already decoded and checked by the shard. */
export const CONTROL_CALL = 2;
/** Control → shard: listen on one of the configured listeners. */
export const LISTEN = 3;
/** Control → shard: go to the given phase of the stop. Answered when the phase is complete. */
export const STOP = 4;

/** Shard → shard that owns a partition: a request about it that only the owner can execute. */
export const PARTITION_CALL = 5;

export const APPEND_REQUEST = {
  slot: 0,
  incarnation: 4,
  /** Byte range of the records in the sender's arena. */
  place: 8,
  length: 12,
  acks: 16,
  bytes: 24,
} as const;

export const APPEND_ANSWER = {
  errorCode: 0,
  baseOffsetHigh: 4,
  baseOffsetLow: 8,
  logAppendTimeHigh: 12,
  logAppendTimeLow: 16,
  logStartOffsetHigh: 20,
  logStartOffsetLow: 24,
  /** Where in the sender's arena the refused records are named; -1: nowhere. */
  recordErrorsAt: 28,
  bytes: 32,
} as const;

/** The arguments and the answer of a call lie in the caller's arena: control reads the one and writes the other. */
export const CONTROL_CALL_REQUEST = {
  apiKey: 0,
  apiVersion: 4,
  place: 8,
  length: 12,
  answerPlace: 16,
  answerCapacity: 20,
  bytes: 24,
} as const;

export const CONTROL_CALL_ANSWER = {
  /** Bytes of the answer; -1 when it did not fit or control failed to make one. */
  length: 0,
  bytes: 8,
} as const;

/** `argument` is what the API asks about, as one number. Room for a body lies in the caller's arena. */
export const PARTITION_CALL_REQUEST = {
  apiKey: 0,
  slot: 4,
  incarnation: 8,
  argumentHigh: 12,
  argumentLow: 16,
  bodyPlace: 20,
  bodyCapacity: 24,
  bytes: 32,
} as const;

export const PARTITION_CALL_ANSWER = {
  errorCode: 0,
  offsetHigh: 4,
  offsetLow: 8,
  epoch: 12,
  /** Of the body; more than its room when it was not written. */
  bodyBytes: 16,
  bytes: 24,
} as const;

export const LISTEN_REQUEST = { listener: 0, port: 4, bytes: 8 } as const;
/** `port` is where it listens, or -1: the shard has logged why. */
export const LISTEN_ANSWER = { port: 0, bytes: 8 } as const;

export const STOP_REQUEST = { phase: 0, bytes: 8 } as const;
export const STOP_ANSWER = { bytes: 8 } as const;

/** The phases of an orderly stop, in order. */
export const STOP_ACCEPTING = 1;
/** Stop reading; what was received is executed and answered; what is parked is answered early. */
export const STOP_DRAIN = 2;
/** Flush and close the logs. */
export const STOP_CLOSE = 3;
