import { ZERO_UUID } from '../base/uuid.ts';
import { NO_VERSIONS, versionRange, within, type Field, type Fields, type Message } from './schema_language.ts';

/** How a codec differs from the ordinary one. For tools and tests that must not lose anything. */
export interface CodecOptions {
  /** `int64` fields are bigints too, so that no value is refused. */
  readonly wide: boolean;
  /** Tagged fields that the definition does not know are kept as `unknownTags` of their struct, and encoded again. */
  readonly keepUnknownTags: boolean;
}

/** A tagged field that no definition knows. */
export interface UnknownTag {
  readonly tag: number;
  readonly bytes: Uint8Array;
}

/** Whether and how a field is on the wire in the version that is compiled. */
export type Presence = 'absent' | 'plain' | 'tagged';

/** What both directions need to know about one version of a message. */
export class Layout {
  readonly message: Message;
  readonly version: number;
  readonly flexible: boolean;
  readonly options: CodecOptions;

  constructor(message: Message, version: number, options: CodecOptions) {
    this.message = message;
    this.version = version;
    this.flexible = message.flexible !== undefined && within(version, versionRange(message.flexible));
    this.options = options;
  }

  presence(field: Field<unknown, unknown>): Presence {
    const { versions, tag, tagged } = field.options;
    if (versions !== undefined && !within(this.version, versionRange(versions))) return 'absent';
    if (tag === undefined) return 'plain';
    const taggedIn = tagged ?? this.message.flexible;
    return taggedIn !== undefined && within(this.version, versionRange(taggedIn)) ? 'tagged' : 'plain';
  }

  nullable(field: Field<unknown, unknown>): boolean {
    const { nullable } = field.options;
    return within(this.version, nullable === undefined ? NO_VERSIONS : versionRange(nullable));
  }

  /** Compact lengths? */
  compact(field: Field<unknown, unknown>): boolean {
    return this.flexible && field.options.flexible !== false;
  }

  isBigInt(field: Field<unknown, unknown>): boolean {
    return field.kind === 'bigInt64' || (field.kind === 'int64' && this.options.wide);
  }

  /** Bytes of a scalar of one size, 0 for others. */
  scalarBytes(field: Field<unknown, unknown>): number {
    switch (field.kind) {
      case 'bool':
      case 'int8':
        return 1;
      case 'int16':
      case 'uint16':
        return 2;
      case 'int32':
      case 'uint32':
        return 4;
      case 'int64':
      case 'bigInt64':
      case 'float64':
        return 8;
      case 'uuid':
        return 16;
      default:
        return 0;
    }
  }

  /** The least that a plain field takes on the wire. */
  bytesMin(field: Field<unknown, unknown>): number {
    const fixed = this.scalarBytes(field);
    if (fixed > 0) return fixed;
    if (field.kind === 'struct') return this.nullable(field) ? 1 : this.structBytesMin(field.fields!);
    if (this.compact(field)) return 1;
    return field.kind === 'string' ? 2 : 4;
  }

  structBytesMin(fields: Fields): number {
    let sum = this.flexible ? 1 : 0;
    for (const field of Object.values(fields)) if (this.presence(field) === 'plain') sum += this.bytesMin(field);
    return sum;
  }

  /** Source text of a field's default value. A new object each time it is evaluated. */
  defaultSource(field: Field<unknown, unknown>): string {
    const given = field.options.default;
    if (given === null) return 'null';
    switch (field.kind) {
      case 'bool':
        return given === true ? 'true' : 'false';
      case 'bigInt64':
        return `${digits(given)}n`;
      case 'int64':
        return this.options.wide ? `${digits(given)}n` : digits(given);
      case 'string':
        return JSON.stringify(given ?? '');
      case 'uuid':
        return JSON.stringify(given ?? ZERO_UUID);
      case 'bytes':
      case 'records':
        return 'new Uint8Array(0)';
      case 'array':
        return '[]';
      case 'struct': {
        const parts = Object.entries(field.fields!).map(([name, inner]) => `${name}: ${this.defaultSource(inner)}`);
        if (this.options.keepUnknownTags) parts.push('unknownTags: []');
        return `{ ${parts.join(', ')} }`;
      }
      default:
        return digits(given);
    }
  }

  /** Source text that tells whether the value `x` of a field, which is not undefined, differs from its default. */
  differsSource(field: Field<unknown, unknown>, x: string): string {
    if (field.options.default === null) return `${x} !== null`;
    switch (field.kind) {
      case 'bytes':
      case 'records':
      case 'array':
        return `(${x} === null || ${x}.length !== 0)`;
      case 'struct': {
        const parts = Object.entries(field.fields!).map(
          ([name, inner]) => `(${x}.${name} !== undefined && ${this.differsSource(inner, `${x}.${name}`)})`,
        );
        if (this.options.keepUnknownTags) parts.push(`(${x}.unknownTags?.length ?? 0) !== 0`);
        return `(${x} === null || ${parts.length === 0 ? 'false' : parts.join(' || ')})`;
      }
      default:
        return `${x} !== ${this.defaultSource(field)}`;
    }
  }
}

/** Of a number or bigint, 0 if there is none. */
function digits(given: unknown): string {
  return typeof given === 'number' || typeof given === 'bigint' ? given.toString() : '0';
}
