import { assert } from '../base/assert.ts';
import { SHARDS_MAX } from '../config/build_node_config.ts';
import { median } from '../../bench/measure/statistics.ts';

/** What one run of one load on one broker told. */
export interface Sample {
  /** Units of work in a second of the clock; the load generator ran on the same cores. */
  readonly perSecond: number;
  /** Units of work for a CPU-second of the broker; 0 where the system does not tell CPU time. */
  readonly perCpuSecond: number;
  readonly p99Ms: number;
  /** Cores that neither the broker nor the generator used. */
  readonly others: number;
  /** They were so many that the sample says more of the others. */
  readonly isDisturbed: boolean;
  /** The most memory that the broker had resident. */
  readonly peakBytes: number;
}

/** Of each load, the samples of all rounds. Rounds are what compares: everybody had a turn in each. */
export type Measured = ReadonlyMap<string, readonly Sample[]>;

/**
 * `better` and `worse`: the gain is larger than the noise, and worth a change. `same`: it is not, and noise would not have
 * hidden one that is. `inconclusive`: it might have.
 */
export type Verdict = 'better' | 'same' | 'worse' | 'inconclusive';

export interface Judgement {
  readonly verdict: Verdict;
  /** Median over the rounds; 0.1 is a tenth more than what it is compared with. */
  readonly gain: number;
  /** Half of what lies between the best and the worst round. */
  readonly noise: number;
}

/** A smaller gain is not worth a setting of one's own. */
export const GAIN_MIN = 0.05;

/** Fewer rounds agree by chance. */
export const ROUNDS_MIN = 3;

/** `ratios`: one of each round, of what was measured to what it is compared with; NaN of a round that tells nothing. */
export function judge(ratios: readonly number[]): Judgement {
  const told = ratios.filter((ratio) => Number.isFinite(ratio) && ratio > 0);
  if (told.length === 0) return { verdict: 'inconclusive', gain: 0, noise: Number.POSITIVE_INFINITY };
  const gain = median(told) - 1;
  if (told.length < ROUNDS_MIN) return { verdict: 'inconclusive', gain, noise: Number.POSITIVE_INFINITY };
  const least = Math.min(...told);
  const most = Math.max(...told);
  const noise = (most - least) / 2;
  const allAgree = gain > 0 ? least > 1 : most < 1;
  if (allAgree && Math.abs(gain) > Math.max(noise, GAIN_MIN)) {
    return { verdict: gain > 0 ? 'better' : 'worse', gain, noise };
  }
  return { verdict: noise <= GAIN_MIN ? 'same' : 'inconclusive', gain, noise };
}

/**
 * What a number of shards is to be good for. `throughput`: what the broker can do at most when it has its processors for
 * itself. `cpu`: work for a CPU-second, for a broker that shares its processors or is never busy.
 */
export type Preference = 'throughput' | 'cpu';

export interface ShardQuestion {
  readonly preference: Preference;
  readonly available: { readonly cores: number; readonly processors: number };
  /** What the configuration says now, written or derived. */
  readonly current: number;
  /** By number of shards; the current number is among them. */
  readonly measured: ReadonlyMap<number, Measured>;
}

export interface ShardJudgement extends Judgement {
  readonly shards: number;
}

export interface ShardAnswer {
  /** Null: stay with the current number. */
  readonly shards: number | null;
  /** Of each other number, beside the current one. */
  readonly judged: readonly ShardJudgement[];
}

/**
 * The fewest shards that have all the gain that can be told from noise; never more than there are cores. A shard is one
 * thread, so n of them use n processors at most: what they can do at most is their work for a CPU-second times that. It is
 * not measured as throughput, as the load generator takes part of the same processors here.
 */
export function recommendShards(question: ShardQuestion): ShardAnswer {
  const { current, measured, available } = question;
  const judged: ShardJudgement[] = [];
  let best = current;
  for (const shards of [...measured.keys()].sort((left, right) => left - right)) {
    if (shards === current) continue;
    const judgement = judge(shardRatios(question, shards, current));
    judged.push({ shards, ...judgement });
    if (judgement.verdict !== 'better' || shards > available.cores) continue;
    if (best === current || judge(shardRatios(question, shards, best)).verdict === 'better') best = shards;
  }
  return { shards: best === current ? null : best, judged };
}

/** Of each round: the geometric mean over all loads of what `shards` are worth beside `reference`. */
function shardRatios({ measured, available, preference }: ShardQuestion, shards: number, reference: number): number[] {
  const of = measured.get(shards);
  const beside = measured.get(reference);
  assert(of !== undefined && beside !== undefined, 'both numbers of shards were measured');
  const worth = (sample: Sample, count: number): number => {
    if (sample.perCpuSecond === 0) return sample.perSecond;
    return preference === 'cpu' ? sample.perCpuSecond : sample.perCpuSecond * Math.min(count, available.processors);
  };
  const perLoad = [...of].map(([load, samples]) =>
    roundRatios(
      samples,
      beside.get(load) ?? [],
      (sample) => worth(sample, shards),
      (sample) => worth(sample, reference),
    ),
  );
  const rounds = Math.min(...perLoad.map((ratios) => ratios.length));
  return Array.from({ length: Number.isFinite(rounds) ? rounds : 0 }, (_, round) =>
    Math.exp(perLoad.reduce((sum, ratios) => sum + Math.log(ratios[round]!), 0) / perLoad.length),
  );
}

