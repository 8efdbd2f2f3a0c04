import type { WrittenSetting } from '../config/node_config.ts';
import type { ByteReader, ByteWriter } from '../base/bytes.ts';
import type { AbortedTransactions } from '../log/aborted_transactions.ts';
import type { Decompressor } from '../log/decompressor.ts';
import type { LogReader } from '../log/log_reader.ts';
import type { ReadPosition } from '../log/read_position.ts';
import type { MetadataImage } from '../metadata/metadata_image.ts';
import type { Clock } from '../port/clock.ts';
import type { DiskSpace } from '../port/disk.ts';
import type { Kernels } from '../port/kernels.ts';
import type { PartitionColumns } from '../shared-memory/partition_columns.ts';
import type { PartitionTable } from '../shared-memory/partition_table.ts';
import type { FetchSessions } from './fetch_sessions.ts';
import type { Request } from './request.ts';

/** What a shard has, as its handlers see it. */
export interface HostView {
  readonly clock: Clock;
  readonly kernels: Kernels;
  readonly node: NodeView;
  readonly image: MetadataImage;
  readonly table: PartitionTable;
  readonly columns: PartitionColumns;
  readonly reader: LogReader;
  readonly abortedTransactions: AbortedTransactions;
  readonly decompressor: Decompressor;
  /** Those that this shard made. */
  readonly fetchSessions: FetchSessions;
  /** In the order of the configuration: `logDirectory` of a row is the index. */
  readonly logDirectories: readonly LogDirectoryView[];
}

/** What a handler may use of the shard that runs it. Everything is of one thread; nothing blocks. */
export interface ApiHost extends HostView {
  /** The receiving shard's arena, in which request bodies lie: shared memory. */
  readonly arenaBytes: Uint8Array;
  readonly arenaView: DataView;
  /** A reader at the request's body. One for all handlers: used up before the handler returns. */
  body(request: Request): ByteReader;

  /** Begins the answer: frame size and header are written, the body follows. */
  beginAnswer(request: Request): ByteWriter;
  /** The answer is complete. The writer's position is its end. */
  complete(request: Request): void;
  /** The request cannot be answered: its connection ends, with a line in the log. */
  refuse(request: Request, why: string): void;
  /** Calls `expire` of the request's handler at that time, unless the request is done by then. */
  expireAt(request: Request, atMs: number): void;

  /**
   * Hands one partition's records `[start, end)` of the arena to its leader, on whichever thread; counted in
   * `request.parts`. The outcome comes to `appended` of Produce's handler, with `at`.
   */
  append(
    request: Request,
    slot: number,
    incarnation: number,
    owner: number,
    start: number,
    end: number,
    at: number,
  ): void;

  /**
   * Charges bytes that go to a log directory. Returns for how long the connection is to be throttled for them, in
   * milliseconds; 0 unless the directory is nearly full.
   */
  chargeDirectory(logDirectory: number, bytes: number): number;
  /** Begins nothing more of the request's connection, and does not read it, for so long. */
  throttle(request: Request, throttleMs: number): void;

  /**
   * Has control execute an API call: `write` writes its body in the given version. Counted in the request's parts;
   * without a request nobody waits for it. `answered` gets a reader at the answer's body, or null when control could
   * not make one; it is not called when the connection is gone by then. False: no memory for the call now.
   */
  callControl(
    request: Request | null,
    apiKey: number,
    apiVersion: number,
    write: (writer: ByteWriter) => void,
    answerBytesMax: number,
    answered: (answer: ByteReader | null) => void,
  ): boolean;

  /**
   * Has the owner of a partition, on whichever thread, execute what only it can. `argument` is what the API asks about;
   * `bodyBytes` is the room for an answer that is more than two numbers, 0 for none. `answered` is called once, also
   * when nobody waits any more; the body is valid during the call.
   */
  callPartition(
    owner: number,
    apiKey: number,
    slot: number,
    incarnation: number,
    argument: number,
    bodyBytes: number,
    answered: (outcome: PartitionOutcome) => void,
  ): void;

  /** The fetch has nothing to answer with yet: it is evaluated again when one of its partitions moves, or expires. */
  park(request: Request): void;
  /** The fetch waits no longer. */
  unpark(request: Request): void;
  /** Nobody wants the request any more, and its last part came back. */
  returned(request: Request): void;
  /** Where a read of the connection's ended at this offset of the partition; if there is none, one to be overwritten. */
  readPosition(request: Request, slot: number, offset: number): ReadPosition;
  /** Memory for the records of a fetch's answer. */
  readonly answers: AnswerMemory;
}

/** What the owner of a partition answered; -1 for numbers that its API does not tell. */
export interface PartitionOutcome {
  readonly errorCode: number;
  readonly offset: number;
  readonly epoch: number;
  readonly body: ByteReader | null;
}

/** A directory with logs, as DescribeLogDirs tells it. */
export interface LogDirectoryView {
  readonly path: string;
  /** It failed, and nothing of it is used any more. */
  isOffline(): boolean;
  /** Of its volume; null when nobody knows. */
  space(): DiskSpace | null;
}

/** Pieces of an answer that are read from the disk into memory of their own. */
export interface AnswerMemory {
  /** A piece with room for `bytes`, empty, for `Request.pieces`. It is given back when the request is over. */
  take(bytes: number): AnswerPiece;
  /** Gives back a piece that is not sent. */
  giveBack(piece: AnswerPiece): void;
}

/** One contiguous piece: `bytes[start, end)` are sent, behind `Request.response`. Plain memory. */
export interface AnswerPiece {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  start: number;
  end: number;
}

/** The node as its clients are told. */
export interface NodeView {
  readonly clusterId: string;
  readonly nodeId: number;
  readonly rack: string | null;
  listenerName(listener: number): string;
  /** What a client that came by this listener is told. */
  endpoint(listener: number): Endpoint;
  readonly topicDefaults: { readonly autoCreate: boolean; readonly partitions: number };
  /** What the administrator wrote: settings in the metadata stand above it. */
  readonly written: readonly WrittenSetting[];
  readonly fetchBytesMax: number;
  /** `max.request.partition.size.limit` */
  readonly describedPartitionsMax: number;
  /** Level of the feature `kraft.version`, which the image does not have. */
  kraftVersion(): number;
  /** Up to where this thread has applied the metadata log. */
  metadataEndOffset(): number;
  /** Whether the listener is one of `controller.listener.names`. */
  isControllerListener(listener: number): boolean;
}

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** One handler for each API key. */
export interface ApiHandler {
  /** Starts the request; completes it now or later. */
  handle(request: Request, host: ApiHost): void;
  /** The time given to `expireAt` has come, and the request is not done. */
  expire?(request: Request, host: ApiHost): void;
  /** A parked fetch: something of its partitions moved. */
  retry?(request: Request, host: ApiHost): void;
}
