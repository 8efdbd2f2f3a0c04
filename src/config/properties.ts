import { Properties, PropertiesNodeType } from 'properties-file/parser';
import type { ConfigEntry } from './origin.ts';

export interface PropertiesFile {
  readonly entries: readonly ConfigEntry[];
  /** Names that stand in the file more than once, the last of which counts, with their lines. */
  readonly repeated: readonly string[];
}

/** Reads the text of a Java properties file. `path` is how the file is called in messages. */
export function readProperties(text: string, path: string): PropertiesFile {
  const entries: ConfigEntry[] = [];
  const lines = new Map<string, number[]>();
  for (const node of new Properties(text).nodes) {
    if (node.type !== PropertiesNodeType.PROPERTY) continue;
    const line = node.startingLineNumber;
    entries.push({
      name: node.key,
      text: node.value,
      isSecret: false,
      origin: { kind: 'file', place: `${path}:${line}` },
    });
    lines.set(node.key, [...(lines.get(node.key) ?? []), line]);
  }
  const repeated = [...lines]
    .filter(([, where]) => where.length > 1)
    .map(([name, where]) => `${name} (lines ${where.join(', ')} of ${path})`);
  return { entries, repeated };
}
