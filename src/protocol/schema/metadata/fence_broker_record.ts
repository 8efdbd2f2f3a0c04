import { int32, int64, message, type Decoded } from '../../schema_language.ts';

/** A broker may not lead any more. Superseded by BrokerRegistrationChangeRecord. */
export const fenceBrokerRecord = message('FenceBrokerRecord', {
  apiKey: 7,
  versions: '0',
  flexible: '0+',
  fields: {
    id: int32({ entity: 'brokerId' }),
    epoch: int64(),
  },
});
export type FenceBrokerRecord = Decoded<typeof fenceBrokerRecord>;
