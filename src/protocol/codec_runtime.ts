import { assert } from '../base/assert.ts';
import { unsignedVarintBytes, type ByteReader, type ByteWriter } from '../base/bytes.ts';
import { uuidText, writeUuid } from '../base/uuid.ts';
import type { UnknownTag } from './codec_layout.ts';

/** What compiled codecs call. Each `put…` takes a position and returns the one behind what it wrote, -1 when full. */
export const CODEC_RUNTIME = {
  fail,
  text,
  longVarint,
  uuidText,
  writeUuid,
  putText,
  putCompactText,
  putBytes,
  putCompactBytes,
  putVarint,
  endTag,
  putUnknownTags,
  notInVersion,
  isNull,
};

function fail(reader: ByteReader): null {
  reader.fail();
  return null;
}

function text(reader: ByteReader, bytes: Uint8Array, at: number, length: number): string {
  return length === 0 ? '' : reader.decodeText(bytes, at, at + length);
}

/** An unsigned varint of more than one byte. Moves the reader. */
function longVarint(reader: ByteReader, at: number): number {
  reader.position = at;
  return reader.unsignedVarint();
}

/** Texts up to this length are written character by character as long as they are ASCII. */
const ASCII_LOOP_MAX = 64;

function putCompactText(writer: ByteWriter, at: number, value: string | null): number {
  writer.position = at;
  if (value !== null && value.length <= ASCII_LOOP_MAX) {
    const length = value.length;
    if (!writer.reserve(length + 1)) return -1;
    const bytes = writer.bytes;
    bytes[at] = length + 1;
    let index = 0;
    for (; index < length; index++) {
      const code = value.charCodeAt(index);
      if (code >= 0x80) break;
      bytes[at + 1 + index] = code;
    }
    if (index === length) return at + 1 + length;
  }
  writer.compactNullableString(value);
  return writer.failed ? -1 : writer.position;
}

function putText(writer: ByteWriter, at: number, value: string | null): number {
  writer.position = at;
  if (value !== null && value.length <= ASCII_LOOP_MAX) {
    const length = value.length;
    if (!writer.reserve(length + 2)) return -1;
    const bytes = writer.bytes;
    bytes[at] = 0;
    bytes[at + 1] = length;
    let index = 0;
    for (; index < length; index++) {
      const code = value.charCodeAt(index);
      if (code >= 0x80) break;
      bytes[at + 2 + index] = code;
    }
    if (index === length) return at + 2 + length;
  }
  writer.nullableString(value);
  return writer.failed ? -1 : writer.position;
}

function putBytes(writer: ByteWriter, at: number, value: Uint8Array | null): number {
  writer.position = at;
  writer.bytesField(value);
  return writer.failed ? -1 : writer.position;
}

function putCompactBytes(writer: ByteWriter, at: number, value: Uint8Array | null): number {
  writer.position = at;
  writer.compactBytesField(value);
  return writer.failed ? -1 : writer.position;
}

/** Room was made by the caller. */
function putVarint(bytes: Uint8Array, at: number, value: number): number {
  let rest = value >>> 0;
  while (rest >= 0x80) {
    bytes[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  bytes[at] = rest;
  return at + 1;
}

/**
 * Fills in the size of a tagged field whose content lies at `[start, end)`; one byte before `start` was left for it.
 * Content of 128 bytes and more moves up to make room for a longer size.
 */
function endTag(writer: ByteWriter, start: number, end: number): number {
  const size = end - start;
  const more = unsignedVarintBytes(size) - 1;
  writer.position = end;
  if (more > 0) {
    if (!writer.reserve(more)) return -1;
    writer.bytes.copyWithin(start + more, start, end);
  }
  putVarint(writer.bytes, start - 1, size);
  return end + more;
}

/** Tags that no definition knows lie behind all that one does. */
function putUnknownTags(writer: ByteWriter, at: number, tags: readonly UnknownTag[] | undefined): number {
  writer.position = at;
  for (const { tag, bytes } of tags ?? []) {
    writer.unsignedVarint(tag);
    writer.unsignedVarint(bytes.byteLength);
    writer.raw(bytes);
  }
  return writer.failed ? -1 : writer.position;
}

function notInVersion(path: string, version: number): void {
  assert(false, `${path} is set, but version ${version} does not have it`);
}

function isNull(path: string, version: number): void {
  assert(false, `${path} is null, which it may not be in version ${version}`);
}
