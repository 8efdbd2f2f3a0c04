import type { Uuid } from '../base/uuid.ts';

/**
 * The language in which messages are defined, as data:
 *
 *     export const heartbeatRequest = message('HeartbeatRequest', {
 *       apiKey: 12,
 *       versions: '0-4',
 *       flexible: '4+',
 *       fields: {
 *         groupId: string({ entity: 'groupId' }),
 *         generationId: int32(),
 *         groupInstanceId: string({ versions: '3+', nullable: '3+', default: null }),
 *       },
 *     });
 *     export type HeartbeatRequest = Decoded<typeof heartbeatRequest>;
 *
 * Fields lie on the wire in the order of the definition. A record of fields is a struct; one that several messages
 * share is a constant. Versions are written as Kafka does: '3', '3-5', '3+'. `codecOf` (codec.ts) makes a codec.
 */

/** `'3'`, `'3-5'` or `'3+'`. */
export type Versions = `${number}` | `${number}-${number}` | `${number}+`;

/** What kind of thing a text or number names: quotas, ACLs and logs treat them alike in all messages. */
export type EntityKind = 'topicName' | 'brokerId' | 'groupId' | 'producerId' | 'transactionalId';

export type ScalarKind =
  | 'bool'
  | 'int8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'bigInt64'
  | 'float64'
  | 'uuid'
  | 'string'
  | 'bytes'
  | 'records';
export type FieldKind = ScalarKind | 'array' | 'struct';

export interface FieldOptions<Default> {
  /** Versions that have the field; all if left out. In others it is not on the wire and decodes to its default. */
  readonly versions?: Versions;
  /** Versions in which it may be null. */
  readonly nullable?: Versions;
  /**
   * What it decodes to where it is missing, and what it encodes to where the value leaves it out. Without one, that is
   * zero, false, the empty text, array, bytes or id, or a struct of defaults. A field that has a default, a tag, or not
   * all versions may be left out of a value to encode.
   */
  readonly default?: Default;
  /** A tagged field (KIP-482): on the wire only when it differs from its default. */
  readonly tag?: number;
  /** Versions in which it is tagged; those that have it, if left out. In others it is an ordinary field. */
  readonly tagged?: Versions;
  /** It may be dropped without a word when encoding a version that lacks it. Else that is a bug. */
  readonly ignorable?: boolean;
  readonly entity?: EntityKind;
  /** Elements of the array are told apart by the fields so marked. */
  readonly mapKey?: boolean;
  /** `false`: classic lengths even in flexible versions. */
  readonly flexible?: false;
}

/** A struct: its fields in their order on the wire. */
export type Fields = { readonly [name: string]: Field<unknown, unknown> };

/**
 * A field's definition. `Out` is the type of what is decoded, `In` of what may be encoded, with `undefined` if it may
 * be left out. The two exist for the compiler alone.
 */
export class Field<out Out, out In> {
  declare readonly out: Out;
  declare readonly in: In;
  readonly kind: FieldKind;
  readonly options: FieldOptions<unknown>;
  /** Of an array. */
  readonly element: Field<unknown, unknown> | null;
  /** Of a struct. */
  readonly fields: Fields | null;

  constructor(
    kind: FieldKind,
    options: FieldOptions<unknown>,
    element: Field<unknown, unknown> | null = null,
    fields: Fields | null = null,
  ) {
    this.kind = kind;
    this.options = options;
    this.element = element;
    this.fields = fields;
  }
}

/** What decoding a struct gives: every field, in every version. */
export type OutOf<F extends Fields> = { -readonly [Name in keyof F]: F[Name]['out'] };
/** What encoding a struct takes: fields with a default, a tag or versions of their own may be left out. */
export type InOf<F extends Fields> = {
  readonly [Name in keyof F as undefined extends F[Name]['in'] ? never : Name]: F[Name]['in'];
} & { readonly [Name in keyof F as undefined extends F[Name]['in'] ? Name : never]?: F[Name]['in'] };

type Out<Value, O> = O extends { readonly nullable: Versions } ? Value | null : Value;
type In<Value, O> =
  | (O extends { readonly nullable: Versions } ? Value | null : Value)
  | (O extends { readonly default: unknown } | { readonly tag: number } | { readonly versions: Versions }
      ? undefined
      : never);
type Scalar<Value, O> = Field<Out<Value, O>, In<Value, O>>;

