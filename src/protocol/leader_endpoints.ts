import { ByteWriter } from '../base/bytes.ts';

/** Where a client finds a leader (KIP-951). */
export interface LeaderEndpoint {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
  readonly rack: string | null;
}

const NODE_ENDPOINTS_TAG = 0;

/** Writes the tagged fields that end a Produce or Fetch response with addresses in it. */
export function writeLeaderEndpoints(writer: ByteWriter, endpoints: readonly LeaderEndpoint[]): void {
  const section = new ByteWriter(writer.encodeText);
  section.compactArrayCount(endpoints.length);
  for (const endpoint of endpoints) {
    section.int32(endpoint.nodeId);
    section.compactString(endpoint.host);
    section.int32(endpoint.port);
    section.compactNullableString(endpoint.rack);
    section.noTaggedFields();
  }
  writer.unsignedVarint(1);
  writer.unsignedVarint(NODE_ENDPOINTS_TAG);
  writer.unsignedVarint(section.position);
  writer.raw(section.written());
}
