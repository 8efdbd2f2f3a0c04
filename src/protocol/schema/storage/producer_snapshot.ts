import { array, bigInt64, int16, int32, int64, message, uint32, type Decoded } from '../../schema_language.ts';

/** The `.snapshot` files of a log: producers and their last sequence numbers. */
export const producerSnapshot = message('ProducerSnapshot', {
  versions: '1',
  fields: {
    /** CRC-32C of the file behind this field. */
    crc: uint32(),
    producerEntries: array({
      producerId: bigInt64(),
      epoch: int16(),
      lastSequence: int32(),
      /** Offset of the last record written by the producer. */
      lastOffset: int64(),
      /** From the first to the last record of the last batch. */
      offsetDelta: int32(),
      timestamp: int64(),
      coordinatorEpoch: int32(),
      /** -1: no transaction is open. */
      currentTxnFirstOffset: int64(),
    }),
  },
});
export type ProducerSnapshot = Decoded<typeof producerSnapshot>;
