import { buildNodeConfig, type MachineFacts } from './build_node_config.ts';
import type { ConfigKey } from './config_key.ts';
import { readEnvironment } from './environment.ts';
import { findNodeKey, NODE_KEYS } from './keys.ts';
import { isListenerKey, readListenerKey } from './listener_keys.ts';
import { nearestName } from './nearest.ts';
import type { NodeConfig } from './node_config.ts';
import { DEFAULT_ORIGIN, type ConfigEntry } from './origin.ts';
import { Findings, shownText } from './problems.ts';
import { BrokenProperties, readProperties } from './properties.ts';
import { substituteSecrets, type SecretProvider, type SecretSource } from './secrets.ts';
import { readSecretProviders } from './secret_providers.ts';
import { InvalidValue, parseConfigValue } from './value.ts';
import { ConfigValues, type ConfigSetting } from './values.ts';

/** Everything that a configuration is made of. Later fields win over earlier ones. */
export interface ConfigSources {
  readonly file: { readonly path: string; readonly text: string } | null;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** `--override` and the options that stand for a key. */
  readonly commandLine: readonly ConfigEntry[];
  /** `--port`: the port of the listener that there is when nobody wrote `listeners`. */
  readonly port: number | null;
  readonly secrets: SecretSource;
  readonly machine: MachineFacts;
}

