import { bigInt64, int32, int64, message, type Decoded } from '../../schema_language.ts';

/** The next block of producer ids begins here. */
export const producerIdsRecord = message('ProducerIdsRecord', {
  apiKey: 15,
  versions: '0',
  flexible: '0+',
  fields: {
    brokerId: int32({ entity: 'brokerId' }),
    brokerEpoch: int64({ default: -1 }),
    /** First id of the next block; those before are given away. */
    nextProducerId: bigInt64(),
  },
});
export type ProducerIdsRecord = Decoded<typeof producerIdsRecord>;
