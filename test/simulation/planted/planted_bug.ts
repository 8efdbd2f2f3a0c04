/**
 * A bug that somebody could make, put in from outside by replacing a method of the product or of a port. It shows that
 * the simulation would see it: with the bug a seed among the first hundred fails, without it the same seed passes.
 */
export interface PlantedBug {
  readonly name: string;
  /** What the mistake is. */
  readonly title: string;
  /** The suite that finds it. */
  readonly suite: string;
  /** The seed of that suite to try first: one that found it. */
  readonly seed: number;
  /** Part of the rule that the finding names. */
  readonly finding: RegExp;
  /** Puts the bug in; the returned function takes it out again. */
  plant(): () => void;
}

/** Replaces a method of a class or object until the returned function is called. */
export function replaceMethod<Owner extends object, Name extends keyof Owner>(
  owner: Owner,
  name: Name,
  make: (original: Owner[Name]) => Owner[Name],
): () => void {
  const original = owner[name];
  owner[name] = make(original);
  return () => {
    owner[name] = original;
  };
}
