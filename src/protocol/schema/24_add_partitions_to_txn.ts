import { array, bigInt64, bool, int16, int32, message, string, type Decoded } from '../schema_language.ts';

/**
 * Adds partitions to a transaction.
 *
 * 4: several transactions, for brokers that verify (KIP-890). 5: TRANSACTION_ABORTABLE.
 */

const addPartitionsToTxnTopic = {
  name: string({ entity: 'topicName', mapKey: true }),
  partitions: array(int32()),
};

export const addPartitionsToTxnRequest = message('AddPartitionsToTxnRequest', {
  apiKey: 24,
  versions: '0-5',
  flexible: '3+',
  listeners: ['broker'],
  fields: {
    /** From brokers, version 4 on. */
    transactions: array(
      {
        transactionalId: string({ entity: 'transactionalId', mapKey: true }),
        producerId: bigInt64({ entity: 'producerId' }),
        producerEpoch: int16(),
        /** Ask whether the partitions are in the transaction, without adding them. */
        verifyOnly: bool({ default: false }),
        topics: array(addPartitionsToTxnTopic),
      },
      { versions: '4+' },
    ),
    /** From clients, up to version 3. */
    v3AndBelowTransactionalId: string({ versions: '0-3', entity: 'transactionalId' }),
    v3AndBelowProducerId: bigInt64({ versions: '0-3', entity: 'producerId' }),
    v3AndBelowProducerEpoch: int16({ versions: '0-3' }),
    v3AndBelowTopics: array(addPartitionsToTxnTopic, { versions: '0-3' }),
  },
});
export type AddPartitionsToTxnRequest = Decoded<typeof addPartitionsToTxnRequest>;

const addPartitionsToTxnPartitionResult = {
  partitionIndex: int32({ mapKey: true }),
  partitionErrorCode: int16(),
};

const addPartitionsToTxnTopicResult = {
  name: string({ entity: 'topicName', mapKey: true }),
  resultsByPartition: array(addPartitionsToTxnPartitionResult),
};

export const addPartitionsToTxnResponse = message('AddPartitionsToTxnResponse', {
  apiKey: 24,
  versions: '0-5',
  flexible: '3+',
  fields: {
    throttleTimeMs: int32(),
    /** Of the request as a whole. */
    errorCode: int16({ versions: '4+', ignorable: true }),
    resultsByTransaction: array(
      {
        transactionalId: string({ entity: 'transactionalId', mapKey: true }),
        topicResults: array(addPartitionsToTxnTopicResult),
      },
      { versions: '4+' },
    ),
    resultsByTopicV3AndBelow: array(addPartitionsToTxnTopicResult, { versions: '0-3' }),
  },
});
export type AddPartitionsToTxnResponse = Decoded<typeof addPartitionsToTxnResponse>;
