import { assert } from '../base/assert.ts';
import type { ByteReader, ByteWriter } from '../base/bytes.ts';
import { decoderSource } from './codec_decoder.ts';
import { encoderSource } from './codec_encoder.ts';
import { Layout, type CodecOptions } from './codec_layout.ts';
import { CODEC_RUNTIME } from './codec_runtime.ts';
import type { Decoded, Encodable, Fields, Message } from './schema_language.ts';

type Decode = (reader: ByteReader) => unknown;
type Encode = (writer: ByteWriter, value: unknown) => void;

const ORDINARY: CodecOptions = { wide: false, keepUnknownTags: false };

/** Reads and writes all versions of one message. Code for a version is made when that is first met. */
export class Codec<M extends Message> {
  readonly message: M;
  readonly #options: CodecOptions;
  readonly #decoders: Decode[] = [];
  readonly #encoders: Encode[] = [];

  constructor(message: M, options: CodecOptions = ORDINARY) {
    this.message = message;
    this.#options = options;
  }

  has(version: number): boolean {
    return version >= this.message.minVersion && version <= this.message.maxVersion;
  }

  /**
   * Decodes the message at the reader's position, which is then behind it. Null, and a failed reader, if the bytes are
   * no such message. Whoever expects nothing behind it looks at `reader.remaining`.
   */
  decode(reader: ByteReader, version: number): Decoded<M> | null {
    const decode = (this.#decoders[version] ??= this.#compile(version, DECODE) as Decode);
    return decode(reader) as Decoded<M> | null;
  }

  /** Encodes at the writer's position. If a fixed writer is too small, it is `failed` and what it holds means nothing. */
  encode(writer: ByteWriter, version: number, value: Encodable<M>): void {
    const encode = (this.#encoders[version] ??= this.#compile(version, ENCODE) as Encode);
    encode(writer, value);
  }

  #compile(version: number, direction: typeof DECODE | typeof ENCODE): unknown {
    assert(this.has(version), `${this.message.name} has no version ${version}`);
    const layout = new Layout(this.message, version, this.#options);
    const body = direction === DECODE ? decoderSource(layout) : encoderSource(layout);
    const parameters = direction === DECODE ? 'reader' : 'writer, value';
    const name = `${direction}${this.message.name}V${version}`;
    const names = Object.keys(CODEC_RUNTIME).join(', ');
    const source = `'use strict';\nconst { ${names} } = runtime;\nreturn function ${name}(${parameters}) {\n${body}\n};`;
    // oxlint-disable-next-line typescript/no-implied-eval -- the definitions are our own constants; interpreting them costs 4 times
    return new Function('runtime', source)(CODEC_RUNTIME);
  }
}

const DECODE = 'decode';
const ENCODE = 'encode';

const codecs = new Map<Message, unknown>();

/** The codec of a message in this thread. Cheap until it is used. */
export function codecOf<F extends Fields>(message: Message<F>): Codec<Message<F>> {
  let codec = codecs.get(message) as Codec<Message<F>> | undefined;
  if (codec === undefined) {
    codec = new Codec(message);
    codecs.set(message, codec);
  }
  return codec;
}
