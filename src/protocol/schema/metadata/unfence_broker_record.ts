import { int32, int64, message, type Decoded } from '../../schema_language.ts';

/** A broker may lead again. Superseded by BrokerRegistrationChangeRecord. */
export const unfenceBrokerRecord = message('UnfenceBrokerRecord', {
  apiKey: 8,
  versions: '0',
  flexible: '0+',
  fields: {
    id: int32({ entity: 'brokerId' }),
    epoch: int64(),
  },
});
export type UnfenceBrokerRecord = Decoded<typeof unfenceBrokerRecord>;
