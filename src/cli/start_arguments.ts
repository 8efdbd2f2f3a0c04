import type { ConfigEntry } from '../config/origin.ts';
import type { StartOptions } from './start_options.ts';

/** The options of a start as they are written, each at most once but for `override`. */
export interface ParsedStartOptions {
  readonly config?: string;
  readonly port?: number;
  readonly dataDir?: string;
  readonly shards?: number;
  readonly override?: readonly ConfigEntry[];
}

/** Why the text of an option is none: a sentence. */
export class WrongArgument {
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}

/**
 * Reads the arguments of a start that is asked for plainly: `[start] --port 9092 --data-dir=/d …` and nothing else. Null:
 * there is a command, a short option, or something wrong, and the real parser is to read it all, which takes 15 ms to load.
 */
export function readPlainStart(args: readonly string[]): StartOptions | null {
  const options: { -readonly [Name in keyof ParsedStartOptions]: ParsedStartOptions[Name] } = {};
  let at = args[0] === 'start' ? 1 : 0;
  while (at < args.length) {
    const [, name, inline] = /^--([a-z-]+)(?:=(.*))?$/s.exec(args[at]!) ?? [];
    const text = inline ?? args[at + 1];
    at += inline === undefined ? 2 : 1;
    if (text === undefined || (inline === undefined && text.startsWith('-'))) return null;
    const value = set(options, name, text);
    if (value instanceof WrongArgument) return null;
  }
  return startOptionsOf(options);
}

function set(
  options: { -readonly [Name in keyof ParsedStartOptions]: ParsedStartOptions[Name] },
  name: string | undefined,
  text: string,
): WrongArgument | null {
  switch (name) {
    case 'config':
      options.config = text;
      return null;
    case 'data-dir':
      options.dataDir = text;
      return null;
    case 'port':
    case 'shards': {
      const number = name === 'port' ? parsePort(text) : parseShards(text);
      if (number instanceof WrongArgument) return number;
      options[name] = number;
      return null;
    }
    case 'override': {
      const more = addOverride(text, options.override);
      if (more instanceof WrongArgument) return more;
      options.override = more;
      return null;
    }
    default:
      return new WrongArgument('It is none of the plain options.');
  }
}

export function parsePort(text: string): number | WrongArgument {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535) return new WrongArgument('It must be a number from 0 to 65535.');
  return port;
}

export function parseShards(text: string): number | WrongArgument {
  const shards = Number(text);
  if (!/^\d{1,2}$/.test(text) || shards < 1) return new WrongArgument('It must be a number from 1 to 62.');
  return shards;
}

export function addOverride(text: string, before: readonly ConfigEntry[] = []): readonly ConfigEntry[] | WrongArgument {
  const equals = text.indexOf('=');
  if (equals < 1) return new WrongArgument('It must be key=value.');
  return [...before, entry(text.slice(0, equals).trim(), text.slice(equals + 1), '--override')];
}

/** `file` is what stands behind the command. */
export function startOptionsOf(options: ParsedStartOptions, file?: string): StartOptions {
  const entries: ConfigEntry[] = [];
  if (options.dataDir !== undefined) entries.push(entry('log.dirs', options.dataDir, '--data-dir'));
  if (options.shards !== undefined) entries.push(entry('millrace.shards', String(options.shards), '--shards'));
  entries.push(...(options.override ?? []));
  return { file: options.config ?? file ?? null, port: options.port ?? null, entries };
}

function entry(name: string, text: string, place: string): ConfigEntry {
  return { name, text, isSecret: false, origin: { kind: 'command line', place } };
}
