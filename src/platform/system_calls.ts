/**
 * Told of each system call that a port makes on purpose (what libuv adds, such as a read that finds nothing, is not
 * seen). Called on the thread that makes it or asks the pool for it. So that "calls for each request" can be
 * held against a bound.
 */
export type CountSystemCall = (call: SystemCall) => void;

export type SystemCall =
  | 'accept'
  | 'socketRead'
  | 'socketWrite'
  | 'open'
  | 'close'
  | 'fileRead'
  | 'fileWrite'
  | 'fileSync'
  | 'directory'; // names made, listed, renamed, removed; lengths asked or changed

export const countNothing: CountSystemCall = () => {};
