import type { SupportedFeature } from '../metadata/cluster_image.ts';
import {
  findFeature,
  KRAFT_VERSION,
  METADATA_VERSION,
  METADATA_VERSIONS,
  supportedLevels,
} from '../metadata/features.ts';
import { metadataRecord } from '../metadata/metadata_record.ts';
import type { MetadataRecord } from '../metadata/records.ts';
import { ErrorCode } from '../protocol/errors.ts';
import { featureLevelRecord } from '../protocol/schema/metadata/feature_level_record.ts';
import { ELIGIBLE_LEADER_REPLICAS } from './eligible_replicas.ts';

/** `FeatureUpdate.UpgradeType` on the wire (KIP-778). */
export const upgradeType = { upgrade: 1, safeDowngrade: 2, unsafeDowngrade: 3 } as const;

export interface FeatureUpdate {
  readonly feature: string;
  readonly maxVersionLevel: number;
  readonly upgradeType: number;
}

/** What an update makes of the metadata. */
export interface FeatureChanges {
  readonly records: readonly MetadataRecord[];
  /** `kraft.version` goes up, which stands in control records of the quorum: the log names its voters from then on. */
  readonly namesVoters: boolean;
}

/** Why no feature is changed: one that cannot be hinders all. */
export class FeatureRefusal {
  readonly errorCode = ErrorCode.INVALID_UPDATE_VERSION;
  readonly message: string;

  constructor(message: string) {
    this.message = `The update failed for all features since the following feature had an error: ${message}`;
  }
}

export interface FeatureManagerOptions {
  readonly nodeId: number;
  /** The finalized level of a feature; 0 where there is none. */
  readonly levelOf: (feature: string) => number;
  /** What the metadata must say before eligible replicas are tracked, which they are not yet. */
  readonly beginTracking: () => MetadataRecord[];
  /** What registered brokers and controllers can work with, by what to call them: "Broker 2". */
  readonly registered: () => Iterable<readonly [string, readonly SupportedFeature[]]>;
}

/** Levels of features, `metadata.version` among them (KIP-584, KIP-778, KIP-1022). Changes nothing. */
export class FeatureManager {
  readonly #options: FeatureManagerOptions;

  constructor(options: FeatureManagerOptions) {
    this.#options = options;
  }

  plan(updates: readonly FeatureUpdate[]): FeatureChanges | FeatureRefusal {
    const proposed = new Map(updates.map(({ feature, maxVersionLevel }) => [feature, maxVersionLevel]));
    const records: MetadataRecord[] = [];
    let namesVoters = false;
    for (const update of updates) {
      const problem = this.#problem(update, proposed);
      if (problem !== null) return new FeatureRefusal(problem);
      const { feature: name, maxVersionLevel: featureLevel } = update;
      if (name === KRAFT_VERSION) {
        namesVoters = featureLevel > this.#options.levelOf(name);
        continue;
      }
      const beginsTracking = name === ELIGIBLE_LEADER_REPLICAS && featureLevel > 0 && this.#options.levelOf(name) === 0;
      if (beginsTracking) records.push(...this.#options.beginTracking());
      records.push(metadataRecord(featureLevelRecord, 0, { name, featureLevel }));
    }
    return { records, namesVoters };
  }

  #problem(update: FeatureUpdate, proposed: ReadonlyMap<string, number>): string | null {
    const { feature, maxVersionLevel: level } = update;
    const reason = this.#reason(update);
    if (reason !== null) return `Invalid update version ${level} for feature ${feature}. ${reason}`;
    if (feature === METADATA_VERSION) return this.#metadataVersionProblem(update);
    const metadataVersion = proposed.get(METADATA_VERSION) ?? this.#options.levelOf(METADATA_VERSION);
    const needed = findFeature(feature)?.levels[level]?.needs ?? 0;
    if (metadataVersion >= needed) return null;
    const dependency = `${feature} could not be set to ${level} because it depends on ${METADATA_VERSION} level ${needed}`;
    return `Invalid update version ${level} for feature ${feature}. ${dependency}`;
  }

  #reason({ feature, maxVersionLevel: level, upgradeType: kind }: FeatureUpdate): string | null {
    if (kind < upgradeType.upgrade || kind > upgradeType.unsafeDowngrade) {
      return 'The controller does not support the given upgrade type.';
    }
    if (level < 0) return 'A feature version cannot be less than 0.';
    const unsupported = this.#unsupported(feature, level);
    if (unsupported !== null) return unsupported;
    if (supportedLevels(feature) === null) return `Feature ${feature} not found.`;
    const present = this.#options.levelOf(feature);
    if (feature === KRAFT_VERSION && level < present) return "Can't downgrade the version of this feature.";
    if (level < present && kind === upgradeType.upgrade) {
      return "Can't downgrade the version of this feature without setting the upgrade type to either safe or unsafe downgrade.";
    }
    if (level > present && kind !== upgradeType.upgrade) return "Can't downgrade to a newer version.";
    return null;
  }

  /** A level that some node of the cluster could not read its metadata with. */
  #unsupported(feature: string, level: number): string | null {
    const { nodeId, registered } = this.#options;
    const problem = (who: string, range: { readonly min: number; readonly max: number }): string | null => {
      if (range.max === 0) return level === 0 ? null : `${who} does not support this feature.`;
      if (level >= range.min && level <= range.max) return null;
      return `${who} only supports versions ${range.min}-${range.max}`;
    };
    // Every feature but `metadata.version` can be switched off, also where nobody supports it.
    const own = problem(`Local controller ${nodeId}`, supportedLevels(feature) ?? NEVER);
    if (own !== null) return own;
    for (const [who, features] of registered()) {
      const range = features.find(({ name }) => name === feature);
      const theirs = problem(
        who,
        range === undefined ? NEVER : { min: range.minSupportedVersion, max: range.maxSupportedVersion },
      );
      if (theirs !== null) return theirs;
    }
    return null;
  }

  /** Below a version that gave some record another form, what these records say would be lost. */
  #metadataVersionProblem({ maxVersionLevel: level, upgradeType: kind }: FeatureUpdate): string | null {
    const present = this.#options.levelOf(METADATA_VERSION);
    const losesMetadata = METADATA_VERSIONS.some(
      (version) => version.changesRecords && version.level > level && version.level <= present,
    );
    if (!losesMetadata) return null;
    const reason =
      kind === upgradeType.unsafeDowngrade
        ? 'Unsafe metadata downgrade is not supported in this version.'
        : 'Refusing to perform the requested downgrade because it might delete metadata information.';
    return `Unsupported metadata.version downgrade from ${present} to ${level}. ${reason}`;
  }
}

const NEVER = { min: 0, max: 0 } as const;
