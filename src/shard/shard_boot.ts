import type { NodeConfig } from '../config/node_config.ts';
import type { MetadataStart } from '../metadata/metadata_reader.ts';
import type { SharedMemory } from '../shared-memory/layout.ts';

/** What control hands to a shard when it starts it: plain data and shared memory, structured-cloneable. */
export interface ShardBoot {
  /** 1 to the number of shards. */
  readonly thread: number;
  readonly config: NodeConfig;
  readonly clusterId: string;
  readonly shared: SharedMemory;
  /** See `MetadataWatermark` and `PartitionIndex`. */
  readonly metadataWatermark: SharedArrayBuffer;
  readonly partitionIndex: SharedArrayBuffer;
  /** See `RecoveryPoints`: what the checkpoints say at first, then what the owners flushed. */
  readonly recoveryPoints: SharedArrayBuffer;
  /** From where the metadata is read. */
  readonly metadataStart: MetadataStart;
  /** Ports by listener, chosen by the kernel for those that ask for 0; in shared memory because they come later. */
  readonly ports: SharedArrayBuffer;
}

/** Where control publishes the port of each listener, before the first client can come: one word each. */
export class ListenerPorts {
  readonly #words: Int32Array;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory);
  }

  get(listener: number): number {
    return Atomics.load(this.#words, listener);
  }

  set(listener: number, port: number): void {
    Atomics.store(this.#words, listener, port);
  }
}