/** Any byte but 0 is true. */
export const bool = <const O extends FieldOptions<boolean>>(options?: O) => scalar<boolean, O>('bool', options);
export const int8 = <const O extends FieldOptions<number>>(options?: O) => scalar<number, O>('int8', options);
export const int16 = <const O extends FieldOptions<number>>(options?: O) => scalar<number, O>('int16', options);
export const uint16 = <const O extends FieldOptions<number>>(options?: O) => scalar<number, O>('uint16', options);
export const int32 = <const O extends FieldOptions<number>>(options?: O) => scalar<number, O>('int32', options);
export const uint32 = <const O extends FieldOptions<number>>(options?: O) => scalar<number, O>('uint32', options);
/** 64 bits that are an offset, an epoch, a size, a time or a duration: a number. Decoding one outside ±2^53 fails. */
export const int64 = <const O extends FieldOptions<number>>(options?: O) => scalar<number, O>('int64', options);
/** 64 bits of which all may be used (producer ids, "for ever"): a bigint. */
export const bigInt64 = <const O extends FieldOptions<bigint>>(options?: O) => scalar<bigint, O>('bigInt64', options);
export const float64 = <const O extends FieldOptions<number>>(options?: O) => scalar<number, O>('float64', options);
export const uuid = <const O extends FieldOptions<Uuid>>(options?: O) => scalar<Uuid, O>('uuid', options);
export const string = <const O extends FieldOptions<string | null>>(options?: O) =>
  scalar<string, O>('string', options);
/** Decoded as a copy, which the message owns. */
export const bytes = <const O extends FieldOptions<null>>(options?: O) => scalar<Uint8Array, O>('bytes', options);
/** Record batches. Decoded as a view of the memory that was read: valid as long as that is. */
export const records = <const O extends FieldOptions<null>>(options?: O) => scalar<Uint8Array, O>('records', options);

/** An array of scalars (`array(int32())`) or of structs (`array({ … })`). */
export function array<const E extends Fields | Field<unknown, unknown>, const O extends FieldOptions<null>>(
  element: E,
  options?: O,
): Field<Out<OutOfElement<E>[], O>, In<readonly InOfElement<E>[], O>> {
  const field = element instanceof Field ? element : new Field('struct', {}, null, element as Fields);
  return new Field('array', options ?? {}, field);
}

/** A struct as a field of its own. */
export function struct<const F extends Fields, const O extends FieldOptions<null>>(
  fields: F,
  options?: O,
): Field<Out<OutOf<F>, O>, In<InOf<F>, O>> {
  return new Field('struct', options ?? {}, null, fields);
}

type OutOfElement<E> = E extends Field<infer Value, unknown> ? Value : E extends Fields ? OutOf<E> : never;
type InOfElement<E> = E extends Field<unknown, infer Value> ? Value : E extends Fields ? InOf<E> : never;

function scalar<Value, O>(kind: ScalarKind, options: O | undefined): Scalar<Value, O> {
  return new Field(kind, (options ?? {}) as FieldOptions<unknown>);
}

export interface MessageOptions<F extends Fields> {
  /** Of requests and responses; for metadata records the number of their type, for coordinators' records likewise. */
  readonly apiKey?: number;
  /** Versions that there are. */
  readonly versions: Versions;
  /** Versions with compact lengths and tagged fields; none if left out. */
  readonly flexible?: Versions;
  /** The last version may still change; it is offered only when unstable versions are switched on. */
  readonly lastVersionUnstable?: true;
  /** Where a request may arrive. */
  readonly listeners?: readonly ('broker' | 'controller')[];
  readonly fields: F;
}

export interface Message<F extends Fields = Fields> extends MessageOptions<F> {
  readonly name: string;
  readonly minVersion: number;
  readonly maxVersion: number;
}

/** The type of what a message decodes to. */
export type Decoded<M extends Message> = OutOf<M['fields']>;
/** The type of what a message is encoded from. */
export type Encodable<M extends Message> = InOf<M['fields']>;

export function message<const F extends Fields>(name: string, options: MessageOptions<F>): Message<F> {
  const range = versionRange(options.versions);
  return { name, ...options, minVersion: range.first, maxVersion: range.last };
}

export interface VersionRange {
  readonly first: number;
  /** Infinity for '3+'. */
  readonly last: number;
}

export const NO_VERSIONS: VersionRange = { first: 1, last: 0 };

/** The bounds of a range of versions. */
export function versionRange(versions: Versions): VersionRange {
  if (versions.endsWith('+')) return { first: Number.parseInt(versions), last: Number.POSITIVE_INFINITY };
  const dash = versions.indexOf('-');
  const first = Number.parseInt(versions);
  return { first, last: dash < 0 ? first : Number.parseInt(versions.slice(dash + 1)) };
}

export function within(version: number, range: VersionRange): boolean {
  return version >= range.first && version <= range.last;
}
