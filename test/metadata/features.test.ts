import { deepEqual, equal, match } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  defaultLevel,
  FEATURES,
  levelProblem,
  METADATA_VERSION,
  METADATA_VERSION_MAX,
  METADATA_VERSION_MIN,
  METADATA_VERSION_OF,
  METADATA_VERSIONS,
  metadataVersionLevel,
  metadataVersionName,
} from '../../src/metadata/features.ts';

interface Facts {
  readonly metadataVersions: readonly (Readonly<Record<string, boolean>> & {
    readonly name: string;
    readonly level: number;
    readonly defaults: Readonly<Record<string, number>>;
  })[];
  readonly features: readonly { readonly name: string; readonly max: number; readonly levels: readonly number[] }[];
}

/** As Apache Kafka 4.3.1 answers when it is asked for each of its levels. */
const facts = JSON.parse(readFileSync(new URL('../fixtures/metadata/features.json', import.meta.url), 'utf8')) as Facts;

test('metadata versions, their names, and which of them changed records are those of Apache Kafka', () => {
  deepEqual(
    METADATA_VERSIONS.map(({ level, name, changesRecords }) => ({ level, name, changesRecords })),
    facts.metadataVersions.map(({ level, name, changesRecords }) => ({ level, name, changesRecords })),
  );
  equal(METADATA_VERSION_MIN, 7);
  equal(METADATA_VERSION_MAX, 30);
});

test('what each metadata.version brings', () => {
  for (const version of facts.metadataVersions) {
    for (const [name, since] of Object.entries(METADATA_VERSION_OF)) {
      equal(version.level >= since, version[name], `${name} at ${version.name}`);
    }
    const defaults = Object.fromEntries(FEATURES.map((one) => [one.name, defaultLevel(one, version.level)]));
    deepEqual(defaults, { ...version.defaults }, version.name);
  }
});

test('levels of features and what they need', () => {
  deepEqual(
    FEATURES.map(({ name, levels }) => ({ name, max: levels.length - 1, levels: levels.map(({ needs }) => needs) })),
    facts.features
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .map(({ name, max, levels }) => ({ name, max, levels })),
  );
  equal(levelProblem('group.version', 1, 7), null);
  equal(levelProblem('eligible.leader.replicas.version', 1, 23), null);
  match(levelProblem('eligible.leader.replicas.version', 1, 22)!, /it needs 23 \(4\.0-IV1\)/);
  match(levelProblem('group.version', 2, 30)!, /knows 0 to 1/);
  match(levelProblem(METADATA_VERSION, 31, 31)!, /knows 7 to 30/);
  match(levelProblem('no.version', 1, 30)!, /is no feature/);
});

test('a release stands for its last metadata.version', () => {
  for (const [name, level] of [
    ['3.3-IV3', 7],
    ['3.3', 7],
    ['3.7', 19],
    ['3.7.1', 19],
    ['4.0', 25],
    ['4.3', 30],
    ['4.3-IV0', 30],
    ['4.3-IV1', null],
    ['4.4', null],
    ['3.2', null],
    ['4', null],
    ['', null],
  ] as const) {
    equal(metadataVersionLevel(name), level, name);
  }
  equal(metadataVersionName(30), '4.3-IV0');
  equal(metadataVersionName(6), null);
  equal(metadataVersionName(31), null);
});
