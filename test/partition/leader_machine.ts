import assert from 'node:assert/strict';
import { LeaderPartition, type LeaderConfig, type LeaderHost } from '../../src/partition/leader_partition.ts';
import { LeaderTools } from '../../src/partition/leader_tools.ts';
import type { AppendSink } from '../../src/partition/append_queue.ts';
import { logConfigDefaults, type LogConfig } from '../../src/log/log_config.ts';
import type { PartitionLog, WriteMode } from '../../src/log/partition_log.ts';
import type { LogFailure } from '../../src/log/log_failure.ts';
import { CodecFailure, type Codecs } from '../../src/port/codecs.ts';
import { inArena, makeBatch, type BatchShape } from '../log/batches.ts';
import { LogMachine, readAll } from '../log/log_machine.ts';
import { simKernels } from '../simulation/sim_kernels.ts';

export interface Answer {
  readonly ref: number;
  readonly errorCode: number;
  readonly baseOffset: number;
  readonly logAppendTimeMs: number;
}

export const plainLeader: LeaderConfig = {
  maxMessageBytes: 1_000_000,
  isLogAppendTime: false,
  timestampBeforeMaxMs: Number.MAX_SAFE_INTEGER,
  timestampAfterMaxMs: 3_600_000,
  compression: null,
  minInSyncReplicas: 1,
  isCompacted: false,
  keepsLastOfEachKey: false,
  acknowledgesDurable: false,
};

const noSuchCodec = new CodecFailure('malformed', 'none');
/** No codec: what says that it is compressed does not unpack, and what is compressed is the bytes with one in front. */
const codecs: Codecs = {
  decompress: () => noSuchCodec,
  decompressInPieces: () => noSuchCodec,
  release: () => {},
  compress: (codec: number, bytes: Uint8Array, start: number, end: number): Uint8Array =>
    Uint8Array.of(codec, ...bytes.subarray(start, end)),
};

export const WALL_MS = 1_700_000_000_000;

/** A leader over the real log on a simulated disk; keeps what it answered and published, in order. */
export class LeaderMachine implements LeaderHost, AppendSink {
  readonly machine: LogMachine;
  readonly log: PartitionLog;
  readonly leader: LeaderPartition;
  readonly config: LeaderConfig;
  readonly answers: Answer[] = [];
  /** Each publication, and each answer, as a line. */
  readonly events: string[] = [];
  failures = 0;
  commits = 0;
  #nextRef = 0;

  constructor(seed: number, config: Partial<LeaderConfig> = {}, logConfig: Partial<LogConfig> = {}, mode?: WriteMode) {
    this.machine = new LogMachine(seed);
    this.log = this.machine.open({ ...logConfigDefaults, ...logConfig });
    if (mode !== undefined) this.log.setWriteMode(mode);
    const publication = {
      publish: (start: number, end: number, highWatermark: number): void => {
        this.events.push(`published ${start} ${end} ${highWatermark}`);
      },
    };
    const leads = { ...plainLeader, ...config };
    this.config = leads;
    this.leader = new LeaderPartition(1, this.log, 3, leads, publication, new LeaderTools(simKernels, codecs), this);
  }

  committed(): void {
    this.commits++;
  }

  refused(): void {}

  putOff(): void {
    this.events.push('put off');
  }

  failed(_leader: LeaderPartition, failure: LogFailure): void {
    this.failures++;
    this.events.push(`failed ${failure.kind}`);
  }

  appended(ref: number, _at: number, errorCode: number, baseOffset: number, logAppendTimeMs: number): void {
    assert.ok(!this.answers.some((answer) => answer.ref === ref), 'an append is answered once');
    this.answers.push({ ref, errorCode, baseOffset, logAppendTimeMs });
    this.events.push(`answered ${ref} ${errorCode} ${baseOffset}`);
  }

  /** Appends one batch; returns its number and its memory. */
  append(acks: number, shape: Partial<BatchShape> = {}): { ref: number; bytes: Uint8Array } {
    return this.appendBytes(acks, makeBatch({ baseOffset: 0, timestamps: [WALL_MS], ...shape }));
  }

  appendBytes(acks: number, batch: Uint8Array): { ref: number; bytes: Uint8Array } {
    const { memory, start, end } = inArena([batch]);
    const ref = this.#nextRef++;
    this.leader.append(memory, start, end, acks, WALL_MS + 5, this, ref, 0);
    return { ref, bytes: memory.bytes.subarray(start, end) };
  }

  /** All that is in the log. */
  storedBytes(): Uint8Array {
    this.machine.publish(this.log);
    return readAll(this.machine, this.machine.reader(), 0);
  }

  /** Lets the disk work until nothing is under way. */
  settle(): void {
    this.machine.world.runFor(5_000);
  }

  answerOf(ref: number): Answer | undefined {
    return this.answers.find((answer) => answer.ref === ref);
  }
}
