import { ByteWriter } from '../base/bytes.ts';
import type { Kernels } from '../port/kernels.ts';
import { codecOf } from '../protocol/codec.ts';
import { RecordBatchWriter, type ControlType } from '../protocol/record_batch_writer.ts';
import type { Encodable, Fields, Message } from '../protocol/schema_language.ts';

/**
 * The metadata log as bytes: record batches (magic 2) without keys, whose values are framed metadata records
 * (frame version 1, record type, record version, fields: KIP-631), and control batches of KRaft's own records, whose
 * keys tell the kind (KIP-595, KIP-630, KIP-853).
 */
export const FRAME_VERSION = 1;

export interface BatchContext {
  readonly baseOffset: number;
  readonly leaderEpoch: number;
  readonly timestampMs: number;
}

/** A record on its way into the log. `write` writes its fields in the given version, without the frame. */
export interface MetadataRecord {
  readonly type: number;
  readonly version: number;
  write(writer: ByteWriter): void;
}

/** A record of KRaft itself on its way into a control batch: `value` is its message as encoded. */
export interface ControlRecord {
  readonly type: ControlType;
  readonly value: Uint8Array;
}

/** Writes batches of the metadata log and of its snapshots. One is reused. */
export class MetadataBatchWriter {
  readonly #kernels: Kernels;
  readonly #batches = new RecordBatchWriter();
  readonly #scratch: ByteWriter;

  constructor(kernels: Kernels) {
    this.#kernels = kernels;
    this.#scratch = new ByteWriter((text) => kernels.encodeText(text), 256);
  }

  /** Writes one batch where the writer is. Returns its bytes. */
  records(writer: ByteWriter, context: BatchContext, records: readonly MetadataRecord[]): number {
    const { baseOffset, leaderEpoch, timestampMs } = context;
    this.#batches.begin(writer, { baseOffset, leaderEpoch, baseTimestamp: timestampMs });
    for (const record of records) {
      const scratch = this.#scratch.clear();
      scratch.unsignedVarint(FRAME_VERSION);
      scratch.unsignedVarint(record.type);
      scratch.unsignedVarint(record.version);
      record.write(scratch);
      this.#batches.append(timestampMs, null, scratch.written());
    }
    return this.#batches.end(this.#kernels);
  }

  /** Writes one control batch where the writer is. Returns its bytes. */
  control(writer: ByteWriter, context: BatchContext, records: readonly ControlRecord[]): number {
    const { baseOffset, leaderEpoch, timestampMs } = context;
    this.#batches.begin(writer, { baseOffset, leaderEpoch, baseTimestamp: timestampMs, isControl: true });
    for (const { type, value } of records) this.#batches.appendControl(timestampMs, type, value);
    return this.#batches.end(this.#kernels);
  }
}

/** A control record from its message, which has a field `version` of its own. */
export function controlRecord<F extends Fields>(
  kernels: Kernels,
  type: ControlType,
  message: Message<F>,
  value: Encodable<Message<F>>,
): ControlRecord {
  const writer = new ByteWriter((text) => kernels.encodeText(text), 64);
  codecOf(message).encode(writer, 0, value);
  return { type, value: writer.copyWritten() };
}
