import { acknowledgedBeforeSynced } from './acknowledged_before_synced.ts';
import { acknowledgedBeforeWritten } from './acknowledged_before_written.ts';
import { answerWithoutReservation } from './answer_without_reservation.ts';
import { answersOutOfOrder } from './answers_out_of_order.ts';
import { bytesCountedTwice } from './bytes_counted_twice.ts';
import { bytesOfOnePartition } from './bytes_of_one_partition.ts';
import { formatNotSynced } from './format_not_synced.ts';
import { decompressionUnbounded } from './decompression_unbounded.ts';
import { deletedIdServed } from './deleted_id_served.ts';
import { indexTrustedAfterCrash } from './index_trusted_after_crash.ts';
import { lostWakeUp } from './lost_wake_up.ts';
import { memoryFreedEarly } from './memory_freed_early.ts';
import { uncommittedRecordsApplied } from './uncommitted_records_applied.ts';
import { outcomeOfAnotherPartition } from './outcome_of_another_partition.ts';
import { openTransactionIgnored } from './open_transaction_ignored.ts';
import { producerSnapshotNewerThanLog } from './producer_snapshot_newer_than_log.ts';
import { sequenceUnchecked } from './sequence_unchecked.ts';
import { cleanStopMarkTooEarly } from './clean_stop_mark_too_early.ts';
import { directorySyncForgotten } from './directory_sync_forgotten.ts';
import { recoveryPointPastUnsynced } from './recovery_point_past_unsynced.ts';
import { rowFreedEarly } from './row_freed_early.ts';
import { undoingNotSynced } from './undoing_not_synced.ts';
import type { PlantedBug } from './planted_bug.ts';
import { requestGivenBackTwice } from './request_given_back_twice.ts';
import { sessionEpochIgnored } from './session_epoch_ignored.ts';
import { throttleForgotten } from './throttle_forgotten.ts';
import { tornTailKept } from './torn_tail_kept.ts';
import { truncatedPastValidBatch } from './truncated_past_valid_batch.ts';

export const allPlantedBugs: readonly PlantedBug[] = [
  acknowledgedBeforeWritten,
  acknowledgedBeforeSynced,
  answerWithoutReservation,
  answersOutOfOrder,
  formatNotSynced,
  lostWakeUp,
  memoryFreedEarly,
  outcomeOfAnotherPartition,
  requestGivenBackTwice,
  sessionEpochIgnored,
  tornTailKept,
  uncommittedRecordsApplied,
  indexTrustedAfterCrash,
  truncatedPastValidBatch,
  sequenceUnchecked,
  producerSnapshotNewerThanLog,
  openTransactionIgnored,
  cleanStopMarkTooEarly,
  directorySyncForgotten,
  recoveryPointPastUnsynced,
  rowFreedEarly,
  undoingNotSynced,
  throttleForgotten,
  decompressionUnbounded,
  deletedIdServed,
  bytesOfOnePartition,
  bytesCountedTwice,
];

export function plantedBugNamed(name: string): PlantedBug | null {
  return allPlantedBugs.find((bug) => bug.name === name) ?? null;
}
