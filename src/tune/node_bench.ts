import { cpus } from 'node:os';
import { GeneratorProcess } from '../../bench/load/client.ts';
import { PagePool } from '../../bench/measure/page_pool.ts';
import { Progress } from '../../bench/progress.ts';
import type { TuneRequest } from '../cli/tune_request.ts';
import type { NodeConfig } from '../config/node_config.ts';
import type { Available, VolumeFacts } from './findings.ts';
import { ARENA_LOAD, FLUSH_LOAD, SHARD_LOADS } from './loads.ts';
import {
  arenaCandidates,
  FLUSH_POLICIES,
  recommendArena,
  recommendFlush,
  recommendShards,
  shardCandidates,
  type FlushPolicy,
  type Sample,
} from './recommendation.ts';
import { arenaAnswer, flushAnswer, shardsAnswer, type SettingAnswer } from './setting_answer.ts';
import { runTrial, turnsOf, type Trial, type TrialGround } from './trial.ts';
import { trialRows, type TrialRow } from './trial_rows.ts';

/** What brokers and load generator are started from. */
export interface TuneProgram {
  readonly program: { readonly tree: string; readonly entry: string };
  readonly generator: URL;
}

/** What was measured, a row for each way to run a broker and each load. */
export interface BenchResult {
  readonly seconds: number;
  readonly rounds: number;
  /** Cores that neither broker nor load generator used, on average. */
  readonly others: number;
  /** Of all samples, those in which others used so much that they count for nothing. */
  readonly disturbed: number;
  readonly shards: readonly TrialRow[];
  readonly flush: readonly TrialRow[];
  readonly arena: readonly TrialRow[];
}

const MIB = 2 ** 20;
/** What a run writes at most. */
const RUN_BYTES = 512 * MIB;
const FREE_BYTES_MIN = 2048 * MIB;
/** A run says nothing of syncs that it does not live to see. */
const FLUSH_SECONDS_MIN = 2;
const SYNCS_IN_A_RUN = 4;
/** Of the machine's processors, beyond what brokers and load generator use: more disturbs. */
const OTHERS_SHARE_MAX = 0.15;
/** What a turn takes beside the run itself. */
const TURN_SECONDS = 0.8;

