import type { Output } from './command_line.ts';
import { WrongArgument } from './start_arguments.ts';
import type { StartOptions, Surroundings } from './start_options.ts';

/** What `millrace tune` is asked for. */
export interface TuneRequest {
  readonly start: StartOptions;
  /** Of each run of the bench. */
  readonly seconds: number;
  /** How often each run is repeated. */
  readonly rounds: number;
  readonly preference: 'throughput' | 'cpu';
  /** What is measured; null: all three. */
  readonly only: 'shards' | 'flush' | 'arena' | null;
  /** False: the machine is looked at, and no broker is started. */
  readonly bench: boolean;
  readonly json: boolean;
  /** Write what is recommended to the start file. */
  readonly apply: boolean;
}

/** Carries a request out; it is loaded when there is one. The exit code. */
export type Tuner = (request: TuneRequest, surroundings: Surroundings, output: Output) => Promise<number>;

/** As commander gives them. */
export interface ParsedTuneOptions {
  readonly seconds: number;
  readonly rounds: number;
  readonly for: 'throughput' | 'cpu';
  readonly only?: 'shards' | 'flush' | 'arena';
  readonly bench: boolean;
  readonly json?: boolean;
  readonly apply?: boolean;
}

export const TUNE_HELP = `
It looks at what the machine grants (cores, memory, open files, the volume of the data, settings of the kernel), then
starts brokers of its own with data in a temporary directory on the same volume and lets them take turns under three
loads: single records, batches, fetches. A gain that is not larger than the noise between rounds is called inconclusive and
recommended to nobody. Stop what else is busy on the machine first, your broker included; docs/tuning.md says how to read it.

Examples:
  millrace tune                                    for a node with the defaults, in about two minutes
  millrace tune --no-bench                         the machine alone, in a few seconds
  millrace tune --config server.properties         for a node with this start file
  millrace tune --config server.properties --apply the same, and writes what is recommended to the file
  millrace tune --only flush                       what stronger promises to producers cost
  millrace tune --for cpu                          where the cores are shared with others, or never busy
  millrace tune --json > tuned.json                everything that was measured

Nothing is changed without --apply. With it the file keeps its comments, order and unknown keys, what it was stays beside it
with the ending .before-tune, and the lines that changed are shown.
`;

export function parseSeconds(text: string): number | WrongArgument {
  const seconds = Number(text);
  if (!/^\d+(?:\.\d+)?$/.test(text) || seconds < 0.05 || seconds > 600) {
    return new WrongArgument('It must be a number from 0.05 to 600.');
  }
  return seconds;
}

export function parseRounds(text: string): number | WrongArgument {
  const rounds = Number(text);
  if (!/^\d{1,3}$/.test(text) || rounds < 1 || rounds > 100) {
    return new WrongArgument('It must be a number from 1 to 100.');
  }
  return rounds;
}

export function parsePreference(text: string): 'throughput' | 'cpu' | WrongArgument {
  return text === 'throughput' || text === 'cpu' ? text : new WrongArgument('It must be throughput or cpu.');
}

export function parseOnly(text: string): 'shards' | 'flush' | 'arena' | WrongArgument {
  const isOne = text === 'shards' || text === 'flush' || text === 'arena';
  return isOne ? text : new WrongArgument('It must be shards, flush or arena.');
}
