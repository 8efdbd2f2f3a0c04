import { readFileSync } from 'node:fs';
import type { MachineFacts } from '../config/build_node_config.ts';
import type { ConfigEntry } from '../config/origin.ts';
import { resolveConfig, type ResolvedConfig } from '../config/resolve.ts';
import { UnreadableFile, type SecretSource } from '../config/secrets.ts';

/** What the command line says about the configuration of a node. */
export interface StartOptions {
  /** Path of the start file. */
  readonly file: string | null;
  readonly port: number | null;
  /** `--override` and the options that stand for a key, in the order of the command line. */
  readonly entries: readonly ConfigEntry[];
}

/** What surrounds the process. */
export interface Surroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly machine: MachineFacts;
}

/** Reads the start file and puts all layers together. A text: the file cannot be read, and why. */
export function loadConfig(options: StartOptions, { environment, machine }: Surroundings): ResolvedConfig | string {
  let file: { readonly path: string; readonly text: string } | null = null;
  if (options.file !== null) {
    const text = readTextFile(options.file);
    if (text instanceof UnreadableFile) return `${options.file} cannot be read: ${reasonOf(text.code)}`;
    file = { path: options.file, text };
  }
  return resolveConfig({
    file,
    environment,
    commandLine: options.entries,
    port: options.port,
    secrets: secretsOf(environment),
    machine,
  });
}

export function secretsOf(environment: Surroundings['environment']): SecretSource {
  return { variable: (name) => environment[name], readText: readTextFile };
}

function readTextFile(path: string): string | UnreadableFile {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
  } catch (error) {
    return new UnreadableFile((error as NodeJS.ErrnoException).code ?? 'unknown');
  }
}

function reasonOf(code: string): string {
  switch (code) {
    case 'ENOENT':
      return 'there is no such file';
    case 'EACCES':
      return 'this user may not read it';
    case 'EISDIR':
      return 'it is a directory';
    case 'ERR_ENCODING_INVALID_ENCODED_DATA':
      return 'it is not UTF-8 text';
    default:
      return code;
  }
}
