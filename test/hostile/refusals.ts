import { ErrorCode } from '../../src/protocol/errors.ts';
import { datasheets } from '../api/datasheets.ts';

/**
 * The errors with which each API may refuse a well-formed request, as its datasheet says: those that Apache Kafka gives
 * there, and refusals for want of what this broker bounds. Anything else, UNKNOWN_SERVER_ERROR first of all, is an
 * accident.
 */
export const refusals: ReadonlyMap<string, ReadonlySet<number>> = new Map(
  [...datasheets.values()].map(({ name, errors }) => [name, new Set<number>(errors.map((error) => ErrorCode[error]))]),
);
