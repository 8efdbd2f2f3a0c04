import type { RecoveryProgress } from './recovery.ts';

/** What the node tells whoever started it. One of `failed` and `stopped` is the last call. */
export interface ControlEvents {
  /** All listeners listen, and all logs are open that need no recovery. */
  ready(info: NodeInfo): void;
  /** Logs are being recovered after a crash; their partitions are served as they are done, the node may be ready before. */
  recovering(progress: RecoveryProgress): void;
  /** The node cannot start, or ended by itself. `exitCode` is 1 for what an administrator can mend, 70 for a bug. */
  failed(message: string, exitCode: number): void;
  stopped(): void;
}

export interface NodeInfo {
  readonly clusterId: string;
  /** The cluster was begun by this start. */
  readonly isNewCluster: boolean;
  /** Ports by listener, as bound. */
  readonly ports: readonly number[];
  readonly partitions: number;
}

/** Something that an administrator can mend. */
export const EXIT_CONFIGURATION = 1;
/** EX_SOFTWARE: a bug of ours. */
export const EXIT_BUG = 70;
