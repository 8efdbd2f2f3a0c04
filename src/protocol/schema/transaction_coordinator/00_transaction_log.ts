import { array, bigInt64, int16, int32, int64, int8, message, string, type Decoded } from '../../schema_language.ts';

/** State of a transactional id, in `__transaction_state`. 1: flexible, with the ids of KIP-890. */
export const transactionLogKey = message('TransactionLogKey', {
  apiKey: 0,
  versions: '0',
  fields: {
    transactionalId: string(),
  },
});
export type TransactionLogKey = Decoded<typeof transactionLogKey>;

export const transactionLogValue = message('TransactionLogValue', {
  apiKey: 0,
  versions: '0-1',
  flexible: '1+',
  fields: {
    producerId: bigInt64(),
    /** Given to the producer last, in case the answer that carried the current one was lost. */
    previousProducerId: bigInt64({ versions: '1+', default: -1n, tag: 0 }),
    /** The one in use after the open transaction, when its epochs run out. */
    nextProducerId: bigInt64({ versions: '1+', default: -1n, tag: 1 }),
    producerEpoch: int16(),
    nextProducerEpoch: int16({ versions: '1+', default: -1, tag: 3 }),
    transactionTimeoutMs: int32(),
    /** 0 empty, 1 ongoing, 2 prepare commit, 3 prepare abort, 4 complete commit, 5 complete abort, 6 dead, 7 prepare epoch fence. */
    transactionStatus: int8(),
    /** Null: none. */
    transactionPartitions: array(
      {
        topic: string(),
        partitionIds: array(int32()),
      },
      { nullable: '0+' },
    ),
    transactionLastUpdateTimestampMs: int64(),
    transactionStartTimestampMs: int64(),
    clientTransactionVersion: int16({ versions: '1+', default: 0, tag: 2 }),
  },
});
export type TransactionLogValue = Decoded<typeof transactionLogValue>;
