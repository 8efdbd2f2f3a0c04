import fc from 'fast-check';
import { Layout } from '../../src/protocol/codec_layout.ts';
import { uuidOfWords } from '../../src/base/uuid.ts';
import type { Field, Fields, Message } from '../../src/protocol/schema_language.ts';

const text = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.string({ unit: 'grapheme', maxLength: 4 }),
  fc.constant('x'.repeat(130)),
);
const int32 = fc.integer();

/** Values that may be encoded in a version of a message: any of the types, null where it may be. */
export function messageArbitrary(message: Message, version: number): fc.Arbitrary<unknown> {
  const layout = new Layout(message, version, { wide: false, keepUnknownTags: false });
  return structArbitrary(layout, message.fields);
}

function structArbitrary(layout: Layout, fields: Fields): fc.Arbitrary<Record<string, unknown>> {
  const model: Record<string, fc.Arbitrary<unknown>> = {};
  for (const [name, field] of Object.entries(fields)) {
    if (layout.presence(field) !== 'absent') model[name] = fieldArbitrary(layout, field);
  }
  return fc.record(model, { noNullPrototype: true });
}

function fieldArbitrary(layout: Layout, field: Field<unknown, unknown>): fc.Arbitrary<unknown> {
  const value = valueArbitrary(layout, field);
  return layout.nullable(field) ? fc.option(value, { freq: 4 }) : value;
}

function valueArbitrary(layout: Layout, field: Field<unknown, unknown>): fc.Arbitrary<unknown> {
  switch (field.kind) {
    case 'bool':
      return fc.boolean();
    case 'int8':
      return fc.integer({ min: -128, max: 127 });
    case 'int16':
      return fc.integer({ min: -32768, max: 32767 });
    case 'uint16':
      return fc.nat(65535);
    case 'int32':
      return int32;
    case 'uint32':
      return fc.nat(0xffff_ffff);
    case 'int64':
      return fc.maxSafeInteger();
    case 'bigInt64':
      return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    case 'float64':
      return fc.double({ noNaN: true });
    case 'uuid':
      return fc.tuple(int32, int32, int32, int32).map((words) => uuidOfWords(...words));
    case 'string':
      return text;
    case 'bytes':
    case 'records':
      return fc.uint8Array({ maxLength: 20 });
    case 'array':
      return fc.array(fieldArbitrary(layout, field.element!), { maxLength: 3 });
    case 'struct':
      return structArbitrary(layout, field.fields!);
  }
}
