import type { Command } from 'commander';
import type { FormatRequest } from '../storage/format_node.ts';
import type { FormatMachine } from './format_command.ts';
import {
  addOverride,
  parsePort,
  parseShards,
  readPlainStart,
  startOptionsOf,
  WrongArgument,
  type ParsedStartOptions,
} from './start_arguments.ts';
import type { StartOptions, Surroundings } from './start_options.ts';
import {
  parseOnly,
  parsePreference,
  parseRounds,
  parseSeconds,
  TUNE_HELP,
  type ParsedTuneOptions,
  type Tuner,
} from './tune_request.ts';

/** What a process is asked to do: start a node, or end with a code because everything is said already. */
export type Request =
  | { readonly kind: 'start'; readonly options: StartOptions }
  | { readonly kind: 'end'; readonly exitCode: number };

export interface Output {
  /** What was asked for: standard output. */
  say(text: string): void;
  /** What went wrong: standard error. */
  complain(text: string): void;
}

/** Of `millrace format`, as commander gives them. */
interface ParsedFormatOptions extends ParsedStartOptions {
  readonly clusterId?: string;
  readonly ignoreFormatted?: boolean;
  readonly releaseVersion?: string;
  readonly feature?: readonly string[];
  readonly addScram?: readonly string[];
  readonly standalone?: boolean;
  readonly initialControllers?: string | boolean;
}

const examples = `
Examples:
  millrace                                    one node on 127.0.0.1:9092, data in ./data
  millrace --port 19092 --data-dir /tmp/m     elsewhere
  millrace --config server.properties         with a start file of Apache Kafka
  millrace --override num.partitions=8        one key otherwise
  millrace config check server.properties     look at a start file without starting
  millrace format --config server.properties --add-scram 'SCRAM-SHA-256=[name=a,password=b]'
                                              begin a cluster with more than the defaults
  millrace tune                               what suits this machine, measured

Every key of the start file can be given as a variable too, as in Kafka's official image: KAFKA_NUM_PARTITIONS=8,
MILLRACE_SHARDS=2. Later wins: defaults, start file, environment, command line.
`;

/**
 * Reads the arguments after the program's name. Commands other than `start` are carried out here; what they need is
 * loaded only then.
 */
export async function readCommandLine(
  args: readonly string[],
  version: string,
  surroundings: () => Surroundings,
  output: Output,
  formatMachine: () => Promise<FormatMachine>,
  tune: Tuner,
): Promise<Request> {
  const plain = readPlainStart(args);
  if (plain !== null) return { kind: 'start', options: plain };
  const { Command, CommanderError, InvalidArgumentError } = await import('commander');
  const refusing: Refusing = (parse) => (text, before) => {
    const value = parse(text, before);
    if (value instanceof WrongArgument) throw new InvalidArgumentError(value.message);
    return value;
  };
  let request: Request = { kind: 'end', exitCode: 0 };
  const start = (options: ParsedStartOptions, file?: string): void => {
    request = { kind: 'start', options: startOptionsOf(options, file) };
  };

  const program = new Command('millrace')
    .description('A Kafka-compatible message broker.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .configureOutput({ writeOut: (text) => output.say(text), writeErr: (text) => output.complain(asSentence(text)) })
    .exitOverride()
    .addHelpText('after', examples);
  addStartOptions(program, refusing).action((options: ParsedStartOptions) => start(options));

  addStartOptions(inherit(program, program.command('start [file]')), refusing)
    .description('start a node (what happens without a command)')
    .action((file: string | undefined, options: ParsedStartOptions) => start(options, file));

  const config = inherit(program, program.command('config')).description('look at a configuration without starting');
  inherit(program, config.command('check <file>'))
    .description('say what is wrong with a start file, or that nothing is')
    .action(async (file: string) => {
      const { checkConfig } = await import('./config_command.ts');
      request = { kind: 'end', exitCode: checkConfig(file, surroundings(), output) };
    });
  addStartOptions(inherit(program, config.command('show')), refusing)
    .description('print the values that a node would start with')
    .option('--origin', 'say where each value was written')
    .option('--all', 'print defaults too')
    .action(async (options: ParsedStartOptions & { readonly origin?: boolean; readonly all?: boolean }) => {
      const { showConfig } = await import('./config_command.ts');
      const shown = { origin: options.origin === true, all: options.all === true };
      request = { kind: 'end', exitCode: showConfig(startOptionsOf(options), shown, surroundings(), output) };
    });

  addFormatOptions(inherit(program, program.command('format')), refusing)
    .description('format the data directories; a start does it too, with the defaults')
    .action(async (options: ParsedFormatOptions) => {
      const { formatCommand } = await import('./format_command.ts');
      const asked = { ...formatRequestOf(options), start: startOptionsOf(options) };
      request = { kind: 'end', exitCode: await formatCommand(asked, surroundings(), output, formatMachine) };
    });
  addTuneOptions(inherit(program, program.command('tune')), refusing)
    .description('measure which settings suit this machine')
    .action(async (options: ParsedStartOptions & ParsedTuneOptions) => {
      const { seconds, rounds, bench, json, apply } = options;
      const flags = { only: options.only ?? null, bench, json: json === true, apply: apply === true };
      const asked = { start: startOptionsOf(options), seconds, rounds, preference: options.for, ...flags };
      request = { kind: 'end', exitCode: await tune(asked, surroundings(), output) };
    });
  inherit(program, program.command('random-uuid'))
    .description('print an id that can be the id of a cluster')
    .action(async () => {
      const { newUuid } = await import('../storage/format_directories.ts');
      output.say(`${newUuid((await formatMachine()).ports.entropy)}\n`);
    });

  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return { kind: 'end', exitCode: error.exitCode };
  }
  return request;
}

