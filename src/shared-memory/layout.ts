import { assert } from '../base/assert.ts';
import { arenaBytesMax, pageBytes } from './arena.ts';
import { limitsBytes } from './connection_limits.ts';
import { counterBlockBytes } from './counters.ts';
import { doorbellStride } from './doorbell.ts';
import { indexTailStride } from './index_tail.ts';
import { logDirectoryStatesBytes } from './log_directory_states.ts';
import { noticesBytes } from './notices.ts';
import { followerBlockBytes } from './follower_table.ts';
import { idListsBytes, partitionColumnsBytes } from './partition_columns.ts';
import { rowStride } from './partition_table.ts';
import { requestCountBlockBytes } from './request_counts.ts';
import { ringPayloadMaxOf, ringStride } from './ring.ts';
import { stageStride } from './stages.ts';
import { stopWordBytes } from './stop_word.ts';
import { tokenBucketStride } from './token_buckets.ts';

/**
 * Sizes of everything that threads share. Memory is allocated for its maximum at the start: pages that nobody
 * touches cost nothing.
 */
export interface SharedGeometry {
  /** Shards are threads 1 to `shards`; thread 0 is control. At most 63. */
  readonly shards: number;
  /** Slots: partitions of the cluster, and future logs hosted here. Each has a row of the partition table and its columns. */
  readonly partitionsMax: number;
  /** Blocks of 8 follower entries beyond the 8 that each row has. */
  readonly followerBlocksExtra: number;
  /** Data bytes of one ring (one direction between two threads); a power of two. */
  readonly ringBytes: number;
  /** Longest payload of a message; longer ones travel as a reference. At most a quarter of the ring. */
  readonly ringPayloadMax: number;
  /** Address space of one shard's arena: must hold the landing buffer, and long frames beside each other. */
  readonly arenaBytes: number;
  /** Bytes of the arena that may be in use at once (`queued.max.request.bytes` by shards). */
  readonly arenaBudgetBytes: number;
  /** Heap of segment lists of one shard. */
  readonly segmentHeapBytes: number;
  /** Entries of the table of connected addresses; a power of two, at least twice the connections expected. */
  readonly addressEntries: number;
  readonly listenersMax: number;
  readonly tokenBuckets: number;
  readonly logDirectories: number;
}

/**
 * What control hands to every thread. A plain object of shared buffers: structured-cloneable, shared, never copied.
 *
 * | buffer | holds | file |
 * | --- | --- | --- |
 * | stop | the stop word | stop_word.ts |
 * | stages | what each thread is doing, since when | stages.ts |
 * | doorbells | one word for each thread | doorbell.ts |
 * | rings | one ring for each ordered pair of threads | ring.ts |
 * | notices | changed partitions, one map for each thread | notices.ts |
 * | rows, followers, indexTails | what is known of each replica | partition_table.ts, follower_table.ts, index_tail.ts |
 * | partitionColumns, idLists | what the cluster's metadata says of each partition | partition_columns.ts, id_lists.ts |
 * | segmentHeaps, arenas | one for each shard, by thread number − 1 | segment_lists.ts, arena.ts |
 * | logDirectories | whether each log directory can be used, and how fast | log_directory_states.ts, disk_brakes.ts |
 * | limits, tokenBuckets | what is counted over all shards | connection_limits.ts, token_buckets.ts |
 * | counters, requestCounts | one block for each thread | counters.ts, request_counts.ts |
 */
export interface SharedMemory {
  readonly geometry: SharedGeometry;
  readonly stop: SharedArrayBuffer;
  readonly stages: SharedArrayBuffer;
  readonly doorbells: SharedArrayBuffer;
  readonly rings: SharedArrayBuffer;
  readonly notices: SharedArrayBuffer;
  readonly rows: SharedArrayBuffer;
  readonly followers: SharedArrayBuffer;
  readonly indexTails: SharedArrayBuffer;
  readonly partitionColumns: SharedArrayBuffer;
  readonly idLists: SharedArrayBuffer;
  readonly segmentHeaps: readonly SharedArrayBuffer[];
  readonly arenas: readonly SharedArrayBuffer[];
  readonly logDirectories: SharedArrayBuffer;
  readonly limits: SharedArrayBuffer;
  readonly tokenBuckets: SharedArrayBuffer;
  readonly counters: SharedArrayBuffer;
  readonly requestCounts: SharedArrayBuffer;
}

/** Words with different writers lie this far apart (two cache lines: the second is fetched with the first). */
export const writerDistanceBytes = 128;

/** Waiting bits are two words: no thread has a higher number. */
export const threadsMax = 64;

export const mebibyte = 1024 * 1024;

/** A node of ordinary size. Callers override what their configuration says. */
export function sharedGeometry(shards: number, overrides: Partial<SharedGeometry> = {}): SharedGeometry {
  const ringBytes = overrides.ringBytes ?? mebibyte;
  return {
    partitionsMax: 65_536,
    followerBlocksExtra: 1024,
    ringPayloadMax: ringPayloadMaxOf(ringBytes),
    arenaBytes: 1024 * mebibyte,
    arenaBudgetBytes: 256 * mebibyte,
    segmentHeapBytes: 64 * mebibyte,
    addressEntries: 65_536,
    listenersMax: 64,
    tokenBuckets: 4096,
    logDirectories: 1,
    ...overrides,
    ringBytes,
    shards,
  };
}

export function allocateSharedMemory(geometry: SharedGeometry): SharedMemory {
  const threads = geometry.shards + 1;
  assert(geometry.shards >= 1 && threads <= threadsMax, 'shards: 1 to 63');
  assert(geometry.arenaBytes % pageBytes === 0 && geometry.arenaBytes <= arenaBytesMax, 'arena: whole pages, to 4 GiB');
  assert(geometry.arenaBudgetBytes <= geometry.arenaBytes, 'the budget of an arena fits its address space');
  const shared = (bytes: number) => new SharedArrayBuffer(bytes);
  const eachShard = (bytes: number) => Array.from({ length: geometry.shards }, () => shared(bytes));
  return {
    geometry,
    stop: shared(stopWordBytes),
    stages: shared(threads * stageStride),
    doorbells: shared(threads * doorbellStride),
    rings: shared(threads * threads * ringStride(geometry.ringBytes)),
    notices: shared(threads * noticesBytes(geometry.partitionsMax)),
    rows: shared(geometry.partitionsMax * rowStride),
    followers: shared((geometry.partitionsMax + geometry.followerBlocksExtra) * followerBlockBytes),
    indexTails: shared(geometry.partitionsMax * indexTailStride),
    partitionColumns: shared(partitionColumnsBytes(geometry.partitionsMax)),
    idLists: shared(idListsBytes(geometry.partitionsMax)),
    segmentHeaps: eachShard(geometry.segmentHeapBytes),
    arenas: eachShard(geometry.arenaBytes),
    logDirectories: shared(logDirectoryStatesBytes(geometry.logDirectories)),
    limits: shared(limitsBytes(geometry.listenersMax, geometry.addressEntries)),
    tokenBuckets: shared(geometry.tokenBuckets * tokenBucketStride),
    counters: shared(threads * counterBlockBytes),
    requestCounts: shared(threads * requestCountBlockBytes),
  };
}
