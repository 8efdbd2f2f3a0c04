import { complainOf } from './complaints.ts';
import type { Output } from './command_line.ts';
import { loadConfig, type StartOptions, type Surroundings } from './start_options.ts';
import type { Digests } from '../port/digests.ts';
import { formatNode, type FormatOutcome, type FormatRequest } from '../storage/format_node.ts';
import { directoriesOf } from '../storage/inspection.ts';
import type { StoragePorts } from '../storage/storage_ports.ts';

/** What formatting needs of the machine. */
export interface FormatMachine {
  readonly ports: StoragePorts & { readonly digests: Digests };
  /** Holds directories as a running node does. A text: why one cannot be held. */
  hold(directories: readonly string[]): Promise<{ release(): void } | string>;
}

/** `millrace format`. The exit code. */
export async function formatCommand(
  asked: FormatRequest & { readonly start: StartOptions },
  surroundings: Surroundings,
  output: Output,
  machine: () => Promise<FormatMachine>,
): Promise<number> {
  const resolved = loadConfig(asked.start, surroundings);
  complainOf(resolved, output);
  if (typeof resolved === 'string' || resolved.node === null) return 1;
  const { ports, ...holder } = await machine();
  const held = await holder.hold(directoriesOf(resolved.node));
  if (typeof held === 'string') return refused(held, output);
  const outcome = formatNode(ports, resolved.node, asked);
  held.release();
  if (typeof outcome === 'string') return refused(outcome, output);
  output.say(lines(outcome).join(''));
  return 0;
}

function refused(sentence: string, output: Output): number {
  output.complain(`millrace: ${sentence}\n`);
  return 1;
}

function lines({ clusterId, metadataVersion, formatted, passedBy }: FormatOutcome): readonly string[] {
  const of = `cluster ${clusterId}`;
  if (formatted.length === 0) return [`all data directories are formatted already, for ${of}\n`];
  return [
    ...passedBy.map((path) => `passed by ${path}: formatted already, for ${of}\n`),
    ...formatted.map((path) => `formatted ${path} for ${of}, metadata.version ${metadataVersion}\n`),
  ];
}
