import type { PartitionOutcome } from '../api/host.ts';
import { PARTITION_CALL_ANSWER, PARTITION_CALL_REQUEST } from '../api/thread_messages.ts';
import { assert } from '../base/assert.ts';
import { ByteReader, ByteWriter } from '../base/bytes.ts';
import type { LeaderPartition } from '../partition/leader_partition.ts';
import type { Kernels } from '../port/kernels.ts';
import { ApiKey } from '../protocol/api_keys.ts';
import { codecOf } from '../protocol/codec.ts';
import { ErrorCode } from '../protocol/errors.ts';
import { describeProducersResponse } from '../protocol/schema/61_describe_producers.ts';
import type { Channel } from '../shared-memory/channel.ts';
import type { OwnedPartitions } from './owned_partitions.ts';
import { putNumber, takeNumber } from './ring_numbers.ts';

/** What the owner of a partition executes for any shard: requests that need more than rows and files show. */
export class PartitionApis {
  readonly #partitions: OwnedPartitions;
  readonly #body: ByteWriter;
  readonly #reader: ByteReader;
  readonly #epochEnd = { epoch: -1, endOffset: -1 };
  #errorCode: ErrorCode = ErrorCode.NONE;
  #offset = -1;
  #epoch = -1;

  constructor(partitions: OwnedPartitions, kernels: Kernels) {
    this.#partitions = partitions;
    this.#body = new ByteWriter((text) => kernels.encodeText(text));
    this.#reader = new ByteReader((bytes, start, end) => kernels.decodeText(bytes, start, end));
  }

  /** For a request of this shard. The body is valid until the next call. */
  call(apiKey: number, slot: number, incarnation: number, argument: number): PartitionOutcome {
    this.#execute(apiKey, slot, incarnation, argument);
    const hasBody = this.#body.position > 0;
    return {
      errorCode: this.#errorCode,
      offset: this.#offset,
      epoch: this.#epoch,
      body: hasBody ? this.#reader.resetTo(this.#body.written()) : null,
    };
  }

  /** For a request of another shard, in whose arena there is room for a body. */
  callFor(channel: Channel, arena: Uint8Array, correlation: number, view: DataView, start: number): void {
    this.#execute(
      view.getInt32(start + PARTITION_CALL_REQUEST.apiKey, true),
      view.getInt32(start + PARTITION_CALL_REQUEST.slot, true),
      view.getInt32(start + PARTITION_CALL_REQUEST.incarnation, true),
      takeNumber(view, start + PARTITION_CALL_REQUEST.argumentHigh),
    );
    const bodyPlace = view.getInt32(start + PARTITION_CALL_REQUEST.bodyPlace, true) >>> 0;
    const bodyCapacity = view.getInt32(start + PARTITION_CALL_REQUEST.bodyCapacity, true);
    const bodyBytes = this.#body.position;
    if (bodyBytes > 0 && bodyBytes <= bodyCapacity) arena.set(this.#body.written(), bodyPlace);
    const position = channel.answer(correlation, PARTITION_CALL_ANSWER.bytes);
    const answer = channel.view;
    answer.setInt32(position + PARTITION_CALL_ANSWER.errorCode, this.#errorCode, true);
    putNumber(answer, position + PARTITION_CALL_ANSWER.offsetHigh, this.#offset);
    answer.setInt32(position + PARTITION_CALL_ANSWER.epoch, this.#epoch, true);
    answer.setInt32(position + PARTITION_CALL_ANSWER.bodyBytes, bodyBytes, true);
  }

  #execute(apiKey: number, slot: number, incarnation: number, argument: number): void {
    this.#body.clear();
    this.#offset = -1;
    this.#epoch = -1;
    const partition = this.#partitions.bySlot(slot);
    // The row may belong to another partition by now: the sender's picture of it is old.
    const leader = partition?.incarnation === incarnation ? (partition?.leader ?? null) : null;
    this.#errorCode = leader === null ? ErrorCode.NOT_LEADER_OR_FOLLOWER : ErrorCode.NONE;
    if (leader === null) return;
    if (apiKey === ApiKey.DeleteRecords) this.#deleteRecords(leader, argument);
    else if (apiKey === ApiKey.OffsetForLeaderEpoch) this.#endOfEpoch(leader, argument);
    else if (apiKey === ApiKey.ListOffsets) this.#epoch = leader.log.leaderEpochs.epochOf(argument);
    else {
      assert(apiKey === ApiKey.DescribeProducers, 'an API that owners of partitions execute');
      this.#describeProducers(leader);
    }
  }

  #deleteRecords(leader: LeaderPartition, offset: number): void {
    this.#errorCode = leader.deleteRecords(offset);
    if (this.#errorCode === ErrorCode.NONE) this.#offset = leader.log.logStartOffset;
  }

  #endOfEpoch({ log }: LeaderPartition, epoch: number): void {
    log.leaderEpochs.endOffsetFor(epoch, log.logEndOffset, this.#epochEnd);
    this.#epoch = this.#epochEnd.epoch;
    this.#offset = this.#epochEnd.endOffset;
  }

  #describeProducers({ log }: LeaderPartition): void {
    const activeProducers = [];
    for (const producer of log.producers.state.entries()) {
      if (producer.epoch < 0) continue;
      activeProducers.push({
        producerId: BigInt(producer.producerId),
        producerEpoch: producer.epoch,
        lastSequence: producer.lastSequence,
        lastTimestamp: producer.lastTimestampMs,
        coordinatorEpoch: producer.coordinatorEpoch,
        currentTxnStartOffset: producer.transactionFirstOffset,
      });
    }
    const partitions = [{ partitionIndex: 0, errorCode: ErrorCode.NONE, errorMessage: null, activeProducers }];
    codecOf(describeProducersResponse).encode(this.#body, 0, { throttleTimeMs: 0, topics: [{ name: '', partitions }] });
  }
}
