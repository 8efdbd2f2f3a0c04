import {
  chmodSync,
  chownSync,
  closeSync,
  copyFileSync,
  constants,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { secretsOf, type Surroundings } from '../cli/start_options.ts';
import { editProperties, type PropertyChange } from '../config/properties_edit.ts';
import { resolveConfig } from '../config/resolve.ts';

/**
 * Sets keys in a start file: what it was is copied beside it first, then a whole new file takes its place, so that whoever
 * reads it meanwhile sees the one or the other. A text: why nothing was changed. Null: there was nothing to change.
 */
export function applyChanges(
  file: string,
  changes: readonly PropertyChange[],
  surroundings: Surroundings,
): { readonly file: string; readonly backup: string; readonly diff: readonly string[] } | string | null {
  try {
    // A link stays one: what it points to is changed.
    const path = realpathSync(file);
    const before = readFileSync(path, 'utf8');
    const { text, diff } = editProperties(before, changes);
    if (diff.length === 0) return null;
    const errors = errorsIn(text, file, surroundings);
    if (errors.length > 0) return `${file} is left as it was, with the change it would be wrong: ${errors.join('; ')}`;
    const backup = backupOf(path);
    copyFileSync(path, backup, constants.COPYFILE_EXCL);
    replace(path, text);
    return { file, backup, diff };
  } catch (error) {
    return `${file} cannot be changed: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function errorsIn(text: string, path: string, { machine, environment }: Surroundings): readonly string[] {
  const secrets = secretsOf(environment);
  return resolveConfig({ file: { path, text }, environment, commandLine: [], port: null, secrets, machine }).errors;
}

/** The first free name: what an earlier change has kept is never written over. */
function backupOf(path: string): string {
  const first = `${path}.before-tune`;
  let backup = first;
  for (let number = 2; existsSync(backup); number++) backup = `${first}-${number}`;
  return backup;
}

/** The new file has the mode and the owner of the old one. */
function replace(path: string, text: string): void {
  const { mode, uid, gid } = statSync(path);
  const fresh = `${path}.${process.pid}.new`;
  const descriptor = openSync(fresh, 'wx', mode & 0o777);
  try {
    const bytes = Buffer.from(text, 'utf8');
    for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at);
    fsyncSync(descriptor);
    chmodSync(fresh, mode & 0o7777);
    const made = statSync(fresh);
    if (made.uid !== uid || made.gid !== gid) chownSync(fresh, uid, gid);
    renameSync(fresh, path);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw error;
  } finally {
    closeSync(descriptor);
  }
  const directory = openSync(dirname(path), 'r');
  fsyncSync(directory);
  closeSync(directory);
}
