import type { ByteReader, ByteWriter } from '../base/bytes.ts';
import { ApiKey, apiOf } from './api_keys.ts';
import { ErrorCode } from './errors.ts';

/** The header of a request, read in place. Reused: `readRequestHeader` overwrites all of it. */
export class RequestHeader {
  apiKey = 0;
  apiVersion = 0;
  correlationId = 0;
  /** Bounds of the client id's UTF-8 in the frame; both -1 for null. */
  clientIdStart = -1;
  clientIdEnd = -1;
  /** 1, or 2 with tagged fields. */
  headerVersion = 0;
}

/**
 * Reads the header of the request where the reader stands, and leaves the reader at the request's body.
 *
 * - NONE: all fields are right.
 * - UNSUPPORTED_VERSION: the header was read, but the protocol has no such version of this API. For ApiVersions the
 *   answer is version 0 of its response with this code (KIP-511); for any other API the connection is closed.
 * - INVALID_REQUEST: no such API, or a malformed header. Close the connection.
 *
 * The version decides about the header's version even when it is unknown: that is how an old broker can read the
 * ApiVersions request of a newer client.
 */
export function readRequestHeader(reader: ByteReader, out: RequestHeader): ErrorCode {
  out.apiKey = reader.int16();
  out.apiVersion = reader.int16();
  out.correlationId = reader.int32();
  out.clientIdStart = -1;
  out.clientIdEnd = -1;
  const api = apiOf(out.apiKey);
  if (reader.failed || api === undefined) return ErrorCode.INVALID_REQUEST;
  out.headerVersion = out.apiVersion >= api.flexibleFrom ? 2 : 1;
  // The client id keeps its two-byte length in flexible headers too.
  const clientIdLength = reader.nullableStringLength();
  if (clientIdLength >= 0) {
    out.clientIdStart = reader.position;
    out.clientIdEnd = reader.position + clientIdLength;
    reader.take(clientIdLength);
  }
  if (out.headerVersion === 2) reader.skipTaggedFields();
  if (reader.failed) return ErrorCode.INVALID_REQUEST;
  return out.apiVersion < api.minVersion || out.apiVersion > api.maxVersion
    ? ErrorCode.UNSUPPORTED_VERSION
    : ErrorCode.NONE;
}

export function writeRequestHeader(
  writer: ByteWriter,
  apiKey: ApiKey,
  apiVersion: number,
  correlationId: number,
  clientId: string | null,
): void {
  writer.int16(apiKey);
  writer.int16(apiVersion);
  writer.int32(correlationId);
  writer.nullableString(clientId);
  if (requestHeaderVersion(apiKey, apiVersion) === 2) writer.noTaggedFields();
}

/** 1, or 2 with tagged fields. */
export function requestHeaderVersion(apiKey: number, apiVersion: number): 1 | 2 {
  return apiVersion >= apiOf(apiKey)!.flexibleFrom ? 2 : 1;
}

/**
 * 0, or 1 with tagged fields. ApiVersions always has 0: the client cannot know what the broker understands before it
 * has read this response.
 */
export function responseHeaderVersion(apiKey: number, apiVersion: number): 0 | 1 {
  return apiKey !== ApiKey.ApiVersions && apiVersion >= apiOf(apiKey)!.flexibleFrom ? 1 : 0;
}

export function writeResponseHeader(
  writer: ByteWriter,
  apiKey: number,
  apiVersion: number,
  correlationId: number,
): void {
  writer.int32(correlationId);
  if (responseHeaderVersion(apiKey, apiVersion) === 1) writer.noTaggedFields();
}

/** Reads the header of a response to a request that this node sent. Returns the correlation id; ask `reader.failed`. */
export function readResponseHeader(reader: ByteReader, apiKey: number, apiVersion: number): number {
  const correlationId = reader.int32();
  if (responseHeaderVersion(apiKey, apiVersion) === 1) reader.skipTaggedFields();
  return correlationId;
}
