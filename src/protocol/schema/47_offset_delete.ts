import { array, int16, int32, message, string, type Decoded } from '../schema_language.ts';

/** Deletes committed offsets of a group (KIP-496). */
export const offsetDeleteRequest = message('OffsetDeleteRequest', {
  apiKey: 47,
  versions: '0',
  listeners: ['broker'],
  fields: {
    groupId: string({ entity: 'groupId' }),
    topics: array({
      name: string({ entity: 'topicName', mapKey: true }),
      partitions: array({
        partitionIndex: int32(),
      }),
    }),
  },
});
export type OffsetDeleteRequest = Decoded<typeof offsetDeleteRequest>;

export const offsetDeleteResponse = message('OffsetDeleteResponse', {
  apiKey: 47,
  versions: '0',
  fields: {
    errorCode: int16(),
    throttleTimeMs: int32({ ignorable: true }),
    topics: array({
      name: string({ entity: 'topicName', mapKey: true }),
      partitions: array({
        partitionIndex: int32({ mapKey: true }),
        errorCode: int16(),
      }),
    }),
  },
});
export type OffsetDeleteResponse = Decoded<typeof offsetDeleteResponse>;
