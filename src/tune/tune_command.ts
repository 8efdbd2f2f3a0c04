import { complainOf } from '../cli/complaints.ts';
import type { Output } from '../cli/command_line.ts';
import { loadConfig, type Surroundings } from '../cli/start_options.ts';
import type { TuneRequest } from '../cli/tune_request.ts';
import type { NodeConfig } from '../config/node_config.ts';
import type { ConfigValues } from '../config/values.ts';
import { applyChanges } from './apply.ts';
import { findingsOf, type Available, type Finding, type ReadText } from './findings.ts';
import { benchNode, type BenchResult, type TuneProgram } from './node_bench.ts';
import { changesOf, type SettingAnswer } from './setting_answer.ts';
import { reportOf } from './report.ts';
import { measureVolume } from './volume.ts';
import { workingDirectoryFor } from './working_directory.ts';

/** What tuning needs of the machine. */
export interface TuneMachine extends TuneProgram {
  readonly available: Available;
  readonly read: ReadText;
}

/** Everything that was found, as `--json` prints it. */
export interface TuneResult {
  readonly findings: readonly Finding[];
  /** Null: no broker was started. */
  readonly bench: BenchResult | null;
  /** One for each setting that was measured. */
  readonly settings: readonly SettingAnswer[];
  /** What was written, and where what was there before is kept; null: nothing was to be. */
  readonly applied: { readonly file: string; readonly backup: string; readonly diff: readonly string[] } | null;
}

const SHARDS_ENTRY = {
  name: 'millrace.shards',
  isSecret: false,
  origin: { kind: 'command line', place: 'tune' },
} as const;

/** `millrace tune`. The exit code. */
export async function tuneCommand(
  request: TuneRequest,
  surroundings: Surroundings,
  output: Output,
  machine: TuneMachine,
): Promise<number> {
  const refused = (sentence: string): number => {
    output.complain(`millrace: ${sentence}\n`);
    return 1;
  };
  const { file } = request.start;
  if (request.apply && file === null) return refused('--apply needs --config FILE: the file that is to be changed');
  if (request.apply && !request.bench) return refused('--apply needs what --no-bench leaves out: measurements');
  const resolved = loadConfig(request.start, surroundings);
  complainOf(resolved, output);
  if (typeof resolved === 'string' || resolved.node === null) return 1;
  const { node, values } = resolved;

  const arenaBytesOf = (shards: number): number => {
    const entries = [...request.start.entries, { ...SHARDS_ENTRY, text: String(shards) }];
    const other = loadConfig({ ...request.start, entries }, surroundings);
    return typeof other === 'string' ? node.network.arenaBytes : (other.node ?? node).network.arenaBytes;
  };
  const place = workingDirectoryFor(node.storage.directories[0]!);
  if (typeof place === 'string') return refused(place);
  try {
    const volume = measureVolume(place.path, node.storage.directories[0]!, machine.read);
    const findings = findingsOf(machine.read, machine.available, wantedBy(node), volume);
    const subject = { node, available: machine.available, arenaBytesOf };
    const benched = request.bench ? await benchNode(request, subject, machine, volume, place.path) : null;
    if (typeof benched === 'string') return refused(benched);
    const settings = benched === null ? [] : benched.settings.map((one) => withOrigin(one, values));
    const found = { findings, bench: benched?.bench ?? null, settings };
    const applied = request.apply && file !== null ? applyChanges(file, changesOf(settings), surroundings) : null;
    // What was measured is told even if the file could not be written.
    const result: TuneResult = { ...found, applied: typeof applied === 'string' ? null : applied };
    output.say(
      request.json ? `${JSON.stringify(result, null, 1)}\n` : reportOf(result, request, typeof applied === 'string'),
    );
    return typeof applied === 'string' ? refused(applied) : 0;
  } finally {
    place.remove();
  }
}

function wantedBy(node: NodeConfig): Parameters<typeof findingsOf>[2] {
  const { network, storage, shards } = node;
  const { arenaBytes, listenBacklog, socketReceiveBufferBytes, socketSendBufferBytes } = network;
  const sockets = { listenBacklog, socketReceiveBufferBytes, socketSendBufferBytes };
  return { shards, arenaBytes, ...sockets, flushPolicy: storage.flushPolicy };
}

function withOrigin(answer: SettingAnswer, values: ConfigValues): SettingAnswer {
  const { origin } = values.setting(answer.name);
  return { ...answer, writtenIn: origin.kind === 'default' ? null : origin.place, isFromFile: origin.kind === 'file' };
}
