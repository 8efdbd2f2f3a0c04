/**
 * Numbers that must not be mixed. A brand exists for the compiler alone: at run time these are plain numbers.
 * Offsets are exact up to 2^53; a log of a billion records a second reaches that after 104 days, one of a million
 * after 285 years, and the log refuses to go past it.
 */
declare const brand: unique symbol;
type Branded<Name extends string> = number & { readonly [brand]: Name };

/** Position of a record in a partition. */
export type Offset = Branded<'Offset'>;
/** Counts the leaders of a partition or of a quorum. */
export type LeaderEpoch = Branded<'LeaderEpoch'>;
/** `node.id` of a broker or controller. */
export type NodeId = Branded<'NodeId'>;
/** Row of the partition table. */
export type PartitionSlot = Branded<'PartitionSlot'>;
/** 0 is control, 1 to n are the shards. */
export type ThreadNumber = Branded<'ThreadNumber'>;
/** Byte offset in an arena. */
export type ArenaPlace = Branded<'ArenaPlace'>;

export const asOffset = (value: number): Offset => value as Offset;
export const asLeaderEpoch = (value: number): LeaderEpoch => value as LeaderEpoch;
export const asNodeId = (value: number): NodeId => value as NodeId;
export const asPartitionSlot = (value: number): PartitionSlot => value as PartitionSlot;
export const asThreadNumber = (value: number): ThreadNumber => value as ThreadNumber;
export const asArenaPlace = (value: number): ArenaPlace => value as ArenaPlace;
