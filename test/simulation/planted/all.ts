import { answerWithoutReservation } from './answer_without_reservation.ts';
import { lostWakeUp } from './lost_wake_up.ts';
import type { PlantedBug } from './planted_bug.ts';

export const allPlantedBugs: readonly PlantedBug[] = [lostWakeUp, answerWithoutReservation];

export function plantedBugNamed(name: string): PlantedBug | null {
  return allPlantedBugs.find((bug) => bug.name === name) ?? null;
}
