import type { Field, Fields } from './schema_language.ts';
import type { Layout } from './codec_layout.ts';

/**
 * Writes the source text of an encoder for one version of a message: one function over one DataView, one look at the
 * room left for each run of fields of fixed size. It writes at `writer.position` and leaves the writer behind the
 * message, or full (`failed`).
 *
 * Names in the source: `p` the position, `limit`, `view`, `bytes`; `v1`, … values.
 */
export function encoderSource(layout: Layout): string {
  return new EncoderSource(layout).function();
}

class EncoderSource {
  readonly #layout: Layout;
  readonly #lines: string[] = [];
  /** Writes of fixed size that wait for their common look at the room left: source with '@' for the position. */
  #run: { source: string; distance: number }[] = [];
  #runBytes = 0;
  #names = 0;

  constructor(layout: Layout) {
    this.#layout = layout;
  }

  function(): string {
    this.#line('let view = writer.view, bytes = writer.bytes, limit = writer.limit, p = writer.position;');
    this.#struct(this.#layout.message.fields, 'value', this.#layout.message.name);
    this.#flush();
    this.#line('writer.position = p;');
    return this.#lines.join('\n');
  }

  #line(text: string): void {
    this.#lines.push(text);
  }

  #name(prefix: string): string {
    this.#names++;
    return `${prefix}${this.#names}`;
  }

  #struct(fields: Fields, object: string, path: string): void {
    const layout = this.#layout;
    const tagged: [tag: number, name: string, field: Field<unknown, unknown>][] = [];
    for (const [name, field] of Object.entries(fields)) {
      const presence = layout.presence(field);
      if (presence === 'absent') this.#absent(field, `${object}.${name}`, `${path}.${name}`);
      else if (presence === 'tagged') tagged.push([field.options.tag!, name, field]);
      else this.#plain(field, this.#value(field, `${object}.${name}`), `${path}.${name}`);
    }
    if (layout.flexible) this.#tags(tagged, object, path);
  }

  /** Emits a variable with the field's value, or its default if it was left out. */
  #value(field: Field<unknown, unknown>, source: string): string {
    const variable = this.#name('v');
    const { default: given, tag, versions } = field.options;
    const mayBeLeftOut = given !== undefined || tag !== undefined || versions !== undefined;
    this.#line(`let ${variable} = ${source};`);
    if (mayBeLeftOut) {
      this.#line(`if (${variable} === undefined) ${variable} = ${this.#layout.defaultSource(field)};`);
    }
    return variable;
  }

  #absent(field: Field<unknown, unknown>, source: string, path: string): void {
    if (field.options.ignorable === true) return;
    const differs = this.#layout.differsSource(field, source);
    this.#line(
      `if (${source} !== undefined && ${differs}) notInVersion(${JSON.stringify(path)}, ${this.#layout.version});`,
    );
  }

  #plain(field: Field<unknown, unknown>, variable: string, path: string): void {
    const size = this.#layout.scalarBytes(field);
    if (size > 0) return this.#fixed(size, this.#put(field, variable));
    if (field.kind === 'struct') return this.#structField(field, variable, path, false);
    this.#flush();
    this.#variable(field, variable, path);
  }

  /** Emits a field of variable size, with its length. */
  #variable(field: Field<unknown, unknown>, variable: string, path: string): void {
    const compact = this.#layout.compact(field);
    if (!this.#layout.nullable(field)) {
      this.#line(`if (${variable} === null) isNull(${JSON.stringify(path)}, ${this.#layout.version});`);
    }
    switch (field.kind) {
      case 'string':
        this.#line(`p = ${compact ? 'putCompactText' : 'putText'}(writer, p, ${variable});`);
        return this.#afterCall();
      case 'bytes':
      case 'records':
        this.#line(`p = ${compact ? 'putCompactBytes' : 'putBytes'}(writer, p, ${variable});`);
        return this.#afterCall();
      default:
        return this.#array(field, variable, path, compact);
    }
  }

  #array(field: Field<unknown, unknown>, variable: string, path: string, compact: boolean): void {
    const element = field.element!;
    const index = this.#name('i');
    this.#room(5);
    const count = `${variable} === null ? -1 : ${variable}.length`;
    if (compact) this.#line(`p = putVarint(bytes, p, (${count}) + 1);`);
    else this.#line(`view.setInt32(p, ${count}); p += 4;`);
    this.#line(`if (${variable} !== null) for (let ${index} = 0; ${index} < ${variable}.length; ${index}++) {`);
    const each = this.#name('v');
    this.#line(`const ${each} = ${variable}[${index}];`);
    this.#plain(element, each, `${path}[]`);
    this.#flush();
    this.#line('}');
  }

  #structField(field: Field<unknown, unknown>, variable: string, path: string, inTag: boolean): void {
    if (!this.#layout.nullable(field)) return this.#struct(field.fields!, variable, path);
    this.#fixed(1, `view.setInt8(@, ${variable} === null ? ${inTag ? 0 : -1} : 1)`);
    this.#flush();
    this.#line(`if (${variable} !== null) {`);
    this.#struct(field.fields!, variable, path);
    this.#flush();
    this.#line('}');
  }

  #tags(tagged: [tag: number, name: string, field: Field<unknown, unknown>][], object: string, path: string): void {
    const keep = this.#layout.options.keepUnknownTags;
    if (tagged.length === 0 && !keep) return this.#fixed(1, 'bytes[@] = 0');
    this.#flush();
    tagged.sort(([a], [b]) => a - b);
    const present: { variable: string; flag: string; tag: number; name: string; field: Field<unknown, unknown> }[] = [];
    for (const [tag, name, field] of tagged) {
      const variable = this.#value(field, `${object}.${name}`);
      const flag = this.#name('b');
      this.#line(`const ${flag} = ${this.#layout.differsSource(field, variable)};`);
      present.push({ variable, flag, tag, name, field });
    }
    this.#room(5);
    const counts = present.map(({ flag }) => `(${flag} ? 1 : 0)`);
    if (keep) counts.push(`(${object}.unknownTags?.length ?? 0)`);
    this.#line(`p = putVarint(bytes, p, ${counts.join(' + ')});`);
    for (const { variable, flag, tag, name, field } of present) {
      this.#line(`if (${flag}) {`);
      this.#room(6);
      this.#line(`p = putVarint(bytes, p, ${tag}) + 1;`);
      const start = this.#name('s');
      this.#line(`const ${start} = p;`);
      if (field.kind === 'struct') this.#structField(field, variable, `${path}.${name}`, true);
      else this.#plain(field, variable, `${path}.${name}`);
      this.#flush();
      this.#line(`p = endTag(writer, ${start}, p);`);
      this.#afterCall();
      this.#line('}');
    }
    if (keep) {
      this.#line(`p = putUnknownTags(writer, p, ${object}.unknownTags);`);
      this.#afterCall();
    }
  }

  #put(field: Field<unknown, unknown>, x: string): string {
    if (this.#layout.isBigInt(field)) return `view.setBigInt64(@, ${x})`;
    switch (field.kind) {
      case 'bool':
        return `bytes[@] = ${x} ? 1 : 0`;
      case 'int8':
        return `view.setInt8(@, ${x})`;
      case 'int16':
      case 'uint16':
        return `view.setInt16(@, ${x})`;
      case 'int64':
        return `view.setInt32(@, Math.floor(${x} / 0x100000000)); view.setInt32(@ + 4, ${x} | 0)`;
      case 'float64':
        return `view.setFloat64(@, ${x})`;
      case 'uuid':
        return `writeUuid(view, @, ${x})`;
      default:
        return `view.setInt32(@, ${x})`;
    }
  }

  #fixed(size: number, source: string): void {
    this.#run.push({ source, distance: this.#runBytes });
    this.#runBytes += size;
  }

  #flush(): void {
    if (this.#run.length === 0) return;
    this.#room(this.#runBytes);
    for (const { source, distance } of this.#run) {
      this.#line(`${source.replaceAll('@', distance === 0 ? 'p' : `p + ${distance}`)};`);
    }
    this.#line(`p += ${this.#runBytes};`);
    this.#run = [];
    this.#runBytes = 0;
  }

  #room(size: number): void {
    this.#line(`if (limit - p < ${size}) {`);
    this.#line('writer.position = p;');
    this.#line(`if (!writer.reserve(${size})) return;`);
    this.#reload();
    this.#line('}');
  }

  /** A runtime function may have filled the writer (-1) or moved its memory. */
  #afterCall(): void {
    this.#line('if (p < 0) return;');
    this.#line('if (bytes !== writer.bytes) {');
    this.#reload();
    this.#line('}');
  }

  #reload(): void {
    this.#line('view = writer.view; bytes = writer.bytes; limit = writer.limit;');
  }
}
