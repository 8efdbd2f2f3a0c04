import { array, bool, int16, int32, int64, message, string, uint16, uuid, type Decoded } from '../schema_language.ts';

/**
 * A broker registers with the controller (KIP-500).
 *
 * 1: ZooKeeper migration. 2: log directories (KIP-858). 3: the broker epoch before (KIP-966). 4: minimum versions of
 * features may be 0 (KIP-1022).
 */
export const brokerRegistrationRequest = message('BrokerRegistrationRequest', {
  apiKey: 62,
  versions: '0-4',
  flexible: '0+',
  listeners: ['controller'],
  fields: {
    brokerId: int32({ entity: 'brokerId' }),
    clusterId: string(),
    /** New with each start of the process. */
    incarnationId: uuid(),
    listeners: array({
      name: string({ mapKey: true }),
      host: string(),
      port: uint16(),
      /** 0 PLAINTEXT, 1 SSL, 2 SASL_PLAINTEXT, 3 SASL_SSL. */
      securityProtocol: int16(),
    }),
    features: array({
      name: string({ mapKey: true }),
      minSupportedVersion: int16(),
      maxSupportedVersion: int16(),
    }),
    rack: string({ nullable: '0+' }),
    isMigratingZkBroker: bool({ versions: '1+', default: false }),
    /** Ids of the directories that are online. */
    logDirs: array(uuid(), { versions: '2+', ignorable: true }),
    /** Of the last clean shutdown; -1 otherwise. */
    previousBrokerEpoch: int64({ versions: '3+', default: -1, ignorable: true }),
  },
});
export type BrokerRegistrationRequest = Decoded<typeof brokerRegistrationRequest>;

export const brokerRegistrationResponse = message('BrokerRegistrationResponse', {
  apiKey: 62,
  versions: '0-4',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    brokerEpoch: int64({ default: -1 }),
  },
});
export type BrokerRegistrationResponse = Decoded<typeof brokerRegistrationResponse>;
