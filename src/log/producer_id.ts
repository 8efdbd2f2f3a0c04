/**
 * An id as coordinators hand them out is a number. A client may claim any of 64 bits: what a number does not hold exactly
 * is a bigint, so that two producers are never taken for one.
 */
export type ProducerId = number | bigint;

/** The id in the 64 bits at `at`; −1 where there is none. */
export function producerIdAt(view: DataView, at: number): ProducerId {
  const high = view.getInt32(at);
  if (high < 0) return -1;
  return high >>> 21 === 0 ? high * 0x1_0000_0000 + view.getUint32(at + 4) : view.getBigInt64(at);
}
