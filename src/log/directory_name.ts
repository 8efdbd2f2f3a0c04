/** What a partition's directory is for. */
export type DirectoryState =
  /** The replica itself. */
  | 'current'
  /** A copy in the making, on its way to another data directory. */
  | 'future'
  /** To be removed when nobody reads it any more. */
  | 'delete'
  /** Not expected here by the metadata; kept for a person to look at. */
  | 'stray';

export interface DirectoryName {
  readonly topic: string;
  readonly partition: number;
  readonly state: DirectoryState;
  /** What makes the names of states other than `current` unique, 32 hexadecimal digits; '' for `current`. */
  readonly uniqueId: string;
}

const nameBytesMax = 255;
const markedName = /^(.+)-(\d+)\.([0-9a-f]{32})-(future|delete|stray)$/;
const currentName = /^(.+)-(\d+)$/;
const topicCharacters = /^[a-zA-Z0-9._-]{1,249}$/;

/** What the name of a directory says; null when it is not a partition's. */
export function parseDirectoryName(name: string): DirectoryName | null {
  const marked = markedName.exec(name);
  const match = marked ?? currentName.exec(name);
  if (match === null) return null;
  const topic = match[1]!;
  const digits = match[2]!;
  const partition = Number(digits);
  // A name cut to fit the length of a directory's name has lost the end of its topic, never its partition.
  if (String(partition) !== digits || partition > 0x7fff_ffff) return null;
  if (!topicCharacters.test(topic) || topic === '.' || topic === '..') return null;
  if (marked === null) return { topic, partition, state: 'current', uniqueId: '' };
  return { topic, partition, state: marked[4] as DirectoryState, uniqueId: marked[3]! };
}

/** `uniqueId` is 32 hexadecimal digits, '' for `current`. Long topics are cut so that the name fits a directory's. */
export function formatDirectoryName(
  topic: string,
  partition: number,
  state: DirectoryState = 'current',
  uniqueId = '',
): string {
  if (state === 'current') return `${topic}-${partition}`;
  const suffix = `-${partition}.${uniqueId}-${state}`;
  return topic.slice(0, nameBytesMax - suffix.length) + suffix;
}
