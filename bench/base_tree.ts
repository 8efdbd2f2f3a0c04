/**
 * The commit that the working tree is held against, and its source in a directory of its own. In this order: the one that
 * was named; `origin/main`, when the working tree has grown from it and is ahead of it; the last commit that wrote
 * bench/baseline.json, as somebody looked at the speed then; the commit before this one. A fresh clone of a main branch is
 * level with its origin, which leaves the last two. Without history there is no base.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY } from './broker_process.ts';

export interface BaseTree {
  readonly commit: string;
  /** Why this one. */
  readonly why: string;
  readonly path: string;
}

/** Answers of git, or null where it has none. */
export type Git = (...words: string[]) => string | null;

export const git: Git = (...words) => {
  try {
    const options = { cwd: REPOSITORY, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] } as const;
    return execFileSync('git', words, { ...options, stdio: [...options.stdio] }).trim();
  } catch {
    return null;
  }
};

/** Null: there is nothing to compare with. Throws when a named one is unknown. */
export function findBase(named: string | undefined, ask: Git = git): { commit: string; why: string } | null {
  const commitOf = (name: string) => ask('rev-parse', '--verify', '--quiet', `${name}^{commit}`);
  if (named !== undefined) {
    const commit = commitOf(named);
    if (commit === null) throw new Error(`there is no commit ${named}`);
    return { commit, why: named };
  }
  const head = commitOf('HEAD');
  if (head === null) return null;
  const origin = commitOf('origin/main');
  if (origin !== null && origin !== head && ask('merge-base', 'HEAD', 'origin/main') === origin) {
    return { commit: origin, why: 'origin/main' };
  }
  const accepted = ask('log', '-1', '--format=%H', '--', 'bench/baseline.json');
  if (accepted !== null && accepted !== '' && accepted !== head) {
    return { commit: accepted, why: 'the last to write bench/baseline.json' };
  }
  const before = commitOf('HEAD~1');
  return before === null ? null : { commit: before, why: 'the commit before' };
}

/** Source of a commit, with the packages that are installed here. */
export function checkOut(base: { commit: string; why: string }, directory: string): BaseTree {
  const path = join(directory, 'base');
  mkdirSync(path);
  const words = ['archive', '--format=tar', base.commit, 'src', 'workers', 'package.json'];
  const archive = execFileSync('git', words, { cwd: REPOSITORY, maxBuffer: 1 << 30 });
  execFileSync('tar', ['-x', '-C', path], { input: archive });
  symlinkSync(join(REPOSITORY, 'node_modules'), join(path, 'node_modules'));
  return { ...base, path };
}
