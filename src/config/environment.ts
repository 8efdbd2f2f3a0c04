import type { ConfigEntry } from './origin.ts';

export interface EnvironmentEntries {
  readonly entries: readonly ConfigEntry[];
  /** Variables that speak to the Java virtual machine or to Kafka's scripts, and mean nothing here. */
  readonly ignored: readonly string[];
}

/** Of the official image and of Kafka's start scripts. Prefixes end in `_`. */
const notForUs = [
  'KAFKA_HEAP_OPTS',
  'KAFKA_OPTS',
  'KAFKA_JVM_',
  'KAFKA_LOG4J_',
  'KAFKA_JMX_',
  'KAFKA_GC_LOG_OPTS',
  'KAFKA_TOOLS_LOG4J_LOGLEVEL',
  'KAFKA_VERSION',
  'KAFKA_DEBUG',
];

/**
 * `KAFKA_X_Y` is the key `x.y` and `MILLRACE_X_Y` is `millrace.x.y`, as in Kafka's official image: one underscore is
 * a dot, two are an underscore, three a dash.
 */
export function readEnvironment(variables: Readonly<Record<string, string | undefined>>): EnvironmentEntries {
  const entries: ConfigEntry[] = [];
  const ignored: string[] = [];
  for (const variable of Object.keys(variables).sort()) {
    const text = variables[variable];
    if (text === undefined) continue;
    if (isNotForUs(variable)) ignored.push(variable);
    else if (variable.startsWith('KAFKA_') && variable.length > 6) {
      entries.push({
        name: keyOf(variable.slice(6)),
        text,
        isSecret: false,
        origin: { kind: 'environment', place: variable },
      });
    } else if (variable.startsWith('MILLRACE_') && variable.length > 9) {
      const name = `millrace.${keyOf(variable.slice(9))}`;
      entries.push({ name, text, isSecret: false, origin: { kind: 'environment', place: variable } });
    }
  }
  return { entries, ignored };
}

function isNotForUs(variable: string): boolean {
  return notForUs.some((name) => (name.endsWith('_') ? variable.startsWith(name) : variable === name));
}

function keyOf(name: string): string {
  return name.toLowerCase().replace(/_{1,3}/g, (run) => (run.length === 1 ? '.' : run.length === 2 ? '_' : '-'));
}
