import { cpus } from 'node:os';
import { GeneratorProcess } from '../../bench/load/client.ts';
import { PagePool } from '../../bench/measure/page_pool.ts';
import { median } from '../../bench/measure/statistics.ts';
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
import { runTrial, type Trial, type TrialGround } from './trial.ts';
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
  /** Cores that neither broker nor load generator used, median over all runs. */
  readonly others: number;
  /** Of all samples, those in which others used so much that they count for nothing. */
  readonly disturbed: number;
  readonly shards: readonly TrialRow[];
  readonly flush: readonly TrialRow[];
  readonly arena: readonly TrialRow[];
}

const MIB = 2 ** 20;
/** What a run of a second or more writes at most. */
const RUN_BYTES = 512 * MIB;
const FREE_BYTES_MIN = 2048 * MIB;
/** A run says nothing of syncs that it does not live to see. */
const FLUSH_SECONDS_MIN = 2;
const SYNCS_IN_A_RUN = 4;
/** Of the machine's processors, beyond what brokers and load generator use: more disturbs. */
const OTHERS_SHARE_MAX = 0.15;
/** What a turn takes beside the run itself. */
const TURN_SECONDS = 0.8;

/**
 * Measures what was asked for: shards first, then with the number that came out of it flush policies and arenas. A text: why
 * it cannot be done.
 */
export async function benchNode(
  request: TuneRequest,
  subject: TuneSubject,
  { program, generator: generatorUrl }: TuneProgram,
  volume: VolumeFacts,
  directory: string,
): Promise<Benched | string> {
  if (volume.freeBytes < FREE_BYTES_MIN)
    return 'the bench needs 2 GiB of free space on the volume of the data directory';
  withoutBrokerVariables();
  const { seconds, rounds, only } = request;
  const pages = new PagePool(directory, Math.min(RUN_BYTES * Math.min(1, seconds), volume.freeBytes / 16));
  const bounds = { seconds, warmUpSeconds: Math.min(0.3, seconds / 3), pages };
  const othersMax = OTHERS_SHARE_MAX * machineCores();
  const progress = new Progress(process.stderr);
  const generator = new GeneratorProcess(generatorUrl);
  const ground: TrialGround = { program, directory, rounds, bounds, generator, progress, othersMax };
  const bench = new NodeBench(request, subject, volume, ground);
  const isAsked = (what: TuneRequest['only']): boolean => only === null || only === what;
  bench.announce(isAsked);
  try {
    if (isAsked('shards')) await bench.measureShards();
    if (isAsked('flush')) await bench.measureFlush();
    if (isAsked('arena')) await bench.measureArena();
    return bench.result();
  } catch (error) {
    return `the bench failed: ${error instanceof Error ? error.message : String(error)}`;
  } finally {
    generator.end();
    progress.clear();
  }
}

/** The node that is to be tuned. */
export interface TuneSubject {
  readonly node: NodeConfig;
  readonly available: Available;
  /** The size of each arena with so many shards: written, or derived. */
  arenaBytesOf(shards: number): number;
}

interface Benched {
  readonly bench: BenchResult;
  readonly settings: readonly SettingAnswer[];
}

class NodeBench {
  readonly #request: TuneRequest;
  readonly #subject: TuneSubject;
  readonly #node: NodeConfig;
  readonly #available: Available;
  readonly #volume: VolumeFacts;
  readonly #ground: TrialGround;
  readonly #numbers: readonly number[];
  readonly #policies: readonly FlushPolicy[];
  readonly #flushSeconds: number;
  readonly #rows = { shards: [] as TrialRow[], flush: [] as TrialRow[], arena: [] as TrialRow[] };
  readonly #settings: SettingAnswer[] = [];
  /** What all else is measured with: the current number, until there is a better one. */
  #shards: number;

  constructor(request: TuneRequest, subject: TuneSubject, volume: VolumeFacts, ground: TrialGround) {
    const { node, available } = subject;
    this.#subject = subject;
    this.#request = request;
    this.#node = node;
    this.#available = available;
    this.#volume = volume;
    this.#ground = ground;
    this.#shards = node.shards;
    this.#numbers = shardCandidates(available.cores, node.shards);
    // What a volume of memory says of syncs is worth nothing.
    const isMemory = ['tmpfs', 'ramfs'].includes(volume.fileSystem);
    this.#policies = isMemory ? [] : FLUSH_POLICIES;
    const { seconds } = request;
    this.#flushSeconds = seconds < 0.5 ? seconds : Math.max(FLUSH_SECONDS_MIN, seconds);
  }

