/**
 * The features of a cluster and their levels: what `metadata.version` and its sisters may be, what one needs of another,
 * and what a cluster begins with (KIP-584, KIP-778, KIP-1022). Facts of Apache Kafka 4.3.
 *
 * The levels that hold are those of the quorum, in the image; this file says which levels this build knows.
 */

export const METADATA_VERSION = 'metadata.version';
/** Kept in control records of the metadata log, not in a feature record. */
export const KRAFT_VERSION = 'kraft.version';

export interface MetadataVersion {
  readonly level: number;
  /** "4.3-IV0": the release that brought it, and which of that release's it is. */
  readonly name: string;
  /** Some record got another form, so a downgrade from here loses something. */
  readonly changesRecords: boolean;
}

const FIRST_LEVEL = 7;

/** By level, from the first on. Those marked are in the second list. */
const NAMES = [
  '3.3-IV3',
  '3.4-IV0',
  '3.5-IV0',
  '3.5-IV1',
  '3.5-IV2',
  '3.6-IV0',
  '3.6-IV1',
  '3.6-IV2',
  '3.7-IV0',
  '3.7-IV1',
  '3.7-IV2',
  '3.7-IV3',
  '3.7-IV4',
  '3.8-IV0',
  '3.9-IV0',
  '4.0-IV0',
  '4.0-IV1',
  '4.0-IV2',
  '4.0-IV3',
  '4.1-IV0',
  '4.1-IV1',
  '4.2-IV0',
  '4.2-IV1',
  '4.3-IV0',
] as const;
const CHANGING_RECORDS: ReadonlySet<string> = new Set([
  '3.3-IV3',
  '3.4-IV0',
  '3.5-IV2',
  '3.6-IV1',
  '3.6-IV2',
  '3.7-IV0',
  '3.7-IV2',
  '4.0-IV1',
  '4.3-IV0',
]);

/** Every `metadata.version` that this build can run with, by rising level. */
export const METADATA_VERSIONS: readonly MetadataVersion[] = NAMES.map((name, index) => ({
  level: FIRST_LEVEL + index,
  name,
  changesRecords: CHANGING_RECORDS.has(name),
}));

export const METADATA_VERSION_MIN = FIRST_LEVEL;
export const METADATA_VERSION_MAX = FIRST_LEVEL + NAMES.length - 1;

/** The first `metadata.version` at which the quorum may do a thing. Above it, it always may. */
export const METADATA_VERSION_OF = {
  scram: 11,
  /** An ISR that shrinks no longer needs a new leader epoch. */
  isrShrinkWithoutLeaderEpoch: 12,
  metadataTransactions: 13,
  delegationTokens: 14,
  controllerRegistration: 15,
  /** Directory ids in registrations and partitions (KIP-858). */
  directoryAssignment: 17,
  /** Eligible leader replicas in partition records (KIP-966). */
  eligibleLeaderReplicas: 23,
  cordonedLogDirectories: 30,
} as const;

export function metadataVersionName(level: number): string | null {
  return METADATA_VERSIONS[level - FIRST_LEVEL]?.name ?? null;
}

/** The level of "4.3-IV0", or of a release alone ("4.3", "3.7.1"): its last one. Null where there is none. */
export function metadataVersionLevel(name: string): number | null {
  const exact = METADATA_VERSIONS.find((version) => version.name === name);
  if (exact !== undefined) return exact.level;
  const release = /^(\d+\.\d+)(?:\.\d+)?$/.exec(name)?.[1];
  if (release === undefined) return null;
  return METADATA_VERSIONS.findLast((version) => version.name.startsWith(`${release}-`))?.level ?? null;
}

/** One level of a feature. */
export interface FeatureLevel {
  /** Clusters that begin with this `metadata.version` or a later one begin with this level. */
  readonly since: number;
  /** The `metadata.version` below which it cannot be; 0: any. */
  readonly needs: number;
}

export interface Feature {
  readonly name: string;
  /** By level, from 0, which is the feature switched off. */
  readonly levels: readonly FeatureLevel[];
}

const off: FeatureLevel = { since: FIRST_LEVEL, needs: 0 };

/** Every feature beside `metadata.version`, by name. */
export const FEATURES: readonly Feature[] = [
  { name: 'eligible.leader.replicas.version', levels: [off, { since: 26, needs: 23 }] },
  { name: 'group.version', levels: [off, { since: 22, needs: 0 }] },
  { name: KRAFT_VERSION, levels: [off, { since: 21, needs: 0 }] },
  { name: 'share.version', levels: [off, { since: 28, needs: 0 }] },
  { name: 'streams.version', levels: [off, { since: 29, needs: 0 }] },
  {
    name: 'transaction.version',
    levels: [off, { since: 24, needs: 0 }, { since: 24, needs: 0 }],
  },
];

/** The level of a feature that a cluster begins with unless somebody says otherwise. */
export function defaultLevel(feature: Feature, metadataVersion: number): number {
  return feature.levels.findLastIndex(({ since }) => since <= metadataVersion);
}

export function findFeature(name: string): Feature | null {
  return FEATURES.find((feature) => feature.name === name) ?? null;
}

/** The levels of a feature that this build can run with, `metadata.version` included. Null: no such feature. */
export function supportedLevels(name: string): { readonly min: number; readonly max: number } | null {
  if (name === METADATA_VERSION) return { min: METADATA_VERSION_MIN, max: METADATA_VERSION_MAX };
  const feature = findFeature(name);
  return feature === null ? null : { min: 0, max: feature.levels.length - 1 };
}

/** Why a feature cannot have this level with this `metadata.version`, as the end of a sentence; null: it can. */
export function levelProblem(name: string, level: number, metadataVersion: number): string | null {
  const supported = supportedLevels(name);
  if (supported === null) {
    return `is no feature; there are ${[METADATA_VERSION, ...FEATURES.map((one) => one.name)].join(', ')}`;
  }
  if (level < supported.min || level > supported.max) {
    return `cannot be ${level}: this build knows ${supported.min} to ${supported.max}`;
  }
  const needs = findFeature(name)?.levels[level]?.needs ?? 0;
  if (metadataVersion >= needs) return null;
  return `cannot be ${level} with ${METADATA_VERSION} ${metadataVersion}: it needs ${needs} (${metadataVersionName(needs)})`;
}
