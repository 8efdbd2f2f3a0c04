/** The package as it is shipped, built from the working tree into a directory of the run. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY } from './broker_process.ts';

/** A tree with `dist/`; returns its path. Takes about a second. */
export function buildPackage(directory: string): string {
  const tree = join(directory, 'package');
  mkdirSync(tree);
  cpSync(join(REPOSITORY, 'package.json'), join(tree, 'package.json'));
  symlinkSync(join(REPOSITORY, 'node_modules'), join(tree, 'node_modules'));
  const rolldown = join(REPOSITORY, 'node_modules/rolldown/bin/cli.mjs');
  const command = [rolldown, '-c', '--log-level', 'silent', '-d', join(tree, 'dist')];
  execFileSync(process.execPath, command, { cwd: REPOSITORY, stdio: ['ignore', 'ignore', 'inherit'] });
  return tree;
}
