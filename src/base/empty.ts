/**
 * Takes everything out of an array that is filled again soon. To set its length to 0 costs 30 to 50 ns, and the memory
 * that the next elements grow into.
 */
export function empty(array: unknown[]): void {
  while (array.length > 0) array.pop();
}
