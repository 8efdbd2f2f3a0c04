import {
  FEATURES,
  findFeature,
  KRAFT_VERSION,
  levelProblem,
  METADATA_VERSION,
  METADATA_VERSION_MAX,
  METADATA_VERSIONS,
  metadataVersionLevel,
} from '../metadata/features.ts';

/** The levels that a new cluster is to have. */
export interface FeatureChoice {
  readonly metadataVersion: number;
  /** Those that somebody asked for, by name; the others follow from `metadataVersion`. */
  readonly levels: ReadonlyMap<string, number>;
}

/**
 * Reads `--release-version` and all `--feature name=level`. `isDynamic`: the log names the voters. A text: a sentence
 * that says what is wrong.
 */
export function chooseFeatures(
  releaseVersion: string | null,
  features: readonly string[],
  isDynamic: boolean,
): FeatureChoice | string {
  const levels = readLevels(features);
  if (typeof levels === 'string') return levels;
  const asked = levels.get(METADATA_VERSION);
  if (asked !== undefined && releaseVersion !== null) {
    return `--release-version and --feature ${METADATA_VERSION} say the same thing: give one of them`;
  }
  const released = releaseVersion === null ? METADATA_VERSION_MAX : metadataVersionLevel(releaseVersion);
  if (released === null) {
    const names = METADATA_VERSIONS.map(({ name }) => name).join(', ');
    return `--release-version ${releaseVersion} is no ${METADATA_VERSION}; there are ${names}, or a release such as 4.3`;
  }
  const metadataVersion = asked ?? released;
  for (const [name, level] of levels) {
    const problem = levelProblem(name, level, metadataVersion) ?? kraftProblem(name, level, isDynamic);
    if (problem !== null) return `--feature ${name}=${level}: ${name} ${problem}`;
  }
  return { metadataVersion, levels };
}

function readLevels(features: readonly string[]): ReadonlyMap<string, number> | string {
  const levels = new Map<string, number>();
  for (const text of features) {
    const match = /^([^=]+)=(\d{1,5})$/.exec(text.trim());
    if (match === null) return `--feature ${text} is not feature=level, as in ${FEATURES[1]!.name}=1`;
    const name = match[1]!.trim();
    if (levels.has(name)) return `--feature ${name} is given more than once`;
    levels.set(name, Number(match[2]));
  }
  return levels;
}

/** Whether the log names the voters is decided by how the quorum begins; the level only says it again. */
function kraftProblem(name: string, level: number, isDynamic: boolean): string | null {
  if (findFeature(name)?.name !== KRAFT_VERSION || level === (isDynamic ? 1 : 0)) return null;
  return isDynamic
    ? 'must be 1 where controller.quorum.voters is not set'
    : 'must be 0 where controller.quorum.voters is set';
}
