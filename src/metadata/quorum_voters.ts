import type { ByteReader } from '../base/bytes.ts';
import type { Uuid } from '../base/uuid.ts';
import type { Kernels } from '../port/kernels.ts';
import { codecOf } from '../protocol/codec.ts';
import { ControlType } from '../protocol/record_batch_writer.ts';
import { kRaftVersionRecord, votersRecord } from '../protocol/schema/control_records.ts';
import { controlRecord, type ControlRecord } from './records.ts';

/** A controller of the quorum as the voters record has it (KIP-853). */
export interface QuorumVoter {
  readonly id: number;
  readonly directoryId: Uuid;
  readonly endpoints: readonly VoterEndpoint[];
}

export interface VoterEndpoint {
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

/** The levels of `kraft.version` that this build can be a voter in: 1 has voters in the log (KIP-853). */
export const KRAFT_VERSION_MAX = 1;

/** What the log says of the quorum itself: the level of `kraft.version`, and the voters. Plain data, copied to tasks. */
export interface QuorumFacts {
  readonly kraftVersion: number;
  /** Empty where `kraft.version` is 0: then the configuration names them. */
  readonly voters: readonly QuorumVoter[];
}

/** Collects the control records of the metadata log: the last ones hold. */
export class QuorumVoters implements QuorumFacts {
  kraftVersion: number;
  voters: readonly QuorumVoter[];

  constructor({ kraftVersion, voters }: QuorumFacts = { kraftVersion: 0, voters: [] }) {
    this.kraftVersion = kraftVersion;
    this.voters = voters;
  }

  /** Takes one control record. Null, or why this build cannot go on with it. */
  apply(type: ControlType, fields: ByteReader): string | null {
    if (type === ControlType.KRAFT_VERSION) {
      const record = codecOf(kRaftVersionRecord).decode(fields, 0);
      if (record === null) return 'a malformed KRaftVersionRecord';
      if (record.kRaftVersion > KRAFT_VERSION_MAX) {
        return `kraft.version ${record.kRaftVersion}, newer than this build knows`;
      }
      this.kraftVersion = record.kRaftVersion;
      return null;
    }
    if (type === ControlType.KRAFT_VOTERS) {
      const record = codecOf(votersRecord).decode(fields, 0);
      if (record === null) return 'a malformed VotersRecord';
      this.voters = record.voters.map(({ voterId, voterDirectoryId, endpoints }) => ({
        id: voterId,
        directoryId: voterDirectoryId,
        endpoints,
      }));
      return null;
    }
    // Who led when is told by the epochs of the batches; header and footer frame a snapshot.
    return null;
  }

  /** As control records; none while the voters are not in the log. */
  records(kernels: Kernels): ControlRecord[] {
    if (this.kraftVersion === 0) return [];
    return [
      controlRecord(kernels, ControlType.KRAFT_VERSION, kRaftVersionRecord, {
        version: 0,
        kRaftVersion: this.kraftVersion,
      }),
      controlRecord(kernels, ControlType.KRAFT_VOTERS, votersRecord, {
        version: 0,
        voters: this.voters.map(({ id, directoryId, endpoints }) => ({
          voterId: id,
          voterDirectoryId: directoryId,
          endpoints: [...endpoints],
          kRaftVersionFeature: { minSupportedVersion: 0, maxSupportedVersion: KRAFT_VERSION_MAX },
        })),
      }),
    ];
  }
}
