import { RECORDS_AT, baseOffsetOf, recordCountOf, sizeOf } from '../../src/protocol/record_batch.ts';
import { DirectoryState } from './directory_tree.ts';
import type { Finding } from './checkers.ts';
import { FileState } from './file_state.ts';
import type { SimDisk } from './sim_disk.ts';

/** A batch with its offsets. */
export interface StagedBatch {
  readonly offset: number;
  readonly nextOffset: number;
  readonly bytes: Uint8Array;
}

/**
 * What a log must hold. Committed batches, those whose fate nobody was told, and every batch that ever lay at an
 * offset that was not synced: a power cut may bring each of these back.
 */
export class LogModel {
  /** What the checkpoint says, and the mark of a clean stop. */
  recoveryPoint = 0;
  cleanShutdown = false;
  committedEver = 0;
  /** Batches that the last recovery found although no commit of them was reported. */
  recoveredBeyond = 0;
  #committed: StagedBatch[] = [];
  #staged: StagedBatch[] = [];
  #underWay: StagedBatch[] = [];
  /** By offset: what lay there since the last sync. */
  #everAt = new Map<number, StagedBatch[]>();
  #durableEnd = 0;
  #crash: 'none' | 'kill' | 'power' = 'none';

  stage(batch: StagedBatch): void {
    this.#staged.push(batch);
  }

  beginCommit(): readonly StagedBatch[] {
    this.#underWay = this.#staged;
    this.#staged = [];
    for (const batch of this.#underWay) {
      const others = this.#everAt.get(batch.offset);
      if (others === undefined) this.#everAt.set(batch.offset, [batch]);
      else others.push(batch);
    }
    return this.#underWay;
  }

  /** `goesOn`: the log has brought the undoing of what it refused to stable storage, or has taken all. */
  endCommit(batches: readonly StagedBatch[], logEndOffset: number, whole: boolean, goesOn: boolean): void {
    for (const batch of batches) {
      // Nothing that was refused may be there again, whatever comes.
      if (whole || !goesOn || batch.nextOffset <= logEndOffset) continue;
      const others = this.#everAt.get(batch.offset)!.filter((other) => other !== batch);
      this.#everAt.set(batch.offset, others);
    }
    for (const batch of batches) {
      if (!whole && batch.nextOffset > logEndOffset) continue;
      this.#committed.push(batch);
      this.committedEver++;
    }
    this.#underWay = [];
  }

  dropStaged(): void {
    this.#staged = [];
  }

  /** Where in the arena what is staged begins, given where it ends. */
  stagedStart(end: number): number {
    return end - this.#staged.reduce((sum, batch) => sum + batch.bytes.length, 0);
  }

  flushed(offset: number): void {
    this.#durableEnd = Math.max(this.#durableEnd, offset);
  }

  closedClean(logEndOffset: number): void {
    this.#durableEnd = logEndOffset;
    this.recoveryPoint = logEndOffset;
    this.cleanShutdown = true;
    this.#crash = 'none';
  }

  crashed(how: 'kill' | 'power'): void {
    this.#crash = how;
    this.#staged = [];
  }

  /** Holds what was recovered against what may be there; from now on that is what was committed. */
  recovered(found: FoundLog | string, logEndOffset: number): Finding[] {
    if (typeof found === 'string') return [{ rule: 'I19 recovery', detail: found }];
    const findings = this.#compare(found);
    if (found.end !== logEndOffset) {
      const detail = `the log says that it ends at ${logEndOffset}, its files at ${found.end}`;
      findings.push({ rule: 'I19 recovery', detail });
    }
    this.recoveredBeyond = Math.max(0, found.batches.length - this.#committed.length);
    this.#committed = [...found.batches];
    this.#underWay = [];
    if (this.#crash === 'power') {
      this.#everAt.clear();
      for (const batch of found.batches) this.#everAt.set(batch.offset, [batch]);
    }
    this.#durableEnd = Math.min(this.#durableEnd, found.end);
    return findings;
  }

  #compare(found: FoundLog): Finding[] {
    const findings: Finding[] = [];
    const expected = new Map([...this.#committed, ...this.#underWay].map((batch) => [batch.offset, batch]));
    let next = found.start;
    for (const batch of found.batches) {
      if (batch.offset !== next) return [{ rule: 'I19 recovery', detail: `a gap from ${next} to ${batch.offset}` }];
      next = batch.nextOffset;
      const right = expected.get(batch.offset);
      if (right !== undefined && sameBatch(right, batch)) continue;
      const others = this.#everAt.get(batch.offset) ?? [];
      const mayReturn = this.#crash === 'power' && batch.nextOffset > this.#durableEnd;
      if (mayReturn && others.some((other) => sameBatch(other, batch))) continue;
      const known = others.some((other) => sameBatch(other, batch)) ? 'was refused' : 'nobody wrote';
      findings.push({ rule: 'I2 divergence', detail: `at ${batch.offset} lies a batch that ${known}` });
    }
    const power = this.#crash === 'power';
    const what = power ? 'flushed' : 'committed';
    const mustEnd = power ? this.#durableEnd : (this.#committed.at(-1)?.nextOffset ?? 0);
    if (next < mustEnd) {
      findings.push({ rule: 'I1 lost', detail: `the log ends at ${next}, but was ${what} up to ${mustEnd}` });
    }
    // A first segment whose name was never synced may be gone: a log cannot tell that from retention.
    const mustStart = this.#committed[0]?.offset ?? 0;
    if (found.start > mustStart && mustEnd > mustStart) {
      findings.push({ rule: 'I1 lost', detail: `the log starts at ${found.start}, but was ${what} from ${mustStart}` });
    }
    return findings;
  }
}

/** What lies in the files of a log. */
export interface FoundLog {
  readonly start: number;
  readonly end: number;
  readonly batches: readonly StagedBatch[];
}

/** The batches of all segments of a directory as they lie in the files, or what is wrong with them. */
export function readLog(storage: SimDisk, directory: string): FoundLog | string {
  const state = storage.tree.find(directory);
  if (!(state instanceof DirectoryState)) return 'no directory';
  const batches: StagedBatch[] = [];
  let start = -1;
  let end = 0;
  const names = [...state.entries.keys()].filter((name) => name.endsWith('.log')).toSorted();
  for (const name of names) {
    const file = state.entries.get(name);
    if (!(file instanceof FileState)) continue;
    const base = Number.parseInt(name, 10);
    if (start < 0) start = base;
    end = Math.max(end, base);
    const bytes = file.contents();
    const view = new DataView(bytes.buffer);
    for (let at = 0; at < bytes.length;) {
      const size = at + RECORDS_AT <= bytes.length ? sizeOf(view, at) : 0;
      if (size < RECORDS_AT || at + size > bytes.length)
        return `${name} has ${bytes.length - at} bytes of no batch at ${at}`;
      const offset = baseOffsetOf(view, at);
      end = offset + recordCountOf(view, at);
      batches.push({ offset, nextOffset: end, bytes: bytes.slice(at, at + size) });
      at += size;
    }
  }
  return { start: Math.max(start, 0), end, batches };
}

function sameBatch(a: StagedBatch, b: StagedBatch): boolean {
  return (
    a.offset === b.offset && a.bytes.length === b.bytes.length && a.bytes.every((byte, at) => byte === b.bytes[at])
  );
}
