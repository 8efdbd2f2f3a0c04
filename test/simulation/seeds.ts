import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** A seed that once failed; it is run again with every test. */
export interface RecordedSeed {
  readonly suite: string;
  readonly seed: number;
  /** What it found then. */
  readonly rules: readonly string[];
}

/** `none` where there is no history. */
export function currentCommit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short=12', 'HEAD'], { encoding: 'utf8' }).trim();
  } catch {
    return 'none';
  }
}

/** The first of the seeds that a commit is tested with: another commit tries others. */
export function seedOfCommit(commit: string): number {
  const digits = /^[0-9a-f]{8}/.exec(commit);
  return digits === null ? 1 : Number.parseInt(digits[0], 16);
}

export function recordedSeeds(): RecordedSeed[] {
  const directory = new URL('./seeds/', import.meta.url);
  return readdirSync(directory)
    .filter((name) => name.endsWith('.json'))
    .toSorted()
    .map((name) => JSON.parse(readFileSync(new URL(name, directory), 'utf8')) as RecordedSeed);
}
