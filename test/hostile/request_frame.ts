import { ByteWriter } from '../../src/base/bytes.ts';
import { ApiKey, type ApiName } from '../../src/protocol/api_keys.ts';
import { Codec } from '../../src/protocol/codec.ts';
import { Layout } from '../../src/protocol/codec_layout.ts';
import { writeRequestHeader } from '../../src/protocol/headers.ts';
import type { Field, Fields, Message } from '../../src/protocol/schema_language.ts';
import { requestMessage } from '../tools/conformance_messages.ts';
import { kernels } from '../tools/kernels.ts';

const WIDE = { wide: true, keepUnknownTags: false };

/** A request, and what to read its answer with. */
export interface RequestFrame {
  readonly apiKey: ApiKey;
  readonly version: number;
  /** The frame, its length first. */
  readonly bytes: Uint8Array;
}

/** The frame of a request. 64-bit numbers are bigints. */
export function requestOf(name: ApiName, version: number, value: object): RequestFrame {
  const apiKey = ApiKey[name];
  return framed(apiKey, version, (writer) => new Codec(requestMessage(apiKey)!, WIDE).encode(writer, version, value));
}

/** A count or a length that lies, in place of the `at`th of a request with one element in each array. */
export interface Lie {
  readonly at: number;
  readonly count: number;
}

/** A request all of whose fields are empty, but for the lie. Null: it has no such count. */
export function lyingRequest(message: Message, version: number, lie: Lie): RequestFrame | null {
  const liar = new Liar(new Layout(message, version, WIDE), lie);
  const request = framed(message.apiKey as ApiKey, version, (writer) => liar.write(writer, message.fields));
  return liar.hasLied ? request : null;
}

function framed(apiKey: ApiKey, version: number, write: (writer: ByteWriter) => void): RequestFrame {
  const writer = new ByteWriter(kernels.encodeText, 1024);
  writer.int32(0);
  writeRequestHeader(writer, apiKey, version, 7, 'hostile');
  write(writer);
  writer.view.setInt32(0, writer.position - 4);
  return { apiKey, version, bytes: writer.copyWritten() };
}

/** Writes a body by its definition, apart from the codecs, which cannot lie. */
class Liar {
  readonly #layout: Layout;
  readonly #lie: Lie;
  #counts = 0;
  hasLied = false;

  constructor(layout: Layout, lie: Lie) {
    this.#layout = layout;
    this.#lie = lie;
  }

  write(writer: ByteWriter, fields: Fields): void {
    for (const field of Object.values(fields)) {
      if (this.#layout.presence(field) === 'plain') this.#field(writer, field);
    }
    if (this.#layout.flexible) writer.noTaggedFields();
  }

  #field(writer: ByteWriter, field: Field<unknown, unknown>): void {
    const fixed = this.#layout.scalarBytes(field);
    for (let byte = 0; byte < fixed; byte++) writer.int8(0);
    if (fixed > 0) return;
    if (field.kind === 'struct') {
      if (this.#layout.nullable(field)) writer.int8(1);
      return this.write(writer, field.fields!);
    }
    const isTold = this.#counts++ === this.#lie.at;
    if (isTold) this.hasLied = true;
    const size = isTold ? this.#lie.count : field.kind === 'array' ? 1 : 0;
    if (this.#layout.compact(field)) writer.unsignedVarint(Math.max(0, size + 1));
    else if (field.kind === 'string') writer.int16(Math.max(-0x8000, Math.min(0x7fff, size)));
    else writer.int32(size);
    if (field.kind === 'array') this.#field(writer, field.element!);
  }
}
