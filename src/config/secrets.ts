import { InvalidValue } from './value.ts';
import { BrokenProperties, readProperties } from './properties.ts';

/** Where secrets come from. The only part of reading a configuration that looks outside of its arguments. */
export interface SecretSource {
  variable(name: string): string | undefined;
  /** The text of a file, or why it cannot be read. */
  readText(path: string): string | UnreadableFile;
}

export class UnreadableFile {
  /** The operating system's name of what went wrong: ENOENT, EACCES, … */
  readonly code: string;

  constructor(code: string) {
    this.code = code;
  }
}

/** One name in `config.providers`, or one of the two that are always there. */
export interface SecretProvider {
  readonly kind: 'env' | 'file' | 'directory';
  /** `config.providers.<name>.param.allowed.paths`: only files below these; null: any. */
  readonly allowedPaths: readonly string[] | null;
  /** `config.providers.<name>.param.allowlist.pattern`: only variables whose whole name matches; null: any. */
  readonly allowedVariables: RegExp | null;
}

/** By the last part of the class names that Apache Kafka's users write. */
export const providerKinds: ReadonlyMap<string, SecretProvider['kind']> = new Map([
  ['EnvVarConfigProvider', 'env'],
  ['FileConfigProvider', 'file'],
  ['DirectoryConfigProvider', 'directory'],
]);

/**
 * Puts secrets in the place of `${provider:key}` and `${provider:path:key}` (KIP-297). Only ever called for the start
 * file: a value that comes over the network must not make the broker read a file (CVE-2024-31141). What a secret
 * contains is not looked at again.
 */
export function substituteSecrets(
  text: string,
  providers: ReadonlyMap<string, SecretProvider>,
  source: SecretSource,
): string | InvalidValue {
  let failure: InvalidValue | null = null;
  const substituted = text.replace(/\$\{([A-Za-z0-9_-]+):([^}]*)\}/g, (whole, name: string, reference: string) => {
    const provider = providers.get(name);
    // As in Kafka: a text that no provider claims stays as it is.
    if (provider === undefined) return whole;
    const secret = lookUp(provider, reference, source);
    if (!(secret instanceof InvalidValue)) return secret;
    failure ??= new InvalidValue(`refers to ${whole}, ${secret.requirement}`);
    return '';
  });
  return failure ?? substituted;
}

function lookUp(provider: SecretProvider, reference: string, source: SecretSource): string | InvalidValue {
  if (provider.kind === 'env') return lookUpVariable(provider, reference, source);
  const colon = reference.lastIndexOf(':');
  const path = colon < 0 ? '' : reference.slice(0, colon);
  const key = reference.slice(colon + 1);
  if (path === '' || key === '') return new InvalidValue('which names no path and key');
  if (provider.kind === 'directory' && (key.includes('/') || key === '..' || key === '.')) {
    return new InvalidValue('whose key is no plain file name');
  }
  const file = provider.kind === 'directory' ? `${path}/${key}` : path;
  if (provider.allowedPaths !== null && !isBelow(file, provider.allowedPaths)) {
    return new InvalidValue('which lies outside of allowed.paths');
  }
  const text = source.readText(file);
  if (text instanceof UnreadableFile) return new InvalidValue(`which cannot be read (${text.code})`);
  if (provider.kind === 'directory') return text;
  const read = readProperties(text, path);
  // What the file holds is not repeated, not even in part.
  if (read instanceof BrokenProperties) return new InvalidValue('which is no properties file');
  const found = read.entries.findLast((entry) => entry.name === key);
  return found?.text ?? new InvalidValue('which has no such key');
}

function lookUpVariable(provider: SecretProvider, name: string, source: SecretSource): string | InvalidValue {
  if (provider.allowedVariables !== null && !provider.allowedVariables.test(name)) {
    return new InvalidValue('which allowlist.pattern does not allow');
  }
  return source.variable(name) ?? new InvalidValue('which is not in the environment');
}

/** Whether `path` is one of `roots` or lies below one, by its text: `..` may not lead out. */
function isBelow(path: string, roots: readonly string[]): boolean {
  if (path.split('/').includes('..')) return false;
  return roots.some((root) => {
    const bare = root.replace(/\/+$/, '');
    return path === bare || path.startsWith(`${bare}/`);
  });
}
