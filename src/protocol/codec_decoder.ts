import type { Field, Fields } from './schema_language.ts';
import type { Layout } from './codec_layout.ts';

/**
 * Writes the source text of a decoder for one version of a message: one function over one DataView, no calls but for
 * text, ids and long varints, one length check for each run of fields of fixed size. It reads `reader` and leaves it
 * behind the message; on bytes that are no such message it fails the reader and returns null.
 *
 * Names in the source: `p` the position, `end`, `view`, `bytes`; `f1`, `f2`, … values; `n1`, … lengths and counts.
 */
export function decoderSource(layout: Layout): string {
  return new DecoderSource(layout).function();
}

class DecoderSource {
  readonly #layout: Layout;
  readonly #lines: string[] = [];
  /** Fields of fixed size that wait for their common length check: variable, field, distance from `p`. */
  #run: { variable: string; field: Field<unknown, unknown>; distance: number }[] = [];
  #runBytes = 0;
  #names = 0;

  constructor(layout: Layout) {
    this.#layout = layout;
  }

  function(): string {
    this.#line('const view = reader.view, bytes = reader.bytes, end = reader.end;');
    this.#line('if (reader.failed) return null;');
    this.#line('let p = reader.position;');
    const result = this.#struct(this.#layout.message.fields, false);
    this.#line('reader.position = p;');
    this.#line(`return ${result};`);
    return this.#lines.join('\n');
  }

