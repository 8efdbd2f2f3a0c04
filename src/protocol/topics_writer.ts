import type { ByteWriter } from '../base/bytes.ts';

/** What the responses of Produce and Fetch have in common: topics with names or ids, and partitions, in either encoding. */
export class TopicsWriter {
  protected writer: ByteWriter | null = null;
  protected version = 0;
  /** Compact lengths and tagged fields. */
  protected flexible = false;
  /** Of the current topic. */
  #partitionsLeft = 0;

  protected open(writer: ByteWriter, version: number, flexibleFrom: number): void {
    this.writer = writer;
    this.version = version;
    this.flexible = version >= flexibleFrom;
  }

  /** Before version 13. The name's bytes are copied, as the request has them. */
  topicName(bytes: Uint8Array, start: number, end: number, partitionCount: number): void {
    const writer = this.writer!;
    const length = end - start;
    if (this.flexible) writer.unsignedVarint(length + 1);
    else writer.int16(length);
    const at = writer.take(length);
    for (let index = 0; index < length; index++) writer.bytes[at + index] = bytes[start + index]!;
    this.#beginPartitions(writer, partitionCount);
  }

  /** From version 13 on: the id as four words. */
  topicId(word0: number, word1: number, word2: number, word3: number, partitionCount: number): void {
    const writer = this.writer!;
    writer.int32(word0);
    writer.int32(word1);
    writer.int32(word2);
    writer.int32(word3);
    this.#beginPartitions(writer, partitionCount);
  }

  #beginPartitions(writer: ByteWriter, count: number): void {
    this.count(writer, count);
    this.#partitionsLeft = count;
    if (count === 0) this.tags(writer);
  }

  /** A partition is complete, and with the last one its topic. */
  protected endPartition(writer: ByteWriter): void {
    this.#partitionsLeft--;
    if (this.#partitionsLeft === 0) this.tags(writer);
  }

  /** Of an array; -1 for null. */
  protected count(writer: ByteWriter, count: number): void {
    if (this.flexible) writer.compactArrayCount(count);
    else writer.arrayCount(count);
  }

  /** No tagged fields. */
  protected tags(writer: ByteWriter): void {
    if (this.flexible) writer.noTaggedFields();
  }
}
