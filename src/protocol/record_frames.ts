import type { ByteReader, ByteWriter } from '../base/bytes.ts';

/**
 * What stands before a message that is the value (or key) of a record in a log.
 *
 * - Metadata records and those of remote log metadata: three unsigned varints, the version of this frame (1), the type
 *   of the record, its version (KIP-631).
 * - Records of coordinators: the key begins with its type as an int16, the value with its version as an int16.
 */
export const METADATA_FRAME_VERSION = 1;

/** Type and version of the record that follows. Reused. */
export class RecordFrame {
  type = 0;
  version = 0;
}

export function writeMetadataFrame(writer: ByteWriter, type: number, version: number): void {
  writer.unsignedVarint(METADATA_FRAME_VERSION);
  writer.unsignedVarint(type);
  writer.unsignedVarint(version);
}

/** Leaves the reader at the record's fields. An unknown frame version fails it. */
export function readMetadataFrame(reader: ByteReader, out: RecordFrame): void {
  if (reader.unsignedVarint() !== METADATA_FRAME_VERSION) reader.fail();
  out.type = reader.unsignedVarint();
  out.version = reader.unsignedVarint();
}
