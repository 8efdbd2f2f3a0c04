import { assert } from '../base/assert.ts';
import type { Threads } from '../port/threads.ts';
import { Channel } from './channel.ts';
import type { ChannelHandler } from './channel.ts';
import { ConnectionLimits } from './connection_limits.ts';
import { CounterBlock } from './counters.ts';
import { DiskBrakes } from './disk_brakes.ts';
import { Doorbell } from './doorbell.ts';
import { FollowerTable } from './follower_table.ts';
import { IndexTailReader, IndexTailWriter } from './index_tail.ts';
import type { SharedGeometry, SharedMemory } from './layout.ts';
import { LogDirectoryStates } from './log_directory_states.ts';
import { Notices } from './notices.ts';
import { PartitionColumns } from './partition_columns.ts';
import { PartitionTable } from './partition_table.ts';
import { RequestCountBlock } from './request_counts.ts';
import { ringStride } from './ring.ts';
import type { RingPlace } from './ring.ts';
import { SegmentListReader } from './segment_lists.ts';
import { StageWriter } from './stages.ts';
import { StopWord } from './stop_word.ts';
import { TokenBuckets } from './token_buckets.ts';

/** Where the ring from one thread to another lies. */
export function ringPlace(memory: SharedMemory, from: number, to: number): RingPlace {
  const { ringBytes, shards } = memory.geometry;
  assert(from !== to && from <= shards && to <= shards, 'a ring joins two threads');
  return { memory: memory.rings, start: (from * (shards + 1) + to) * ringStride(ringBytes), ringBytes };
}

/**
 * The shared memory as one thread sees it: its own sides of everything. A shard adds the `Arena` and the
 * `SegmentHeap` that are its own.
 */
export class ThreadMemory {
  readonly geometry: SharedGeometry;
  readonly self: number;
  readonly stop: StopWord;
  readonly stage: StageWriter;
  readonly doorbell: Doorbell;
  readonly notices: Notices;
  readonly table: PartitionTable;
  readonly columns: PartitionColumns;
  readonly followers: FollowerTable;
  readonly segments: SegmentListReader;
  readonly indexTails: IndexTailReader;
  readonly logDirectories: LogDirectoryStates;
  readonly diskBrakes: DiskBrakes;
  readonly connections: ConnectionLimits;
  readonly tokens: TokenBuckets;
  readonly counters: CounterBlock;
  readonly requestCounts: RequestCountBlock;
  /** By thread number − 1: the bytes of every shard's arena, to read and patch frames in. */
  readonly arenaBytes: readonly Uint8Array<SharedArrayBuffer>[];
  readonly arenaViews: readonly DataView<SharedArrayBuffer>[];
  readonly #indexTails: Int32Array<SharedArrayBuffer>;
  readonly #channels: readonly Channel[];
  readonly #channelOf: readonly (Channel | null)[];
  /** Where the next `drain` begins, so that no peer is always last. */
  #firstDrained = 0;

  constructor(memory: SharedMemory, threads: Threads) {
    const { geometry } = memory;
    const { self } = threads;
    this.geometry = geometry;
    this.self = self;
    this.stop = new StopWord(memory.stop);
    this.stage = new StageWriter(memory.stages, self);
    this.doorbell = new Doorbell(memory.doorbells, threads);
    this.notices = new Notices(memory.notices, geometry.partitionsMax, self, this.doorbell);
    this.table = new PartitionTable(memory.rows);
    this.columns = new PartitionColumns(memory.partitionColumns, memory.idLists, geometry.partitionsMax);
    this.followers = new FollowerTable(memory.followers);
    this.segments = new SegmentListReader(memory.segmentHeaps);
    this.indexTails = new IndexTailReader(memory.indexTails);
    this.logDirectories = new LogDirectoryStates(memory.logDirectories);
    this.diskBrakes = new DiskBrakes(memory.logDirectories);
    this.connections = new ConnectionLimits(memory.limits, geometry.listenersMax, geometry.addressEntries);
    this.tokens = new TokenBuckets(memory.tokenBuckets);
    this.counters = new CounterBlock(memory.counters, self);
    this.requestCounts = new RequestCountBlock(memory.requestCounts, self);
    this.arenaBytes = memory.arenas.map((arena) => new Uint8Array(arena));
    this.arenaViews = memory.arenas.map((arena) => new DataView(arena));
    this.#indexTails = new Int32Array(memory.indexTails);
    this.#channelOf = Array.from({ length: geometry.shards + 1 }, (_, peer) => {
      if (peer === self) return null;
      const outgoing = ringPlace(memory, self, peer);
      const incoming = ringPlace(memory, peer, self);
      return new Channel(peer, { outgoing, incoming, payloadMax: geometry.ringPayloadMax }, this.doorbell);
    });
    this.#channels = this.#channelOf.filter((channel) => channel !== null);
  }

  /** The channel with another thread. */
  channel(peer: number): Channel {
    const channel = this.#channelOf[peer];
    assert(channel !== undefined && channel !== null, 'a channel joins two threads');
    return channel;
  }

  /** The writer of a row's index tail, for the owner of the row. */
  indexTailWriter(slot: number): IndexTailWriter {
    return new IndexTailWriter(this.#indexTails, slot);
  }

  /** Drains up to `budget` messages of each peer. Returns how many came in all. */
  drain(budget: number, handler: ChannelHandler): number {
    const count = this.#channels.length;
    let drained = 0;
    for (let turn = 0; turn < count; turn++) {
      const channel = this.#channels[(this.#firstDrained + turn) % count] as Channel;
      drained += channel.drain(budget, handler);
    }
    this.#firstDrained = (this.#firstDrained + 1) % count;
    return drained;
  }

  /** Publishes and rings for everything begun and posted in this turn. */
  flush(): void {
    for (const channel of this.#channels) channel.flush();
    this.notices.flush();
  }

  /**
   * Whether others have published something that this thread has not taken: what `Doorbell.arm` asks. Always true once
   * the node stops, so that nobody sleeps through it; whoever raises the stop word rings everybody.
   */
  hasWork(): boolean {
    if (this.stop.isStopping()) return true;
    for (const channel of this.#channels) if (channel.hasWork()) return true;
    return this.notices.hasWork();
  }
}
