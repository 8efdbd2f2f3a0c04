import { derivedDefaults } from '../config/derived_defaults.ts';
import { shownText } from '../config/problems.ts';
import type { ResolvedConfig } from '../config/resolve.ts';
import type { Output } from './command_line.ts';
import { complainOf } from './complaints.ts';
import { addressText } from './banner.ts';
import { loadConfig, type StartOptions, type Surroundings } from './start_options.ts';

/** `millrace config check FILE`: the file alone, without the environment. The exit code. */
export function checkConfig(file: string, surroundings: Surroundings, output: Output): number {
  const resolved = loadConfig(
    { file, port: null, entries: [] },
    { ...surroundings, environment: withoutKeys(surroundings.environment) },
  );
  if (!isRight(resolved, output)) return 1;
  const { node } = resolved;
  const listeners = node.listeners.map(
    (listener) => `${listener.name} on ${addressText(listener.host, listener.port)}`,
  );
  output.say(
    `${file} is right: node ${node.nodeId} (${node.roles.join(' and ')}), ${listeners.join(', ')}, ` +
      `data in ${node.storage.directories.join(', ')}\n`,
  );
  return 0;
}

/**
 * `millrace config show`: as a properties file, so that it can be used as one. Defaults that were derived from the machine are
 * shown where it is asked for origins. The exit code.
 */
export function showConfig(
  options: StartOptions,
  shown: { readonly origin: boolean; readonly all: boolean },
  surroundings: Surroundings,
  output: Output,
): number {
  const resolved = loadConfig(options, surroundings);
  if (!isRight(resolved, output)) return 1;
  const derived = new Map(
    derivedDefaults(resolved.values, resolved.node, surroundings.machine).map((one) => [one.name as string, one]),
  );
  for (const { key, text, isSecret, origin } of resolved.values.all()) {
    const machines = derived.get(key.name);
    if (machines !== undefined && (shown.origin || shown.all)) {
      if (shown.origin) output.say(`# derived from ${machines.from}\n`);
      output.say(`${key.name}=${machines.text}\n`);
      continue;
    }
    if (text === null || (origin.kind === 'default' && !shown.all)) continue;
    const place = shown.origin ? `# ${origin.place}\n` : '';
    output.say(`${place}${key.name}=${escapeValue(shownText(text, isSecret))}\n`);
  }
  return 0;
}

function isRight(
  resolved: ResolvedConfig | string,
  output: Output,
): resolved is ResolvedConfig & { readonly node: NonNullable<ResolvedConfig['node']> } {
  complainOf(resolved, output);
  return typeof resolved !== 'string' && resolved.node !== null;
}

/** Secrets may still come from the environment; keys do not. */
function withoutKeys(environment: Surroundings['environment']): Surroundings['environment'] {
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => !name.startsWith('KAFKA_') && !name.startsWith('MILLRACE_')),
  );
}

function escapeValue(text: string): string {
  return text.replace(/\\/g, '\\\\').replace(/\n/g, '\\n').replace(/\r/g, '\\r').replace(/^ /, '\\ ');
}
