import { codecOf } from '../protocol/codec.ts';
import type { Encodable, Fields, Message } from '../protocol/schema_language.ts';
import { assert } from '../base/assert.ts';
import type { MetadataRecord } from './records.ts';

/** A record of the metadata log from its fields, in a version that the cluster's `metadata.version` allows. */
export function metadataRecord<F extends Fields>(
  message: Message<F>,
  version: number,
  value: Encodable<Message<F>>,
): MetadataRecord {
  const type = message.apiKey;
  assert(type !== undefined, 'a metadata record has a type');
  return { type, version, write: (writer) => codecOf(message).encode(writer, version, value) };
}
