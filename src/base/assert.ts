/**
 * A fact that holds unless this program has a bug. Always on. A failed assertion stops the node: a bug of ours
 * must not spoil data.
 */
export function assert(holds: boolean, fact: string): asserts holds {
  if (!holds) throw new AssertionFailure(fact);
}

/** For the branch that no value reaches; the compiler proves it where types allow. */
export function unreachable(value: never, where: string): never {
  throw new AssertionFailure(`${where}: impossible value ${String(value)}`);
}

export class AssertionFailure extends Error {
  override name = 'AssertionFailure';
}
