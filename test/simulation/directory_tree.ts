import { assert } from '../../src/base/assert.ts';
import type { SeededRandom } from '../../src/base/random.ts';
import type { FileState } from './file_state.ts';
import type { LossModel } from './file_state.ts';

/** A directory: names as processes see them, and names that are there after a loss of power for certain. */
export class DirectoryState {
  readonly entries = new Map<string, Entry>();
  readonly durable = new Map<string, Entry>();
}

export type Entry = FileState | DirectoryState;

/** One name that an operation sets (or removes, with null). */
export interface NameChange {
  readonly directory: DirectoryState;
  readonly name: string;
  readonly entry: Entry | null;
}

/** What one system call did to names. Survives a loss of power as a whole or not at all. */
export type NameOperation = readonly NameChange[];

/**
 * The names of one disk. Changes take effect for processes at once, and become durable by `sync` of their
 * directory. Until then a power cut keeps or loses each, in any order, except that an operation on a name whose
 * earlier operation was lost is lost too.
 */
export class DirectoryTree {
  readonly root = new DirectoryState();
  #pending: NameOperation[] = [];

  find(path: string): Entry | null {
    let at: Entry = this.root;
    for (const name of segmentsOf(path)) {
      if (!(at instanceof DirectoryState)) return null;
      const next: Entry | undefined = at.entries.get(name);
      if (next === undefined) return null;
      at = next;
    }
    return at;
  }

  /** The directory that holds (or would hold) the last name of `path`, and that name. */
  parentOf(path: string): { directory: DirectoryState; name: string } | null {
    const segments = segmentsOf(path);
    const name = segments.pop();
    if (name === undefined) return null;
    const directory = this.find(segments.join('/'));
    return directory instanceof DirectoryState ? { directory, name } : null;
  }

  apply(operation: NameOperation): void {
    for (const { directory, name, entry } of operation) setName(directory.entries, name, entry);
    this.#pending.push(operation);
  }

  get unsyncedNames(): number {
    return this.#pending.length;
  }

  /** What happened so far to names in this directory, with whatever those names depend on. */
  beginSync(directory: DirectoryState): readonly NameOperation[] {
    const needed: NameChange[] = [];
    const covered: NameOperation[] = [];
    for (const operation of this.#pending.toReversed()) {
      const concerned = operation.some(
        (change) => change.directory === directory || needed.some((later) => sameName(change, later)),
      );
      if (!concerned) continue;
      needed.push(...operation);
      covered.push(operation);
    }
    return covered.toReversed();
  }

  /** Makes them durable, unless another sync has done it meanwhile. */
  completeSync(covered: readonly NameOperation[]): void {
    for (const operation of covered) if (this.#pending.includes(operation)) makeDurable(operation);
    this.#pending = this.#pending.filter((operation) => !covered.includes(operation));
  }

  losePower(random: SeededRandom, loss: LossModel): void {
    const lost: NameChange[] = [];
    for (const operation of this.#pending) {
      const blocked = operation.some((change) => lost.some((earlier) => sameName(change, earlier)));
      const kept = !blocked && !(loss.ordered && lost.length > 0) && random.chance(loss.keepChance);
      if (kept) makeDurable(operation);
      else lost.push(...operation);
    }
    this.#pending = [];
    const seen = new Set<Entry>();
    this.#restore(this.root, random, loss, seen);
  }

  #restore(directory: DirectoryState, random: SeededRandom, loss: LossModel, seen: Set<Entry>): void {
    if (seen.has(directory)) return;
    seen.add(directory);
    directory.entries.clear();
    const names = [...directory.durable.keys()].toSorted();
    for (const name of names) {
      const entry = directory.durable.get(name);
      assert(entry !== undefined, 'a name has an entry');
      directory.entries.set(name, entry);
      if (entry instanceof DirectoryState) this.#restore(entry, random, loss, seen);
      else if (!seen.has(entry)) {
        seen.add(entry);
        entry.losePower(random, loss);
      }
    }
  }

  /** Every file with its path, by path. */
  files(): { path: string; file: FileState }[] {
    const found: { path: string; file: FileState }[] = [];
    const visit = (directory: DirectoryState, path: string): void => {
      for (const name of [...directory.entries.keys()].toSorted()) {
        const entry = directory.entries.get(name);
        if (entry instanceof DirectoryState) visit(entry, `${path}/${name}`);
        else if (entry !== undefined) found.push({ path: `${path}/${name}`, file: entry });
      }
    };
    visit(this.root, '');
    return found;
  }
}

export function segmentsOf(path: string): string[] {
  const segments = path.split('/').filter((segment) => segment !== '' && segment !== '.');
  assert(!segments.includes('..'), 'the product uses no path with ..');
  return segments;
}

function sameName(a: NameChange, b: NameChange): boolean {
  return a.directory === b.directory && a.name === b.name;
}

function makeDurable(operation: NameOperation): void {
  for (const { directory, name, entry } of operation) setName(directory.durable, name, entry);
}

function setName(names: Map<string, Entry>, name: string, entry: Entry | null): void {
  if (entry === null) names.delete(name);
  else names.set(name, entry);
}
