import type { FeatureLevelRecord } from '../protocol/schema/metadata/feature_level_record.ts';
import { KRAFT_VERSION, METADATA_VERSION, METADATA_VERSION_MAX, METADATA_VERSION_MIN } from './features.ts';

/** The finalized levels of the cluster's features: what its records may look like and what its nodes may do (KIP-584). */
export class FeaturesImage {
  readonly #levels = new Map<string, number>();

  /** By name, `metadata.version` included; a feature that is switched off is not there. */
  get levels(): ReadonlyMap<string, number> {
    return this.#levels;
  }

  /** 0: nothing was finalized yet. */
  get metadataVersion(): number {
    return this.level(METADATA_VERSION);
  }

  /** 0: switched off, or never heard of. */
  level(name: string): number {
    return this.#levels.get(name) ?? 0;
  }

  /** False: a `metadata.version` that this build cannot run with. */
  apply({ name, featureLevel }: FeatureLevelRecord): boolean {
    // It stands in control records of the log; early versions of Kafka wrote it here too.
    if (name === KRAFT_VERSION) return true;
    if (name === METADATA_VERSION && (featureLevel < METADATA_VERSION_MIN || featureLevel > METADATA_VERSION_MAX)) {
      return false;
    }
    if (featureLevel === 0) this.#levels.delete(name);
    else this.#levels.set(name, featureLevel);
    return true;
  }
}
