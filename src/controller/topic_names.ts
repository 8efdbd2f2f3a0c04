/** Why a text cannot be the name of a topic; null when it can. Names become names of directories. */
export function topicNameProblem(name: string): string | null {
  if (name === '') return 'the empty string is not allowed';
  if (name === '.' || name === '..') return `'${name}' is not allowed`;
  if (name.length > TOPIC_NAME_LENGTH_MAX) {
    return `the length of '${name}' is longer than the max allowed length ${TOPIC_NAME_LENGTH_MAX}`;
  }
  if (!/^[a-zA-Z0-9._-]+$/.test(name)) {
    return `'${name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'`;
  }
  return null;
}

/** Metric names turn both '.' and '_' into '_': two topics that differ in nothing else would share their metrics. */
export function collisionKey(name: string): string {
  return name.replaceAll('.', '_');
}

/** `topic-partition.uniqueId-delete` must fit the 255 bytes of a directory's name. */
const TOPIC_NAME_LENGTH_MAX = 249;