  #line(text: string): void {
    this.#lines.push(text);
  }

  #name(prefix: string): string {
    this.#names++;
    return `${prefix}${this.#names}`;
  }

  /** Emits the reading of a struct's fields; returns the expression of its object. */
  #struct(fields: Fields, checked: boolean): string {
    const layout = this.#layout;
    const parts: string[] = [];
    const tagged: { tag: number; field: Field<unknown, unknown>; variable: string }[] = [];
    for (const [name, field] of Object.entries(fields)) {
      const presence = layout.presence(field);
      if (presence === 'absent') parts.push(`${name}: ${layout.defaultSource(field)}`);
      else if (presence === 'plain') parts.push(`${name}: ${this.#field(field)}`);
      else {
        const variable = this.#name('f');
        tagged.push({ tag: field.options.tag!, field, variable });
        parts.push(`${name}: ${variable}`);
      }
    }
    this.#flush(checked);
    let unknown = '';
    if (layout.options.keepUnknownTags) {
      unknown = this.#name('u');
      parts.push(`unknownTags: ${unknown}`);
      this.#line(`const ${unknown} = [];`);
    }
    for (const { variable, field } of tagged) this.#line(`let ${variable} = ${layout.defaultSource(field)};`);
    if (layout.flexible) this.#tags(tagged, unknown);
    return `{ ${parts.join(', ')} }`;
  }

  /** Emits the reading of one plain field; returns the variable that holds it. */
  #field(field: Field<unknown, unknown>): string {
    const variable = this.#name('f');
    const fixed = this.#layout.scalarBytes(field);
    if (fixed > 0) {
      this.#run.push({ variable, field, distance: this.#runBytes });
      this.#runBytes += fixed;
      return variable;
    }
    this.#flush(false);
    this.#line(`let ${variable};`);
    this.#variable(field, variable, false);
    return variable;
  }

  /** Emits the reads of the fields of fixed size, behind one check unless the caller has `checked` already. */
  #flush(checked: boolean): void {
    if (this.#run.length === 0) return;
    if (!checked) this.#line(`if (end - p < ${this.#runBytes}) return fail(reader);`);
    for (const { variable, field, distance } of this.#run) this.#fixed(variable, field, distance);
    this.#line(`p += ${this.#runBytes};`);
    this.#run = [];
    this.#runBytes = 0;
  }

  #fixed(variable: string, field: Field<unknown, unknown>, distance: number): void {
    const at = distance === 0 ? 'p' : `p + ${distance}`;
    if (field.kind === 'int64' && !this.#layout.isBigInt(field)) {
      const high = this.#name('h');
      this.#line(`const ${high} = view.getInt32(${at});`);
      this.#line(`if (${high} < -0x200000 || ${high} >= 0x200000) return fail(reader);`);
      this.#line(`const ${variable} = ${high} * 0x100000000 + view.getUint32(p + ${distance + 4});`);
      return;
    }
    this.#line(`const ${variable} = ${GET[field.kind]!.replace('@', at)};`);
  }

  /** Emits the assignment of a field of variable size. In a tag, the null of a struct is 0 rather than -1. */
  #variable(field: Field<unknown, unknown>, variable: string, inTag: boolean): void {
    if (field.kind === 'struct') this.#structField(field, variable, inTag);
    else {
      const length = this.#length(field);
      const whenNull = this.#layout.nullable(field) ? `${variable} = null;` : 'return fail(reader);';
      this.#line(`if (${length} < 0) { ${whenNull} } else {`);
      if (field.kind === 'array') this.#array(field, variable, length);
      else {
        this.#line(`if (${length} > end - p) return fail(reader);`);
        // Compact lengths could say more than the others; Kafka takes no more in them either.
        if (field.kind === 'string' && this.#layout.compact(field))
          this.#line(`if (${length} > 0x7fff) return fail(reader);`);
        if (field.kind === 'string') this.#line(`${variable} = text(reader, bytes, p, ${length});`);
        else {
          const take = field.kind === 'bytes' ? 'slice' : 'subarray';
          this.#line(`${variable} = bytes.${take}(p, p + ${length});`);
        }
        this.#line(`p += ${length};`);
      }
      this.#line('}');
    }
  }

  #structField(field: Field<unknown, unknown>, variable: string, inTag: boolean): void {
    if (!this.#layout.nullable(field)) {
      this.#line(`${variable} = ${this.#struct(field.fields!, false)};`);
      return;
    }
    this.#line('if (p >= end) return fail(reader);');
    this.#line(`if (view.getInt8(p++) ${inTag ? '<= 0' : '< 0'}) { ${variable} = null; } else {`);
    this.#line(`${variable} = ${this.#struct(field.fields!, false)};`);
    this.#line('}');
  }

  #array(field: Field<unknown, unknown>, variable: string, count: string): void {
    const element = field.element!;
    const least = this.#layout.bytesMin(element);
    const index = this.#name('i');
    this.#line(`if (${count} * ${least} > end - p || ${count} > reader.elementsLeft) return fail(reader);`);
    this.#line(`reader.elementsLeft -= ${count};`);
    this.#line(`${variable} = new Array(${count});`);
    this.#line(`for (let ${index} = 0; ${index} < ${count}; ${index}++) {`);
    let value: string;
    if (element.kind === 'struct' && !this.#layout.nullable(element)) {
      value = this.#struct(element.fields!, this.#isOfFixedSize(element.fields!));
    } else {
      value = this.#field(element);
      this.#flush(this.#layout.scalarBytes(element) > 0);
    }
    this.#line(`${variable}[${index}] = ${value};`);
    this.#line('}');
  }

  /** Then the check of the count against the bytes left was the check of every element. */
  #isOfFixedSize(fields: Fields): boolean {
    if (this.#layout.flexible) return false;
    return Object.values(fields).every(
      (field) => this.#layout.presence(field) === 'absent' || this.#layout.scalarBytes(field) > 0,
    );
  }

  /** Emits the reading of a length or count; returns its variable, which is -1 for null and never below. */
  #length(field: Field<unknown, unknown>): string {
    if (this.#layout.compact(field)) {
      const length = this.#varint();
      this.#line(`${length}--;`);
      return length;
    }
    const length = this.#name('n');
    const size = field.kind === 'string' ? 2 : 4;
    this.#line(`if (end - p < ${size}) return fail(reader);`);
    this.#line(`const ${length} = view.getInt${size * 8}(p);`);
    this.#line(`p += ${size};`);
    this.#line(`if (${length} < -1) return fail(reader);`);
    return length;
  }

  #varint(): string {
    const variable = this.#name('n');
    this.#line('if (p >= end) return fail(reader);');
    this.#line(`let ${variable} = bytes[p++];`);
    this.#line(`if (${variable} > 127) {`);
    this.#line(`${variable} = longVarint(reader, p - 1);`);
    this.#line('if (reader.failed) return null;');
    this.#line('p = reader.position;');
    this.#line('}');
    return variable;
  }

  #tags(tagged: readonly { tag: number; field: Field<unknown, unknown>; variable: string }[], unknown: string): void {
    const count = this.#varint();
    this.#line(`if (${count} > 0) {`);
    this.#line(`if (${count} * 2 > end - p) return fail(reader);`);
    const previous = this.#name('t');
    const index = this.#name('i');
    this.#line(`let ${previous} = -1;`);
    this.#line(`for (let ${index} = 0; ${index} < ${count}; ${index}++) {`);
    const tag = this.#varint();
    this.#line(`if (${tag} <= ${previous}) return fail(reader);`);
    this.#line(`${previous} = ${tag};`);
    const size = this.#varint();
    const tagEnd = this.#name('e');
    this.#line(`if (${size} > end - p) return fail(reader);`);
    this.#line(`const ${tagEnd} = p + ${size};`);
    this.#line(`switch (${tag}) {`);
    for (const each of tagged) {
      this.#line(`case ${each.tag}: {`);
      this.#taggedField(each.field, each.variable);
      this.#line('break;');
      this.#line('}');
    }
    const keep = unknown === '' ? '' : `${unknown}.push({ tag: ${tag}, bytes: bytes.slice(p, ${tagEnd}) }); `;
    this.#line(`default: { ${keep}p = ${tagEnd}; }`);
    this.#line('}');
    this.#line(`if (p !== ${tagEnd}) return fail(reader);`);
    this.#line('}');
    this.#line('}');
  }

  #taggedField(field: Field<unknown, unknown>, variable: string): void {
    if (this.#layout.scalarBytes(field) === 0) return this.#variable(field, variable, true);
    const value = this.#field(field);
    this.#flush(false);
    this.#line(`${variable} = ${value};`);
  }
}

/** Reads of scalars; '@' is the position. */
const GET: { readonly [kind: string]: string } = {
  bool: 'view.getInt8(@) !== 0',
  int8: 'view.getInt8(@)',
  int16: 'view.getInt16(@)',
  uint16: 'view.getUint16(@)',
  int32: 'view.getInt32(@)',
  uint32: 'view.getUint32(@)',
  int64: 'view.getBigInt64(@)',
  bigInt64: 'view.getBigInt64(@)',
  float64: 'view.getFloat64(@)',
  uuid: 'uuidText(view, @)',
};
