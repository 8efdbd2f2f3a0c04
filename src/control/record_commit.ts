import { ByteWriter } from '../base/bytes.ts';
import { RECORDS_PER_APPEND_MAX } from '../metadata/metadata_log.ts';
import type { MetadataRecord } from '../metadata/records.ts';
import { ErrorCode } from '../protocol/errors.ts';
import type { ClusterMetadata } from './cluster_metadata.ts';
import type { ControlPorts } from './control_ports.ts';

/** Why nothing of what was decided happened. */
export interface CommitRefusal {
  readonly errorCode: ErrorCode;
  readonly errorMessage: string;
}

/**
 * Commits what one request makes, together or not at all. Null: it happened, or would, where the request only asks.
 * `consequence` begins the line in the log where the disk refuses it.
 */
export function commitRecords(
  ports: ControlPorts,
  metadata: ClusterMetadata,
  records: readonly MetadataRecord[],
  validateOnly: boolean,
  consequence: string,
): CommitRefusal | null {
  if (records.length > RECORDS_PER_APPEND_MAX) {
    return {
      errorCode: ErrorCode.POLICY_VIOLATION,
      errorMessage: `The request makes ${records.length} records of metadata; ${RECORDS_PER_APPEND_MAX} is the most.`,
    };
  }
  if (bytesOf(records, ports) > BYTES_MAX) {
    return {
      errorCode: ErrorCode.POLICY_VIOLATION,
      errorMessage: `The request makes more than ${BYTES_MAX} bytes of metadata, which is the most.`,
    };
  }
  if (validateOnly || records.length === 0) return null;
  return committed(ports, metadata.commit(records), consequence);
}

/** What the client is told of a commit that failed with `failure`, which the administrator reads too. */
export function committed(ports: ControlPorts, failure: string | null, consequence: string): CommitRefusal | null {
  if (failure === null) return null;
  ports.log.error(`${consequence}: the metadata log cannot be written`, { why: failure });
  return { errorCode: ErrorCode.KAFKA_STORAGE_ERROR, errorMessage: failure };
}

/** How long the records are without what frames them. */
function bytesOf(records: readonly MetadataRecord[], { kernels }: ControlPorts): number {
  const writer = new ByteWriter((text) => kernels.encodeText(text), 4096);
  let bytes = 0;
  for (const record of records) {
    record.write(writer.clear());
    bytes += writer.position;
  }
  return bytes;
}

/** As Kafka bounds batches of metadata: every thread keeps what they say, and other nodes fetch them whole. */
const BYTES_MAX = 8 * 1024 * 1024;

/** The outcomes as they are told: whatever was to happen did not, where there is a refusal. */
export function toldOutcomes<T extends { readonly errorCode: number; readonly errorMessage: string | null }>(
  outcomes: readonly T[],
  refusal: CommitRefusal | null,
): readonly T[] {
  if (refusal === null) return outcomes;
  return outcomes.map((outcome) => (outcome.errorCode === ErrorCode.NONE ? { ...outcome, ...refusal } : outcome));
}
