import { array, bool, int16, int32, int64, message, string, type Decoded } from '../schema_language.ts';

/**
 * Log directories of a broker and the replicas in them.
 *
 * 3: a top-level error. 4: sizes of the volumes (KIP-827). 5: cordoned directories (KIP-1066).
 */
export const describeLogDirsRequest = message('DescribeLogDirsRequest', {
  apiKey: 35,
  versions: '1-5',
  flexible: '2+',
  listeners: ['broker'],
  fields: {
    /** Null: all. */
    topics: array(
      {
        topic: string({ entity: 'topicName', mapKey: true }),
        partitions: array(int32()),
      },
      { nullable: '0+' },
    ),
  },
});
export type DescribeLogDirsRequest = Decoded<typeof describeLogDirsRequest>;

export const describeLogDirsResponse = message('DescribeLogDirsResponse', {
  apiKey: 35,
  versions: '1-5',
  flexible: '2+',
  fields: {
    throttleTimeMs: int32(),
    errorCode: int16({ versions: '3+', ignorable: true }),
    results: array({
      errorCode: int16(),
      logDir: string(),
      topics: array({
        name: string({ entity: 'topicName' }),
        partitions: array({
          partitionIndex: int32(),
          partitionSize: int64(),
          /** Behind the high watermark; of a future replica, behind the current one. */
          offsetLag: int64(),
          /** The replica is moving into this directory. */
          isFutureKey: bool(),
        }),
      }),
      /** Of the volume; -1 if unknown. */
      totalBytes: int64({ versions: '4+', default: -1, ignorable: true }),
      /** Of the volume; -1 if unknown. */
      usableBytes: int64({ versions: '4+', default: -1, ignorable: true }),
      isCordoned: bool({ versions: '5+', default: false, ignorable: true }),
    }),
  },
});
export type DescribeLogDirsResponse = Decoded<typeof describeLogDirsResponse>;
