import { int32, int64, message, type Decoded } from '../../schema_language.ts';

/** A broker is gone for good. */
export const unregisterBrokerRecord = message('UnregisterBrokerRecord', {
  apiKey: 1,
  versions: '0',
  flexible: '0+',
  fields: {
    brokerId: int32({ entity: 'brokerId' }),
    brokerEpoch: int64(),
  },
});
export type UnregisterBrokerRecord = Decoded<typeof unregisterBrokerRecord>;
