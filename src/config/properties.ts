import { Properties, PropertiesNodeType } from 'properties-file/parser';
import type { ConfigEntry } from './origin.ts';

export interface PropertiesFile {
  readonly entries: readonly ConfigEntry[];
  /** Names that stand in the file more than once, the last of which counts, with their lines. */
  readonly repeated: readonly string[];
}

/** Why a text is no properties file. */
export class BrokenProperties {
  /** A sentence that names the file. */
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}

/** Reads the text of a Java properties file. `path` is how the file is called in messages. */
export function readProperties(text: string, path: string): PropertiesFile | BrokenProperties {
  const parsed = parse(text);
  if (typeof parsed === 'string') return new BrokenProperties(`${path} is no properties file: ${parsed}`);
  const entries: ConfigEntry[] = [];
  const lines = new Map<string, number[]>();
  for (const node of parsed.nodes) {
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

/** The package throws for a `\u` that four hexadecimal digits do not follow. */
function parse(text: string): Properties | string {
  try {
    return new Properties(text);
  } catch (error) {
    return error instanceof Error ? error.message : 'it cannot be understood';
  }
}
