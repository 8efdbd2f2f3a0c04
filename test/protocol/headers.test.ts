import { test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ByteReader, ByteWriter, viewOf } from '../../src/base/bytes.ts';
import { ApiKey, apis } from '../../src/protocol/api_keys.ts';
import { ErrorCode, errorMessage, errorName, isRetriable } from '../../src/protocol/errors.ts';
import { beginFrame, endFrame, frameLength, FRAME_REFUSED } from '../../src/protocol/framing.ts';
import {
  readRequestHeader,
  readResponseHeader,
  RequestHeader,
  responseHeaderVersion,
  writeRequestHeader,
  writeResponseHeader,
} from '../../src/protocol/headers.ts';
import { fromHex, kernels } from '../tools/kernels.ts';

const reader = new ByteReader(kernels.decodeText);

test('a request header of every API and version is read as it was written', () => {
  for (const api of apis())
    for (let version = api.minVersion; version <= api.maxVersion; version++)
      for (const clientId of [null, '', 'client-é']) {
        const writer = new ByteWriter(kernels.encodeText);
        writeRequestHeader(writer, api.key, version, 77, clientId);
        writer.int8(42);
        const bytes = writer.copyWritten();
        const header = new RequestHeader();
        assert.equal(readRequestHeader(reader.resetTo(bytes), header), ErrorCode.NONE);
        assert.deepEqual([header.apiKey, header.apiVersion, header.correlationId], [api.key, version, 77]);
        const read =
          header.clientIdStart < 0 ? null : kernels.decodeText(bytes, header.clientIdStart, header.clientIdEnd);
        assert.equal(read, clientId);
        assert.equal(reader.int8(), 42);
        assert.equal(reader.remaining, 0);
      }
});

test('a response header of every API and version is read as it was written', () => {
  for (const api of apis())
    for (let version = api.minVersion; version <= api.maxVersion; version++) {
      const writer = new ByteWriter(kernels.encodeText);
      writeResponseHeader(writer, api.key, version, -5);
      assert.equal(writer.position, responseHeaderVersion(api.key, version) === 1 ? 5 : 4);
      assert.equal(readResponseHeader(reader.resetTo(writer.copyWritten()), api.key, version), -5);
      assert.equal(reader.failed, false);
      assert.equal(reader.remaining, 0);
    }
  assert.equal(responseHeaderVersion(ApiKey.ApiVersions, 4), 0);
});

test('an ApiVersions request from the future is read, so that it can be answered', () => {
  const header = new RequestHeader();
  const bytes = fromHex('0012 0063 00000007 0003 616263 00 ffffff'.replaceAll(' ', ''));
  assert.equal(readRequestHeader(reader.resetTo(bytes), header), ErrorCode.UNSUPPORTED_VERSION);
  assert.deepEqual([header.apiVersion, header.correlationId, header.clientIdEnd], [99, 7, 13]);
});

test('unknown keys, removed APIs and malformed headers are invalid', () => {
  const header = new RequestHeader();
  for (const hex of [
    '',
    '0003',
    '7fff00000000000100',
    'ffff00000000000100',
    '000400000000000100',
    '0003000100000001',
    '00030001000000010005',
  ])
    assert.equal(readRequestHeader(reader.resetTo(fromHex(hex)), header), ErrorCode.INVALID_REQUEST, hex);
  const negative = fromHex('0003ffff00000001ffff');
  assert.equal(readRequestHeader(reader.resetTo(negative), header), ErrorCode.UNSUPPORTED_VERSION);
});

test('no bytes make the header reader throw', () => {
  const header = new RequestHeader();
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 95 }), fc.uint8Array({ maxLength: 40 }), (key, rest) => {
      const bytes = new Uint8Array(2 + rest.length);
      bytes[1] = key;
      bytes.set(rest, 2);
      readRequestHeader(reader.resetTo(bytes), header);
      assert.ok(header.clientIdEnd <= bytes.length);
    }),
    { numRuns: 2000 },
  );
});

test('frames: the length is filled in, lengths that no request has are refused', () => {
  const writer = new ByteWriter(kernels.encodeText, 1);
  writer.int8(9);
  const frame = beginFrame(writer);
  writer.int64(1);
  endFrame(writer, frame, 100);
  assert.equal(frameLength(viewOf(writer.bytes), 1, 108), 108);
  assert.equal(frameLength(viewOf(writer.bytes), 1, 107), FRAME_REFUSED);
  for (const hex of ['ffffffff', '00000000', '00000007', '80000000'])
    assert.equal(frameLength(viewOf(fromHex(hex)), 0, 1000), FRAME_REFUSED);
});

test('error codes have names and messages; unknown ones are the unknown error', () => {
  assert.equal(Object.keys(ErrorCode).length, 135);
  assert.equal(new Set(Object.values(ErrorCode)).size, 135);
  assert.equal(errorName(87), 'INVALID_RECORD');
  assert.equal(errorName(9999), 'UNKNOWN_SERVER_ERROR');
  assert.equal(isRetriable(ErrorCode.NOT_LEADER_OR_FOLLOWER), true);
  assert.equal(isRetriable(ErrorCode.INVALID_RECORD), false);
  for (const code of Object.values(ErrorCode)) assert.ok(errorMessage(code).length > 5);
});
