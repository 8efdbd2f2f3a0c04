import { int16, int32, message, string, type Decoded } from '../schema_language.ts';

/** Headers of requests and responses, as messages. The broker reads and writes them with `headers.ts`. */
export const requestHeader = message('RequestHeader', {
  versions: '1-2',
  flexible: '2+',
  fields: {
    requestApiKey: int16(),
    requestApiVersion: int16(),
    correlationId: int32(),
    /** Two-byte length in all versions, so that any broker can read the header of ApiVersions. */
    clientId: string({ nullable: '0+', flexible: false }),
  },
});
export type RequestHeader = Decoded<typeof requestHeader>;

export const responseHeader = message('ResponseHeader', {
  versions: '0-1',
  flexible: '1+',
  fields: {
    correlationId: int32(),
  },
});
export type ResponseHeader = Decoded<typeof responseHeader>;
