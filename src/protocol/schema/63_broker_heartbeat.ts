import { array, bool, int16, int32, int64, message, uuid, type Decoded } from '../schema_language.ts';

/**
 * A broker tells the controller that it lives, and how far it has come (KIP-500). 1: offline log directories
 * (KIP-858). 2: cordoned ones (KIP-1066).
 */
export const brokerHeartbeatRequest = message('BrokerHeartbeatRequest', {
  apiKey: 63,
  versions: '0-2',
  flexible: '0+',
  listeners: ['controller'],
  fields: {
    brokerId: int32({ entity: 'brokerId' }),
    brokerEpoch: int64({ default: -1 }),
    /** How far the broker has applied the metadata log. */
    currentMetadataOffset: int64(),
    wantFence: bool(),
    /** Begins, and goes on with, a controlled shutdown. */
    wantShutDown: bool(),
    offlineLogDirs: array(uuid(), { versions: '1+', tag: 0 }),
    cordonedLogDirs: array(uuid(), { versions: '2+', nullable: '0+', default: null, tag: 1 }),
  },
});
export type BrokerHeartbeatRequest = Decoded<typeof brokerHeartbeatRequest>;

export const brokerHeartbeatResponse = message('BrokerHeartbeatResponse', {
  apiKey: 63,
  versions: '0-2',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    isCaughtUp: bool({ default: false }),
    isFenced: bool({ default: true }),
    /** Nothing is led here any more. */
    shouldShutDown: bool(),
  },
});
export type BrokerHeartbeatResponse = Decoded<typeof brokerHeartbeatResponse>;
