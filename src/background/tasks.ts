import type { LogFailureFacts } from '../log/log_failure.ts';
import type { LogRecovery, RecoveredLogs } from '../log/log_recovery.ts';
import type { SnapshotTask, TakenSnapshot } from '../metadata/snapshot_task.ts';
import type { Background } from '../port/background.ts';

/** Every kind of task of the pool. Tasks and outcomes are plain data; what a task does is in the room that it is about. */
export interface BackgroundTasks {
  /** After a crash: makes the directories of logs what a clean stop would have left. Those that come within a moment. */
  readonly 'recover-logs': { readonly task: RecoverLogsTask; readonly outcome: RecoveredLogs };
  /** Makes a snapshot of the metadata. */
  readonly 'metadata-snapshot': { readonly task: MetadataSnapshotTask; readonly outcome: TakenSnapshot };
  /** Removes the directory of a deleted replica, with everything in it. */
  readonly 'remove-directory': { readonly task: RemoveDirectoryTask; readonly outcome: RemovedDirectory };
  /** Looks whether there is room again in a log directory that was full. */
  readonly 'probe-room': { readonly task: ProbeRoomTask; readonly outcome: ProbedRoom };
}

export type BackgroundTask = BackgroundTasks[keyof BackgroundTasks]['task'];
export type BackgroundOutcome = BackgroundTasks[keyof BackgroundTasks]['outcome'];
export type BackgroundPool = Background<BackgroundTasks>;

export interface RecoverLogsTask {
  readonly kind: 'recover-logs';
  readonly logs: readonly LogRecovery[];
}

export interface MetadataSnapshotTask extends SnapshotTask {
  readonly kind: 'metadata-snapshot';
}

export interface RemoveDirectoryTask {
  readonly kind: 'remove-directory';
  readonly path: string;
}

export interface RemovedDirectory {
  /** Why something of it is left; null when nothing is. */
  readonly failure: LogFailureFacts | null;
}

export interface ProbeRoomTask {
  readonly kind: 'probe-room';
  readonly directory: string;
}

export interface ProbedRoom {
  /** Why there is none; null when there is. */
  readonly failure: LogFailureFacts | null;
}
