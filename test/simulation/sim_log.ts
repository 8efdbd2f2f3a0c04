import type { Log, LogFields } from '../../src/port/log.ts';
import type { World } from './world.ts';

export interface LogLine {
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: LogFields;
}

/** Keeps the last lines for the report of a failing run, and shows them in the trace. */
export class SimLog implements Log {
  readonly lines: LogLine[] = [];
  readonly #world: World;
  readonly #name: string;
  readonly #linesMax: number;

  constructor(world: World, name: string, linesMax = 1000) {
    this.#world = world;
    this.#name = name;
    this.#linesMax = linesMax;
  }

  info(message: string, fields: LogFields = {}): void {
    this.#keep('info', message, fields);
  }

  warn(message: string, fields: LogFields = {}): void {
    this.#keep('warn', message, fields);
  }

  error(message: string, fields: LogFields = {}): void {
    this.#keep('error', message, fields);
  }

  has(level: LogLine['level'], part: string): boolean {
    return this.lines.some((line) => line.level === level && line.message.includes(part));
  }

  #keep(level: LogLine['level'], message: string, fields: LogFields): void {
    this.lines.push({ level, message, fields });
    if (this.lines.length > this.#linesMax) this.lines.shift();
    this.#world.note(() => `${this.#name} ${level}: ${message} ${JSON.stringify(fields)}`);
  }
}
