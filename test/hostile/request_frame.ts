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
  const body = new BareBody(new Layout(message, version, WIDE), { lie });
  const request = framed(message.apiKey as ApiKey, version, (writer) => body.write(writer, message.fields));
  return body.isSpoilt ? request : null;
}

/** Tags in place of the `at`th section of tags of a request with one element in each array; the header's is section 0. */
export interface Tagging {
  readonly at: number;
  readonly tags: readonly { readonly tag: number; readonly bytes: Uint8Array }[];
}

/** A request all of whose fields are empty, with tags. Null: it has no such section. */
export function taggedRequest(message: Message, version: number, tagging: Tagging): RequestFrame | null {
  const body = new BareBody(new Layout(message, version, WIDE), { tagging });
  const request = framed(message.apiKey as ApiKey, version, (writer) => {
    // In place of the header's, which says that there are none.
    writer.position--;
    body.tags(writer);
    body.write(writer, message.fields);
  });
  return body.isSpoilt ? request : null;
}

function framed(apiKey: ApiKey, version: number, write: (writer: ByteWriter) => void): RequestFrame {
  const writer = new ByteWriter(kernels.encodeText, 1024);
  writer.int32(0);
  writeRequestHeader(writer, apiKey, version, 7, 'hostile');
  write(writer);
  writer.view.setInt32(0, writer.position - 4);
  return { apiKey, version, bytes: writer.copyWritten() };
}

/** Writes a body by its definition, with one thing wrong: apart from the codecs, which cannot. */
class BareBody {
  readonly #layout: Layout;
  readonly #wrong: { readonly lie?: Lie; readonly tagging?: Tagging };
  #counts = 0;
  #sections = 0;
  isSpoilt = false;

  constructor(layout: Layout, wrong: { readonly lie?: Lie; readonly tagging?: Tagging }) {
    this.#layout = layout;
    this.#wrong = wrong;
  }

  write(writer: ByteWriter, fields: Fields): void {
    for (const [name, field] of Object.entries(fields)) {
      if (this.#layout.presence(field) !== 'plain') continue;
      // Without acks there would be no answer.
      if (name === 'acks') writer.int16(-1);
      else this.#field(writer, field);
    }
    if (this.#layout.flexible) this.tags(writer);
  }

  tags(writer: ByteWriter): void {
    const { tagging } = this.#wrong;
    if (this.#sections++ !== tagging?.at) return writer.noTaggedFields();
    this.isSpoilt = true;
    writer.unsignedVarint(tagging.tags.length);
    for (const { tag, bytes } of tagging.tags) {
      writer.unsignedVarint(tag);
      writer.unsignedVarint(bytes.length);
      writer.raw(bytes);
    }
  }

  #field(writer: ByteWriter, field: Field<unknown, unknown>): void {
    const fixed = this.#layout.scalarBytes(field);
    for (let byte = 0; byte < fixed; byte++) writer.int8(0);
    if (fixed > 0) return;
    if (field.kind === 'struct') {
      if (this.#layout.nullable(field)) writer.int8(1);
      return this.write(writer, field.fields!);
    }
    const isTold = this.#counts++ === this.#wrong.lie?.at;
    if (isTold) this.isSpoilt = true;
    const size = isTold ? this.#wrong.lie!.count : field.kind === 'array' ? 1 : 0;
    if (this.#layout.compact(field)) writer.unsignedVarint(Math.max(0, size + 1));
    else if (field.kind === 'string') writer.int16(Math.max(-0x8000, Math.min(0x7fff, size)));
    else writer.int32(size);
    if (field.kind === 'array') this.#field(writer, field.element!);
  }
}