export interface ResolvedConfig {
  /** Every key with its value and origin. Where an error was found, the default stands in for the value. */
  readonly values: ConfigValues;
  /** Null exactly when there are errors. */
  readonly node: NodeConfig | null;
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

/** Of keys that Apache Kafka had before 4.0. */
const removedNames =
  /^(?:zookeeper\..*|password\.encoder\..*|inter\.broker\.protocol\.version|log\.message\.format\.version|log\.message\.downconversion\.enable|log\.message\.timestamp\.difference\.max\.ms|broker\.id\.generation\.enable|reserved\.broker\.max\.id|control\.plane\.listener\.name|offsets\.commit\.required\.acks|(?:advertised\.)?(?:port|host\.name))$/;

/** Read by plug-ins of Apache Kafka, and part of none of its own tables. */
const pluginNames =
  /^(?:super\.users|allow\.everyone\.if\.no\.acl\.found|rsm\.config\..*|rlmm\.config\..*|config\.providers\..*)$/;

/** Reads all layers, checks every value and all values together, and says everything that is to say at once. */
export function resolveConfig(sources: ConfigSources): ResolvedConfig {
  const findings = new Findings();
  const written = mergeLayers(sources, findings);
  const settings = new Map<string, ConfigSetting>(
    NODE_KEYS.map((key) => [
      key.name,
      { key, text: key.default, value: defaultValue(key), isSecret: false, origin: DEFAULT_ORIGIN },
    ]),
  );
  const listenerSettings = new Map<string, ConfigSetting>();
  const withoutEffect: string[] = [];

  for (const entry of written.values()) {
    const key = findNodeKey(entry.name);
    if (key !== null) {
      const setting = readSetting(key, entry, findings);
      if (setting !== null) settings.set(key.name, setting);
      if (key.effect === null) withoutEffect.push(entry.name);
    } else if (isListenerKey(entry.name)) {
      const found = readListenerKey(entry.name);
      if (found === null) warnUnknown(entry, findings);
      else if (found.key === null) withoutEffect.push(entry.name);
      else {
        const setting = readSetting({ ...found.key, name: entry.name }, entry, findings);
        if (setting !== null) listenerSettings.set(found.normalisedName, setting);
      }
    } else if (pluginNames.test(entry.name)) {
      if (!entry.name.startsWith('config.providers.')) withoutEffect.push(entry.name);
    } else {
      warnUnknown(entry, findings);
    }
  }
  if (withoutEffect.length > 0) {
    findings.warnings.push(`these keys of Apache Kafka have no effect in Millrace: ${withoutEffect.sort().join(', ')}`);
  }

  const values = new ConfigValues(settings, listenerSettings);
  const node = buildNodeConfig(values, sources.machine, findings);
  warnOfMissingListeners(values, listenerSettings, node, findings);
  return {
    values,
    node: findings.errors.length > 0 ? null : node,
    errors: findings.errors,
    warnings: findings.warnings,
  };
}

/** The strongest entry of each name, its secrets put in. */
function mergeLayers(sources: ConfigSources, findings: Findings): ReadonlyMap<string, ConfigEntry> {
  const merged = new Map<string, ConfigEntry>();
  if (sources.file !== null) mergeFile(sources.file, sources.secrets, merged, findings);
  const { entries, ignored } = readEnvironment(sources.environment);
  if (ignored.length > 0) {
    findings.warnings.push(`these variables are for Apache Kafka's scripts and are ignored: ${ignored.join(', ')}`);
  }
  for (const entry of entries) merged.set(entry.name, entry);
  for (const entry of sources.commandLine) merged.set(entry.name, entry);
  if (sources.port !== null) addPort(sources.port, merged, findings);
  return merged;
}

function mergeFile(
  file: { readonly path: string; readonly text: string },
  secrets: SecretSource,
  merged: Map<string, ConfigEntry>,
  findings: Findings,
): void {
  const read = readProperties(file.text, file.path);
  if (read instanceof BrokenProperties) {
    findings.errors.push(read.message);
    return;
  }
  for (const name of read.repeated) findings.warnings.push(`${name} is set more than once: the last one counts`);
  const providers = readSecretProviders(read.entries, findings);
  for (const entry of read.entries) {
    const withSecrets = putSecretsIn(entry, providers, secrets, findings);
    if (withSecrets !== null) merged.set(entry.name, withSecrets);
  }
}

function putSecretsIn(
  entry: ConfigEntry,
  providers: ReadonlyMap<string, SecretProvider>,
  source: SecretSource,
  findings: Findings,
): ConfigEntry | null {
  const text = substituteSecrets(entry.text, providers, source);
  if (!(text instanceof InvalidValue)) return { ...entry, text, isSecret: text !== entry.text };
  findings.errors.push(`${entry.name} (${entry.origin.place}) ${text.requirement}`);
  return null;
}

function addPort(port: number, merged: Map<string, ConfigEntry>, findings: Findings): void {
  const listeners = merged.get('listeners');
  if (listeners !== undefined) {
    findings.errors.push(
      `--port ${port} moves the default listener, but listeners is set (${listeners.origin.place}): change it there, ` +
        'or use --override listeners=…',
    );
    return;
  }
  const origin = { kind: 'command line', place: '--port' } as const;
  merged.set('listeners', { name: 'listeners', text: `PLAINTEXT://127.0.0.1:${port}`, isSecret: false, origin });
}

function defaultValue(key: ConfigKey): ConfigSetting['value'] {
  if (key.default === null) return null;
  const value = parseConfigValue(key, key.default);
  return value instanceof InvalidValue ? key.default : value;
}

function readSetting(key: ConfigKey, entry: ConfigEntry, findings: Findings): ConfigSetting | null {
  const value = parseConfigValue(key, entry.text);
  const isSecret = entry.isSecret || key.type === 'PASSWORD';
  if (!(value instanceof InvalidValue)) return { key, text: entry.text, value, isSecret, origin: entry.origin };
  findings.errors.push(
    `${entry.name} = ${shownText(entry.text, isSecret)} (${entry.origin.place}) ${value.requirement}`,
  );
  return null;
}

function warnUnknown(entry: ConfigEntry, findings: Findings): void {
  const where = `${entry.name} (${entry.origin.place})`;
  if (removedNames.test(entry.name)) {
    findings.warnings.push(`${where} is a key that Apache Kafka 4 no longer has: it is ignored`);
    return;
  }
  const names = NODE_KEYS.map((key) => key.name);
  const nearest = nearestName(entry.name, names);
  const hint = nearest === null ? '' : `; did you mean ${nearest}?`;
  findings.warnings.push(`${where} is no key of Millrace or Apache Kafka: it is ignored${hint}`);
}

function warnOfMissingListeners(
  values: ConfigValues,
  listenerSettings: ReadonlyMap<string, ConfigSetting>,
  node: NodeConfig | null,
  findings: Findings,
): void {
  if (node === null) return;
  const names = node.listeners.map((listener) => listener.name.toLowerCase());
  for (const [normalisedName, setting] of listenerSettings) {
    const listener = readListenerKey(normalisedName)?.listener ?? '';
    if (names.includes(listener)) continue;
    findings.warnings.push(
      `${setting.key.name} (${setting.origin.place}) names a listener that listeners does not have ` +
        `(${values.list('listeners').join(', ')})`,
    );
  }
}
