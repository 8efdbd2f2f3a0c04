/** Bits of `AclOperation` (KIP-430): everything that there is, as nothing is denied. */

/** Operations were not asked for. */
export const UNTOLD = -2_147_483_648;
/** Read 3, write 4, create 5, delete 6, alter 7, describe 8, (describe, alter) configs 10, 11. */
export const TOPIC_OPERATIONS = 0b1101_1111_1000;
/** Create 5, alter 7, describe 8, cluster action 9, (describe, alter) configs 10, 11, idempotent write 12. */
export const CLUSTER_OPERATIONS = 0b1_1111_1010_0000;
