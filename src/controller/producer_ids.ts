import { metadataRecord } from '../metadata/metadata_record.ts';
import type { MetadataRecord } from '../metadata/records.ts';
import { producerIdsRecord } from '../protocol/schema/metadata/producer_ids_record.ts';

/** Producer ids that a broker may give to producers: no other broker gets them, whatever becomes of this one. */
export interface ProducerIdBlock {
  readonly start: number;
  readonly length: number;
  readonly records: readonly MetadataRecord[];
}

/** The next block (KIP-730). `next` is where the one before it ended. */
export function planProducerIds(next: number, brokerId: number, brokerEpoch: number): ProducerIdBlock {
  const nextProducerId = BigInt(next + BLOCK_LENGTH);
  return {
    start: next,
    length: BLOCK_LENGTH,
    records: [metadataRecord(producerIdsRecord, 0, { brokerId, brokerEpoch, nextProducerId })],
  };
}

const BLOCK_LENGTH = 1000;