  /** Says how long it will take. */
  announce(isAsked: (what: TuneRequest['only']) => boolean): void {
    const { rounds, seconds } = this.#request;
    const { progress } = this.#ground;
    const turns = {
      shards: isAsked('shards') ? rounds * this.#numbers.length * SHARD_LOADS.length : 0,
      flush: isAsked('flush') ? rounds * this.#policies.length : 0,
      arena: isAsked('arena') ? rounds * this.#arenas().length : 0,
    };
    progress.expect(turns.shards + turns.flush + turns.arena);
    const took =
      (turns.shards + turns.arena) * (seconds + TURN_SECONDS) + turns.flush * (this.#flushSeconds + TURN_SECONDS);
    progress.note(`measuring for about ${Math.ceil(took / 10) * 10} s; stop what else is busy on this machine`);
  }

  async measureShards(): Promise<void> {
    const { preference } = this.#request;
    const current = this.#node.shards;
    const measured = await runTrial(
      this.#ground,
      this.#numbers.map((shards) => ({ key: shards, name: shardsText(shards), shards, overrides: [] })),
      SHARD_LOADS,
    );
    const answer = recommendShards({ preference, available: this.#available, current, measured });
    this.#rows.shards.push(...trialRows(measured, SHARD_LOADS, shardsText));
    this.#tell(shardsAnswer(current, answer, preference));
    this.#shards = answer.shards ?? current;
  }

  async measureFlush(): Promise<void> {
    if (this.#policies.length === 0) return;
    const { flushPolicy, flushIntervalMs } = this.#node.storage;
    const intervalMs = Math.round(Math.max(1, Math.min(flushIntervalMs, (this.#flushSeconds * 1000) / SYNCS_IN_A_RUN)));
    const bounds = { ...this.#ground.bounds, seconds: this.#flushSeconds };
    const measured = await runTrial(
      { ...this.#ground, bounds },
      this.#policies.map((policy) => ({
        key: policy,
        name: policy,
        shards: this.#shards,
        overrides: [`millrace.flush.policy=${policy}`, `millrace.flush.interval.ms=${intervalMs}`],
      })),
      [FLUSH_LOAD],
    );
    const answer = recommendFlush(flushPolicy, samplesOf(measured, FLUSH_LOAD.name));
    this.#rows.flush.push(...trialRows(measured, [FLUSH_LOAD], String));
    this.#tell(flushAnswer(flushPolicy, answer, this.#volume.syncMs.median));
  }

  async measureArena(): Promise<void> {
    const { requestBytesMax } = this.#node.network;
    const arenaBytes = this.#subject.arenaBytesOf(this.#shards);
    const measured = await runTrial(
      this.#ground,
      this.#arenas().map((bytes) => ({
        key: bytes,
        name: `arenas of ${mebibytes(bytes)}`,
        shards: this.#shards,
        overrides: [`millrace.arena.bytes=${bytes}`, `socket.request.max.bytes=${Math.min(requestBytesMax, bytes)}`],
      })),
      [ARENA_LOAD],
    );
    const limits = { shards: this.#shards, memoryBytes: this.#available.memoryBytes };
    const answer = recommendArena(arenaBytes, samplesOf(measured, ARENA_LOAD.name), limits);
    this.#rows.arena.push(...trialRows(measured, [ARENA_LOAD], mebibytes));
    this.#tell(arenaAnswer(arenaBytes, answer));
  }

  result(): Benched {
    const { seconds, rounds } = this.#request;
    const all = [...this.#rows.shards, ...this.#rows.flush, ...this.#rows.arena];
    const samples = all.flatMap((row) => row.rounds);
    const disturbed = samples.filter((sample) => sample.isDisturbed).length / Math.max(1, samples.length);
    const others = median(samples.map((sample) => sample.others));
    return { bench: { seconds, rounds, others, disturbed, ...this.#rows }, settings: this.#settings };
  }

  #arenas(): readonly number[] {
    return arenaCandidates(this.#subject.arenaBytesOf(this.#shards), this.#shards, this.#available.memoryBytes);
  }

  #tell(answer: Omit<SettingAnswer, 'writtenIn' | 'isFromFile'>): void {
    this.#settings.push({ ...answer, writtenIn: null, isFromFile: false });
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

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / MIB)} MiB`;
}

/** Brokers of the bench are what their options say: children would read these. */
function withoutBrokerVariables(): void {
  for (const name of Object.keys(process.env)) {
    if (/^(?:KAFKA|MILLRACE)_/.test(name)) delete process.env[name];
  }
}