function inherit(program: Command, command: Command): Command {
  return command.copyInheritedSettings(program).helpCommand(false);
}

/** Commander throws what is wrong with the text of an option. */
type Refusing = <Value>(
  parse: (text: string, before?: Value) => Value | WrongArgument,
) => (text: string, before?: Value) => Value;

function addStartOptions(command: Command, refusing: Refusing): Command {
  return command
    .option('-c, --config <file>', 'start file: server.properties')
    .option('-p, --port <number>', 'port of the default listener', refusing(parsePort))
    .option('-d, --data-dir <path>', 'data directory (log.dirs)')
    .option(
      '-s, --shards <number>',
      'threads that hold connections and partitions (millrace.shards)',
      refusing(parseShards),
    )
    .option('-o, --override <key=value>', 'one key of the start file; repeatable', refusing(addOverride));
}

/** Names and letters are those of Kafka's `kafka-storage format`. */
function addFormatOptions(command: Command, refusing: Refusing): Command {
  return command
    .option('-c, --config <file>', 'start file: server.properties')
    .option('-d, --data-dir <path>', 'data directory (log.dirs)')
    .option('-o, --override <key=value>', 'one key of the start file; repeatable', refusing(addOverride))
    .option('-t, --cluster-id <id>', 'id of the cluster; drawn if not given')
    .option('-s, --standalone', 'this node begins a quorum of its own')
    .option('-N, --no-initial-controllers', 'for a node that joins others (not in this version)')
    .option('-I, --initial-controllers <list>', 'for a quorum of several nodes (not in this version)')
    .option('-g, --ignore-formatted', 'pass directories by that are formatted already')
    .option('-r, --release-version <version>', 'metadata.version to begin with, such as 4.3-IV0 or 4.3')
    .option('-f, --feature <name=level>', 'level of a feature to begin with; repeatable', addText)
    .option('-S, --add-scram <credential>', 'SCRAM-SHA-256=[name=…,password=…]; repeatable', addText);
}

function addTuneOptions(command: Command, refusing: Refusing): Command {
  return command
    .option('-c, --config <file>', 'start file of the node that is to be tuned')
    .option('-d, --data-dir <path>', 'its data directory (log.dirs): what is measured lies on the same volume')
    .option('-s, --shards <number>', 'its shards, to compare with (millrace.shards)', refusing(parseShards))
    .option('-o, --override <key=value>', 'one key of its start file; repeatable', refusing(addOverride))
    .option('--seconds <number>', 'length of each single run', refusing(parseSeconds), 1)
    .option('--rounds <number>', 'how often each run is repeated', refusing(parseRounds), 5)
    .option(
      '--for <what>',
      'throughput at most, or cpu: work for a CPU-second',
      refusing(parsePreference),
      'throughput',
    )
    .option('--only <what>', 'measure only shards, flush or arena', refusing(parseOnly))
    .option('--no-bench', 'look at the machine and start nothing')
    .option('--json', 'print everything as JSON')
    .option('--apply', 'write what is recommended to the start file')
    .addHelpText('after', TUNE_HELP);
}

function addText(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

function formatRequestOf(options: ParsedFormatOptions): FormatRequest {
  const { clusterId, ignoreFormatted, releaseVersion, feature, addScram, standalone, initialControllers } = options;
  return {
    clusterId: clusterId ?? null,
    ignoreFormatted: ignoreFormatted === true,
    releaseVersion: releaseVersion ?? null,
    features: feature ?? [],
    addScram: addScram ?? [],
    standalone: standalone === true,
    // Commander takes --no-x for the opposite of --x.
    noInitialControllers: initialControllers === false,
    initialControllers: typeof initialControllers === 'string' ? initialControllers : null,
  };
}

/** Commander says "error: option …", with an empty line before a suggestion, and takes a wrong command for an argument. */
function asSentence(text: string): string {
  return text
    .replace(
      /^error: too many arguments\. Expected 0 .* got \d+: (.*)\.\n$/,
      "error: there is no command '$1'; see --help\n",
    )
    .replace(/^error: /, 'millrace: ')
    .replace(/\n\((.*)\)/, ' ($1)');
}
