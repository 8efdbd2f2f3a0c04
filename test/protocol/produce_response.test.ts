import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ByteReader, ByteWriter } from '../../src/base/bytes.ts';
import { codecOf } from '../../src/protocol/codec.ts';
import {
  insertDetails,
  type PartitionDetails,
  patchProducePartition,
  ProduceResponseTemplate,
} from '../../src/protocol/produce_response.ts';
import { produceResponse } from '../../src/protocol/schema/00_produce.ts';
import { simKernels } from '../simulation/sim_kernels.ts';

test('errors of single records and leaders are told of the partition that has them, in every version that can', () => {
  const errors = fc.option(fc.array(fc.nat(2 ** 31 - 1), { minLength: 1, maxLength: 200 }), { nil: null });
  fc.assert(
    fc.property(
      fc.integer({ min: 3, max: 13 }),
      fc.array(fc.array(errors, { maxLength: 4 }), { minLength: 1, maxLength: 3 }),
      fc.boolean(),
      (version, topics, isBackwards) => {
        const writer = new ByteWriter((text) => simKernels.encodeText(text), 16);
        const template = new ProduceResponseTemplate();
        const noted: PartitionDetails[] = [];
        template.begin(writer, version, 9, topics.length);
        for (const partitions of topics) {
          if (version >= 13) template.topicId(1, 2, 3, 4, partitions.length);
          else template.topicName(Uint8Array.of(0x61, 0x62), 0, 2, partitions.length);
          for (const [index, indexes] of partitions.entries()) {
            const place = template.partition(index);
            patchProducePartition(writer.view, place, version, indexes === null ? 0 : 87, -1, -1, 5);
            if (indexes === null) continue;
            const records = indexes.map((batchIndex) => ({ batchIndex, message: `record ${batchIndex}` }));
            const leader = records.length % 2 === 0 ? { id: 7, epoch: records.length } : null;
            noted.push({ place, message: `${records.length} at fault`, records, leader });
          }
        }
        template.end(3);
        const endpoints = [{ nodeId: 7, host: 'seven', port: 9, rack: null }];
        insertDetails(writer, version, isBackwards ? noted.toReversed() : noted, noted.length > 0 ? endpoints : []);
        const body = writer.copyWritten().subarray(version >= 9 ? 9 : 8);
        const reader = new ByteReader((bytes, start, end) => simKernels.decodeText(bytes, start, end)).resetTo(body);
        const decoded = codecOf(produceResponse).decode(reader, version);
        assert.ok(decoded !== null && reader.remaining === 0);
        assert.equal(decoded.throttleTimeMs, 3);
        assert.deepEqual(decoded.nodeEndpoints, version >= 10 && noted.length > 0 ? endpoints : []);
        decoded.responses.forEach(({ partitionResponses }, at) => {
          partitionResponses.forEach((partition, index) => {
            const indexes = version < 8 ? null : topics[at]![index]!;
            assert.deepEqual(
              partition.recordErrors.map(({ batchIndex }) => batchIndex),
              indexes ?? [],
            );
            const isTold = version >= 10 && indexes !== null && indexes.length % 2 === 0;
            const leader = { leaderId: isTold ? 7 : -1, leaderEpoch: isTold ? indexes.length : -1 };
            assert.deepEqual(partition.currentLeader, leader);
            assert.equal(partition.errorMessage, indexes === null ? null : `${indexes.length} at fault`);
          });
        });
      },
    ),
  );
});
