import { array, int32, int64, int8, message, uuid, type Decoded } from '../../schema_language.ts';

/** What changed in the registration of a broker. 1: controlled shutdown. 2: log directories. 3: cordoned ones. */
export const brokerRegistrationChangeRecord = message('BrokerRegistrationChangeRecord', {
  apiKey: 17,
  versions: '0-3',
  flexible: '0+',
  fields: {
    brokerId: int32({ entity: 'brokerId' }),
    brokerEpoch: int64(),
    /** -1 unfenced, 1 fenced, 0 unchanged. */
    fenced: int8({ tag: 0 }),
    /** 1: has begun, 0: unchanged. */
    inControlledShutdown: int8({ versions: '1+', tag: 1 }),
    /** Those online; empty: unchanged. */
    logDirs: array(uuid(), { versions: '2+', tag: 2 }),
    cordonedLogDirs: array(uuid(), { versions: '3+', nullable: '0+', default: null, tag: 3 }),
  },
});
export type BrokerRegistrationChangeRecord = Decoded<typeof brokerRegistrationChangeRecord>;
