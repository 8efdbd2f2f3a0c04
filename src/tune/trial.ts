import type { GeneratorProcess } from '../../bench/load/client.ts';
import type { Progress } from '../../bench/progress.ts';
import type { Measurement } from '../../bench/result.ts';
import type { LoadRow } from '../../bench/rows.ts';
import { measure, type MeasureBounds } from '../../bench/runner.ts';
import { BrokerTarget } from '../../bench/targets.ts';
import type { Sample } from './recommendation.ts';

/** What all trials share. */
export interface TrialGround {
  /** The program as it runs here: `entry` is a path below `tree`. */
  readonly program: { readonly tree: string; readonly entry: string };
  /** Brokers keep their data below it; on the volume that is to be used. */
  readonly directory: string;
  readonly rounds: number;
  readonly bounds: MeasureBounds;
  readonly generator: GeneratorProcess;
  readonly progress: Progress;
  /** Cores used by others from which on a sample says more of them. */
  readonly othersMax: number;
}

/** One way to run a broker. */
export interface Candidate<Key> {
  readonly key: Key;
  readonly name: string;
  readonly shards: number;
  /** `key=value` each. */
  readonly overrides: readonly string[];
}

/** By candidate and load, a sample of each round. */
export type Trial<Key> = ReadonlyMap<Key, ReadonlyMap<string, readonly Sample[]>>;

/**
 * Runs the loads on all candidates: their brokers live side by side and have turns in each round, the order turned round from
 * one to the next, so that what changes on the machine meanwhile meets all of them.
 */
export async function runTrial<Key>(
  ground: TrialGround,
  candidates: readonly Candidate<Key>[],
  loads: readonly LoadRow[],
): Promise<Trial<Key>> {
  const { directory, program, generator, progress, bounds } = ground;
  const running: { readonly candidate: Candidate<Key>; readonly target: BrokerTarget }[] = [];
  const trial = new Map(
    candidates.map(({ key }) => [key, new Map(loads.map((load) => [load.name, [] as Sample[]]))] as const),
  );
  try {
    for (const candidate of candidates) {
      const { name, shards, overrides } = candidate;
      running.push({ candidate, target: await BrokerTarget.start(name, { directory, shards, overrides, ...program }) });
    }
    for (let round = 0; round < ground.rounds; round++) {
      for (const load of loads) {
        for (const { candidate, target } of round % 2 === 0 ? running : running.toReversed()) {
          progress.step(`${candidate.name}, ${load.title} (round ${round + 1} of ${ground.rounds})`);
          const measured = await measure(bounds, load, target, generator);
          trial
            .get(candidate.key)!
            .get(load.name)!
            .push(sampleOf(load, measured, ground.othersMax));
        }
      }
    }
  } finally {
    for (const { target } of running) await target.end();
  }
  return trial;
}

function sampleOf(load: LoadRow, measured: Measurement, othersMax: number): Sample {
  const { cpu, seconds, others, latencyUs, peakMemory } = measured;
  const units = load.unit === 'bytes' ? measured.bytes : measured.requests;
  const cpuSeconds = cpu === null ? 0 : cpu.user + cpu.kernel;
  return {
    perSecond: units / seconds,
    perCpuSecond: cpuSeconds === 0 ? 0 : units / cpuSeconds,
    p99Ms: latencyUs.p99 / 1000,
    others: others / seconds,
    isDisturbed: others / seconds > othersMax,
    peakBytes: peakMemory ?? 0,
  };
}
