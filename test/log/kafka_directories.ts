import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { LogMachine } from './log_machine.ts';

/** What Apache Kafka answers about a partition of a fixture after opening it. */
export interface ExpectedPartition {
  readonly topicId: string;
  readonly configs: Readonly<Record<string, string>>;
  readonly start: number;
  readonly end: number;
  readonly maxTimestamp: number;
  readonly maxTimestampOffset: number;
  readonly lastStableOffset: number;
  /** Runs of offsets that read_committed gets; missing for internal topics. */
  readonly committed?: readonly (readonly [number, number])[];
  /**
   * Offset and timestamp of each, and the first 4 bytes of the SHA-256 of `[leader epoch, key, digest of the value, headers]`;
   * missing for internal topics.
   */
  readonly records?: readonly (readonly [number, number, string])[];
}

export type Fixture = 'clean' | 'killed' | 'torn';

const fixtures = new URL('../fixtures/logdirs/', import.meta.url);

export function expectedOf(fixture: Fixture): ReadonlyMap<string, ExpectedPartition> {
  const text = gunzipSync(readFileSync(new URL(`${fixture}.expected.json.gz`, fixtures))).toString();
  return new Map(Object.entries(JSON.parse(text) as Record<string, ExpectedPartition>));
}

/** Puts the two data directories of a fixture on the machine's disk, as /d1 and /d2. */
export function unpack(fixture: Fixture, machine: LogMachine): void {
  for (const { path, bytes } of filesOf(fixture)) {
    machine.disk.makeDirectory(`/${path.slice(0, path.lastIndexOf('/'))}`);
    machine.put(`/${path}`, bytes);
  }
}

/** Puts the metadata log of a fixture there, as /d1/__cluster_metadata-0. */
export function unpackMetadata(fixture: Fixture, machine: LogMachine): void {
  // The archive of the killed one is without.
  for (const { path, bytes } of filesOf(fixture === 'killed' ? 'killed-metadata' : fixture)) {
    if (!path.includes('/__cluster_metadata-0/')) continue;
    machine.disk.makeDirectory(`/${path.slice(0, path.lastIndexOf('/'))}`);
    machine.put(`/${path}`, bytes);
  }
}

function filesOf(archive: string): { path: string; bytes: Uint8Array }[] {
  const tar = gunzipSync(readFileSync(new URL(`${archive}.tar.gz`, fixtures)));
  const files: { path: string; bytes: Uint8Array }[] = [];
  for (let at = 0; at + 512 <= tar.length && tar[at] !== 0;) {
    const text = (start: number, length: number): string =>
      tar.toString('latin1', at + start, at + start + length).replace(/\0[^]*$/, '');
    const size = Number.parseInt(text(124, 12), 8);
    const prefix = text(345, 155);
    const path = (prefix === '' ? '' : `${prefix}/`) + text(0, 100);
    if (text(156, 1) === '0') files.push({ path, bytes: new Uint8Array(tar.subarray(at + 512, at + 512 + size)) });
    at += 512 + Math.ceil(size / 512) * 512;
  }
  assert.ok(files.length > 5, 'the archive has files');
  return files;
}
