import {
  array,
  bool,
  int16,
  int32,
  int64,
  message,
  string,
  uint16,
  uuid,
  type Decoded,
} from '../../schema_language.ts';

/**
 * A broker has registered. It is fenced until it has caught up. 1: controlled shutdown. 2: ZooKeeper migration. 3: log
 * directories (KIP-858). 4: cordoned ones (KIP-1066).
 */
export const registerBrokerRecord = message('RegisterBrokerRecord', {
  apiKey: 0,
  versions: '0-4',
  flexible: '0+',
  fields: {
    brokerId: int32({ entity: 'brokerId' }),
    isMigratingZkBroker: bool({ versions: '2+', default: false }),
    /** New with each start of the broker's process. */
    incarnationId: uuid(),
    brokerEpoch: int64(),
    /** By listener name. */
    endPoints: array({
      name: string({ mapKey: true }),
      host: string(),
      port: uint16(),
      securityProtocol: int16(),
    }),
    features: array({
      name: string({ mapKey: true }),
      minSupportedVersion: int16(),
      maxSupportedVersion: int16(),
    }),
    rack: string({ nullable: '0+' }),
    fenced: bool({ default: true }),
    /** The broker is giving up what it leads. */
    inControlledShutdown: bool({ versions: '1+', default: false }),
    logDirs: array(uuid(), { versions: '3+', tag: 0 }),
    cordonedLogDirs: array(uuid(), { versions: '4+', nullable: '0+', default: null, tag: 1 }),
  },
});
export type RegisterBrokerRecord = Decoded<typeof registerBrokerRecord>;
