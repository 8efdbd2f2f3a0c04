import type { LogRecovery, RecoveredLog } from '../log/log_recovery.ts';
import type { Background } from '../port/background.ts';

/** Every kind of task of the pool. Tasks and outcomes are plain data; what a task does is in the room that it is about. */
export interface BackgroundTasks {
  /** After a crash: makes a log's directory what a clean stop would have left. */
  readonly 'recover-log': { readonly task: RecoverLogTask; readonly outcome: RecoveredLog };
}

export type BackgroundTask = BackgroundTasks[keyof BackgroundTasks]['task'];
export type BackgroundOutcome = BackgroundTasks[keyof BackgroundTasks]['outcome'];
export type BackgroundPool = Background<BackgroundTasks>;

export interface RecoverLogTask extends LogRecovery {
  readonly kind: 'recover-log';
}
