import { constants, fstatSync, openSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { isatty, type WriteStream } from 'node:tty';

import type { Log, LogFields } from '../port/log.ts';

/**
 * Log lines of one thread, to standard error. Each thread writes its own lines, each with one system call, so that
 * the last words of a thread that dies are not lost in a queue to another. A reader that takes nothing must
 * not stop a broker: a line that the kernel does not take at once is dropped, counted, and the count is said later.
 */
export interface LogOptions {
  /** 'human': a line for people, coloured on a terminal. 'json': pino's lines, one object each. */
  readonly format: 'human' | 'json';
  /** 'control', 'shard 1', … */
  readonly thread: string;
  readonly colour: boolean;
  /** Each line begins at the left, in the place of whatever stands there: a bar that shows progress. */
  readonly onTerminal?: boolean;
  /** Takes one line with its line feed. Standard error when not given. */
  readonly write?: (line: string) => void;
}

type Level = 'info' | 'warn' | 'error';

const standardError = 2;

/** Longest text of a sentence or field. Lines stay below what a pipe takes as one piece, mostly. */
const textLengthMax = 1024;

export function createLog(options: LogOptions): Log {
  const write = options.write ?? createErrorOutput();
  return options.format === 'json' ? jsonLog(options.thread, write) : humanLog(options, write);
}

/** What the start uses when nothing is configured. */
export function logToTerminal(thread: string): Log {
  const onTerminal = terminalOfErrors() !== null;
  return createLog({ format: 'human', thread, colour: isatty(standardError) && !process.env['NO_COLOR'], onTerminal });
}

/** Standard error, where it is a terminal that can erase a line. */
export function terminalOfErrors(): WriteStream | null {
  return isatty(standardError) && process.env['TERM'] !== 'dumb' ? (process.stderr as WriteStream) : null;
}

function jsonLog(thread: string, write: (line: string) => void): Log {
  // Loaded when JSON is asked for: 15 to 30 ms, which every thread would pay.
  const { pino } = createRequire(import.meta.url)('pino') as typeof import('pino');
  const logger = pino(
    { base: { pid: process.pid, thread } },
    { write: (line: string) => write(withoutControls(line)) },
  );
  const say =
    (level: Level) =>
    (message: string, fields?: LogFields): void =>
      logger[level](fields === undefined ? {} : shortened(fields), shorten(message));
  return { info: say('info'), warn: say('warn'), error: say('error') };
}

/** JSON escapes the controls of ASCII by itself; a terminal knows more of them. */
function withoutControls(line: string): string {
  return line.replace(/[\p{Cf}\p{Zl}\p{Zp}\u007f-\u009f]/gu, (character) => {
    let text = '';
    for (let unit = 0; unit < character.length; unit++) {
      text += `\\u${character.charCodeAt(unit).toString(16).padStart(4, '0')}`;
    }
    return text;
  });
}

const labels: Readonly<Record<Level, string>> = { info: 'INFO ', warn: 'WARN ', error: 'ERROR' };
const colours: Readonly<Record<Level, string>> = { info: '\u001b[32m', warn: '\u001b[33m', error: '\u001b[31m' };
const faint = '\u001b[2m';
const plain = '\u001b[0m';
const eraseLine = '\r\u001b[2K';

function humanLog(options: LogOptions, write: (line: string) => void): Log {
  const paint = (colour: string, text: string): string => (options.colour ? colour + text + plain : text);
  const say =
    (level: Level) =>
    (message: string, fields?: LogFields): void => {
      const erased = options.onTerminal === true ? eraseLine : '';
      const head = `${erased}${paint(faint, timeOf(new Date()))} ${paint(colours[level], labels[level])} ${options.thread}: `;
      const tail = fields === undefined ? '' : fieldsOf(fields);
      write(`${head}${visible(shorten(message))}${tail === '' ? '' : paint(faint, tail)}\n`);
    };
  return { info: say('info'), warn: say('warn'), error: say('error') };
}

function timeOf(now: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
  const time = `${two(now.getHours())}:${two(now.getMinutes())}:${two(now.getSeconds())}`;
  return `${day} ${time}.${String(now.getMilliseconds()).padStart(3, '0')}`;
}

function fieldsOf(fields: LogFields): string {
  let text = '';
  for (const [name, value] of Object.entries(fields)) {
    text += ` ${visible(name)}=`;
    text += typeof value === 'string' ? quoted(shorten(value)) : String(value);
  }
  return text;
}

function quoted(text: string): string {
  return /^[\w.:/@+-]+$/.test(text) ? text : `"${visible(text.replace(/["\\]/g, '\\$&'))}"`;
}

/** Controls, line and paragraph separators, marks that are not seen or reorder text, and halves of surrogate pairs. */
const unsafe = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Nothing of what comes from outside may move a terminal's cursor or begin a line of its own. */
function visible(text: string): string {
  return text.replace(unsafe, (character) => `\\u{${(character.codePointAt(0) as number).toString(16)}}`);
}

function shorten(text: string): string {
  return text.length <= textLengthMax ? text : `${text.slice(0, textLengthMax)}… (${text.length} characters)`;
}

function shortened(fields: LogFields): LogFields {
  const all: Record<string, string | number | boolean | null> = {};
  for (const [name, value] of Object.entries(fields)) all[name] = typeof value === 'string' ? shorten(value) : value;
  return all;
}

function createErrorOutput(): (line: string) => void {
  const descriptor = openErrorOutput();
  let lost = 0;
  let torn = false;
  return (line) => {
    const said = lost === 0 ? '' : `(${lost} log lines were lost: nobody reads standard error)\n`;
    const bytes = Buffer.from(`${torn ? '\n' : ''}${said}${line}`);
    try {
      const written = writeSync(descriptor, bytes);
      torn = written < bytes.length;
      lost = torn ? lost + 1 : 0;
    } catch {
      lost++;
    }
  };
}

/**
 * A pipe or terminal is opened once more, under a description of its own that never blocks; the one that the process
 * was given may be shared with others, who would not expect it to change. Files do not block, sockets
 * cannot be opened again, and other systems have no such name: there it is used as it is.
 */
function openErrorOutput(): number {
  try {
    const kind = fstatSync(standardError);
    if (!kind.isFIFO() && !kind.isCharacterDevice()) return standardError;
    return openSync(`/proc/self/fd/${standardError}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    return standardError;
  }
}
