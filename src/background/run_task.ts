import { removeDirectoryTree } from '../log/log_deletion.ts';
import { LogFailure, type LogFailureFacts } from '../log/log_failure.ts';
import { recoverLogs } from '../log/log_recovery.ts';
import { takeSnapshot } from '../metadata/snapshot_task.ts';
import { probeRoom } from '../log/room_probe.ts';
import type { DiskError } from '../port/disk.ts';
import type { BackgroundPorts } from './background_ports.ts';
import type { BackgroundOutcome, BackgroundTask } from './tasks.ts';

/** Carries out one task, blocking. The only entry: what a thread of the pool runs, and the simulation. */
export function runBackgroundTask(task: BackgroundTask, ports: BackgroundPorts): BackgroundOutcome {
  switch (task.kind) {
    case 'recover-logs':
      return recoverLogs(task.logs, ports);
    case 'metadata-snapshot':
      return takeSnapshot(task, ports);
    case 'remove-directory':
      return { failure: factsOf(removeDirectoryTree(ports.disk, task.path)) };
    case 'probe-room':
      return { failure: factsOf(probeRoom(ports.disk, task.directory)) };
  }
}

function factsOf(error: DiskError | null): LogFailureFacts | null {
  return error === null ? null : LogFailure.ofDisk(error).facts;
}
