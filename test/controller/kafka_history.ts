import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { ByteReader, ByteWriter } from '../../src/base/bytes.ts';
import { BatchFile } from '../../src/metadata/batch_file.ts';
import { appliedTo } from '../../src/metadata/metadata_follower.ts';
import type { MetadataImage } from '../../src/metadata/metadata_image.ts';
import type { MetadataRecord } from '../../src/metadata/records.ts';
import { codecOf } from '../../src/protocol/codec.ts';
import { MESSAGES } from '../../src/protocol/schema/catalog.ts';
import type { PartitionColumns } from '../../src/shared-memory/partition_columns.ts';
import { unpackMetadata } from '../log/kafka_directories.ts';
import { LogMachine, succeeded } from '../log/log_machine.ts';
import { decodeText, encodeText, imageWithColumns, NotedChanges } from '../metadata/metadata_fixture.ts';
import { simKernels } from '../simulation/sim_kernels.ts';

/** A record as people read it. */
export interface ReadRecord {
  readonly type: string;
  readonly version: number;
  readonly fields: Readonly<Record<string, unknown>>;
}

const LOG = '/d1/__cluster_metadata-0/00000000000000000000.log';
const messages = new Map(
  MESSAGES.filter(({ name, apiKey }) => /^(?!Remote).*Record$/.test(name) && apiKey !== undefined).map((message) => [
    message.apiKey!,
    message,
  ]),
);

/** What Apache Kafka wrote into a metadata log, step by step: the image so far, and the records that come next. */
export class KafkaHistory {
  readonly image: MetadataImage;
  readonly columns: PartitionColumns;
  readonly #file: BatchFile;

  /** Two orderly starts and stops of a combined node. */
  static ofCleanStops(): KafkaHistory {
    const machine = new LogMachine(1);
    unpackMetadata('clean', machine);
    return new KafkaHistory(machine);
  }

  /** A combined node that was killed and started again. */
  static ofKill(): KafkaHistory {
    const machine = new LogMachine(1);
    machine.disk.makeDirectory('/d1');
    machine.disk.makeDirectory(LOG.slice(0, LOG.lastIndexOf('/')));
    const bytes = gunzipSync(readFileSync(new URL('../fixtures/controller/killed_once.log.gz', import.meta.url)));
    machine.put(LOG, new Uint8Array(bytes));
    return new KafkaHistory(machine);
  }

  private constructor(machine: LogMachine) {
    const { image, columns } = imageWithColumns(256);
    this.image = image;
    this.columns = columns;
    this.#file = succeeded(BatchFile.open(machine.disk, simKernels, LOG, 0, 0));
  }

  /** Offset of the next record. */
  get nextOffset(): number {
    return this.#file.nextOffset;
  }

  /** Applies everything up to an offset, where a batch ends, and tells what that was. */
  goTo(endOffset: number): ReadRecord[] {
    const read: ReadRecord[] = [];
    const applied = appliedTo(this.image, new NotedChanges());
    const outcome = this.#file.readTo(endOffset, {
      control: () => null,
      record: (type, version, fields) => {
        const bytes = fields.copy(fields.remaining);
        read.push(readRecord(type, version, new ByteReader(decodeText).resetTo(bytes)));
        return applied.record(type, version, new ByteReader(decodeText).resetTo(bytes));
      },
    });
    assert.notEqual(outcome, 'refused', this.#file.problem);
    assert.equal(this.nextOffset, endOffset);
    return read;
  }
}

/** A record of ours, read back from its bytes. */
export function readBack({ type, version, write }: MetadataRecord): ReadRecord {
  const writer = new ByteWriter(encodeText);
  write(writer);
  return readRecord(type, version, new ByteReader(decodeText).resetTo(writer.copyWritten()));
}

function readRecord(type: number, version: number, reader: ByteReader): ReadRecord {
  const message = messages.get(type)!;
  const fields = codecOf(message).decode(reader, version);
  assert.ok(fields !== null, message.name);
  return { type: message.name, version, fields: fields as Record<string, unknown> };
}