function roundRatios(
  of: readonly Sample[],
  beside: readonly Sample[],
  ofWorth: (sample: Sample) => number,
  besideWorth: (sample: Sample) => number,
): number[] {
  const rounds = Math.min(of.length, beside.length);
  return Array.from({ length: rounds }, (_, round) => {
    const one = of[round]!;
    const other = beside[round]!;
    return one.isDisturbed || other.isDisturbed ? Number.NaN : ofWorth(one) / besideWorth(other);
  });
}

/** The weakest promise first. */
export const FLUSH_POLICIES = ['never', 'interval', 'acknowledged'] as const;
export type FlushPolicy = (typeof FLUSH_POLICIES)[number];

export interface FlushAnswer {
  /** Null: stay with the current policy. Never one that promises less. */
  readonly policy: FlushPolicy | null;
  readonly judged: readonly (Judgement & { readonly policy: FlushPolicy })[];
}

/** What a stronger promise may cost of the throughput. */
export const FLUSH_COST_MAX = 0.1;

/** The strongest promise that costs at most a tenth of the throughput and is told from noise as closely as that. */
export function recommendFlush(
  current: FlushPolicy,
  measured: ReadonlyMap<FlushPolicy, readonly Sample[]>,
): FlushAnswer {
  const beside = measured.get(current) ?? [];
  const judged = FLUSH_POLICIES.filter((policy) => policy !== current && measured.has(policy)).map((policy) => {
    const worth = (sample: Sample): number => sample.perSecond;
    return { policy, ...judge(roundRatios(measured.get(policy) ?? [], beside, worth, worth)) };
  });
  let best = current;
  for (const { policy, gain, noise } of judged) {
    const isStronger = FLUSH_POLICIES.indexOf(policy) > FLUSH_POLICIES.indexOf(best);
    if (isStronger && gain >= -FLUSH_COST_MAX && noise <= FLUSH_COST_MAX) best = policy;
  }
  return { policy: best === current ? null : best, judged };
}

export interface ArenaAnswer {
  /** Bytes of each shard; null: stay with the current size. */
  readonly arenaBytes: number | null;
  readonly judged: readonly (Judgement & { readonly arenaBytes: number })[];
}

/** Bounds of `millrace.arena.bytes` that are worth trying. */
const ARENA_BYTES_MIN = 8 * 2 ** 20;
const ARENA_BYTES_MAX = 2047 * 2 ** 20;

/** The smallest arena that has all the gain there is; all arenas together take at most half of the memory. */
export function recommendArena(
  current: number,
  measured: ReadonlyMap<number, readonly Sample[]>,
  limits: { readonly shards: number; readonly memoryBytes: number },
): ArenaAnswer {
  const judged: (Judgement & { readonly arenaBytes: number })[] = [];
  const worth = (sample: Sample): number => sample.perSecond;
  const judgeBeside = (bytes: number, reference: number): Judgement =>
    judge(roundRatios(measured.get(bytes) ?? [], measured.get(reference) ?? [], worth, worth));
  let best = current;
  for (const arenaBytes of [...measured.keys()].sort((left, right) => left - right)) {
    if (arenaBytes === current) continue;
    const judgement = judgeBeside(arenaBytes, current);
    judged.push({ arenaBytes, ...judgement });
    if (judgement.verdict !== 'better' || arenaBytes * limits.shards > limits.memoryBytes / 2) continue;
    if (best === current || judgeBeside(arenaBytes, best).verdict === 'better') best = arenaBytes;
  }
  return { arenaBytes: best === current ? null : best, judged };
}

/** Which numbers of shards are worth trying: powers of two up to the cores, all cores, and the current number. */
export function shardCandidates(cores: number, current: number): readonly number[] {
  const most = Math.min(SHARDS_MAX, cores);
  const tried = new Set([current, most]);
  for (let shards = 1; shards < most; shards *= 2) tried.add(shards);
  return [...tried].sort((left, right) => left - right);
}

/** Half of the current arena and twice of it, where that may be and memory has room for it. */
export function arenaCandidates(current: number, shards: number, memoryBytes: number): readonly number[] {
  const twice = Math.min(2 * current, ARENA_BYTES_MAX);
  const half = Math.max(ARENA_BYTES_MIN, Math.floor(current / 2));
  return [
    ...(half < current ? [half] : []),
    current,
    ...(twice > current && twice * shards <= memoryBytes / 2 ? [twice] : []),
  ];
}