/** Measures shards, then with the number that came out of it flush policies and arenas. A text: why it cannot be done. */
export async function benchNode(
  request: TuneRequest,
  node: NodeConfig,
  { program, generator: generatorUrl }: TuneProgram,
  available: Available,
  volume: VolumeFacts,
  directory: string,
): Promise<{ readonly bench: BenchResult; readonly settings: readonly SettingAnswer[] } | string> {
  if (volume.freeBytes < FREE_BYTES_MIN)
    return 'the bench needs 2 GiB of free space on the volume of the data directory';
  withoutBrokerVariables();
  const { seconds, rounds, preference } = request;
  const pages = new PagePool(directory, Math.min(RUN_BYTES, volume.freeBytes / 16));
  const warmUpSeconds = Math.min(0.3, seconds / 3);
  const bounds = { seconds, warmUpSeconds, pages };
  const flushSeconds = seconds < 0.5 ? seconds : Math.max(FLUSH_SECONDS_MIN, seconds);
  const othersMax = OTHERS_SHARE_MAX * machineCores();
  const progress = new Progress(process.stderr);
  const generator = new GeneratorProcess(generatorUrl);
  const ground: TrialGround = { program, directory, rounds, bounds, generator, progress, othersMax };
  const numbers = shardCandidates(available.cores, node.shards);
  // What a volume of memory says of syncs is worth nothing.
  const policies = ['tmpfs', 'ramfs'].includes(volume.fileSystem) ? [node.storage.flushPolicy] : FLUSH_POLICIES;
  const shardTurns = turnsOf(ground, numbers.length, SHARD_LOADS.length);
  const flushTurns = policies.length < 2 ? 0 : turnsOf(ground, policies.length, 1);
  const arenaTurns = turnsOf(
    ground,
    arenaCandidates(node.network.arenaBytes, node.shards, available.memoryBytes).length,
    1,
  );
  progress.expect(shardTurns + flushTurns + arenaTurns);
  const longer = flushTurns * (flushSeconds + TURN_SECONDS) + (shardTurns + arenaTurns) * (seconds + TURN_SECONDS);
  progress.note(`measuring for about ${Math.ceil(longer / 10) * 10} s; stop what else is busy on this machine`);
  try {
    const byShards = await runTrial(
      ground,
      numbers.map((shards) => ({ key: shards, name: shardsText(shards), shards, overrides: [] })),
      SHARD_LOADS,
    );
    const shardQuestion = { preference, available, current: node.shards, measured: byShards };
    const shardAnswer = recommendShards(shardQuestion);
    const shards = shardAnswer.shards ?? Math.min(node.shards, numbers.at(-1)!);

    const current = node.storage.flushPolicy;
    const intervalMs = Math.max(1, Math.min(node.storage.flushIntervalMs, (flushSeconds * 1000) / SYNCS_IN_A_RUN));
    const byPolicy: Trial<FlushPolicy> =
      policies.length < 2
        ? new Map()
        : await runTrial(
            { ...ground, bounds: { ...bounds, seconds: flushSeconds } },
            policies.map((policy) => ({
              key: policy,
              name: policy,
              shards,
              overrides: [`millrace.flush.policy=${policy}`, `millrace.flush.interval.ms=${Math.round(intervalMs)}`],
            })),
            [FLUSH_LOAD],
          );
    const flush = recommendFlush(current, samplesOf(byPolicy, FLUSH_LOAD.name));

    const arena = node.network.arenaBytes;
    const byArena = await runTrial(
      ground,
      arenaCandidates(arena, shards, available.memoryBytes).map((bytes) => ({
        key: bytes,
        name: `arenas of ${Math.round(bytes / MIB)} MiB`,
        shards,
        overrides: [
          `millrace.arena.bytes=${bytes}`,
          `socket.request.max.bytes=${Math.min(node.network.requestBytesMax, bytes)}`,
        ],
      })),
      [ARENA_LOAD],
    );
    const arenas = recommendArena(arena, samplesOf(byArena, ARENA_LOAD.name), {
      shards,
      memoryBytes: available.memoryBytes,
    });

    const answers = [
      shardsAnswer(node.shards, shardAnswer, preference),
      ...(policies.length < 2 ? [] : [flushAnswer(current, flush, volume.syncMs.median)]),
      arenaAnswer(arena, arenas),
    ];
    const rows = {
      shards: trialRows(byShards, SHARD_LOADS, shardsText),
      flush: trialRows(byPolicy, [FLUSH_LOAD], String),
      arena: trialRows(byArena, [ARENA_LOAD], (bytes) => `${Math.round(bytes / MIB)} MiB`),
    };
    const all = [...rows.shards, ...rows.flush, ...rows.arena];
    const samples = all.flatMap((row) => row.rounds);
    const disturbed = samples.filter((sample) => sample.isDisturbed).length / samples.length;
    const others = all.reduce((sum, row) => sum + row.others, 0) / all.length;
    return {
      bench: { seconds, rounds, others, disturbed, ...rows },
      settings: answers.map((answer) => ({ ...answer, writtenIn: null, isFromFile: false })),
    };
  } catch (error) {
    return `the bench failed: ${error instanceof Error ? error.message : String(error)}`;
  } finally {
    generator.end();
    progress.clear();
  }
}

function samplesOf<Key>(trial: Trial<Key>, load: string): ReadonlyMap<Key, readonly Sample[]> {
  return new Map([...trial].map(([key, loads]) => [key, loads.get(load) ?? []]));
}

function shardsText(shards: number): string {
  return `${shards} ${shards === 1 ? 'shard' : 'shards'}`;
}

/** All of them, as it is all of them that the kernel tells the use of. */
function machineCores(): number {
  return Math.max(1, cpus().length);
}

/** Brokers of the bench are what their options say: children would read these. */
function withoutBrokerVariables(): void {
  for (const name of Object.keys(process.env)) {
    if (/^(?:KAFKA|MILLRACE)_/.test(name)) delete process.env[name];
  }
}
