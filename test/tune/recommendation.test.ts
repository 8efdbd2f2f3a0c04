import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  arenaCandidates,
  FLUSH_POLICIES,
  GAIN_MIN,
  judge,
  recommendArena,
  recommendFlush,
  recommendShards,
  shardCandidates,
  type FlushPolicy,
  type Measured,
  type Sample,
} from '../../src/tune/recommendation.ts';

function sample(perCpuSecond: number, more: Partial<Sample> = {}): Sample {
  return { perSecond: perCpuSecond, perCpuSecond, p99Ms: 1, others: 0, isDisturbed: false, peakBytes: 0, ...more };
}

function measured(...perCpuSecond: readonly number[]): Measured {
  return new Map([['small', perCpuSecond.map((value) => sample(value))]]);
}

const two = { cores: 2, processors: 2 };

test('a gain counts when it is larger than the noise, worth a change, and there in every round', () => {
  equal(judge([1.2, 1.25, 1.3]).verdict, 'better');
  equal(judge([0.7, 0.75, 0.72]).verdict, 'worse');
  equal(judge([1, 1.02, 1.01]).verdict, 'same');
  equal(judge([1.03, 1.04, 1.03]).verdict, 'same', 'too little to change anything for');
  equal(judge([0.8, 1.3, 1.6]).verdict, 'inconclusive', 'one round says the opposite');
  equal(judge([1.01, 1.3, 2]).verdict, 'inconclusive', 'the spread is larger than the gain');
  equal(judge([1.5, 1.5]).verdict, 'inconclusive', 'two rounds agree by chance');
  equal(judge([1.5, Number.NaN, 1.5]).verdict, 'inconclusive', 'a round that was disturbed is none');
  equal(judge([]).verdict, 'inconclusive');
});

test('throughput: a second shard pays while it costs less than twice the CPU', () => {
  const ask = (perCpuOfTwo: number, preference: 'throughput' | 'cpu') =>
    recommendShards({
      preference,
      available: two,
      current: 1,
      measured: new Map([
        [1, measured(100, 101, 99)],
        [2, measured(perCpuOfTwo, perCpuOfTwo, perCpuOfTwo)],
      ]),
    });
  const dear = ask(70, 'throughput');
  equal(dear.shards, 2);
  ok(Math.abs(dear.judged[0]!.gain - 0.4) < 0.01);
  equal(ask(48, 'throughput').shards, null);
  equal(ask(70, 'cpu').shards, null);
  equal(ask(120, 'cpu').shards, 2);
});

test('of several better numbers the fewest shards that have the gain', () => {
  const rounds = new Map([
    [1, measured(100, 100, 100)],
    [2, measured(90, 91, 90)],
    [4, measured(46, 46, 46)],
  ]);
  const question = { preference: 'throughput', current: 1, measured: rounds } as const;
  equal(recommendShards({ ...question, available: { cores: 4, processors: 4 } }).shards, 2, '4 have 2 % more');
  equal(
    recommendShards({ ...question, available: { cores: 2, processors: 1.5 } }).shards,
    2,
    'a quota of 1.5 processors',
  );
});

test('more shards than cores are left for fewer only when these are better', () => {
  const of = (fewer: number) =>
    new Map([
      [2, measured(fewer, fewer, fewer)],
      [8, measured(60, 60, 60)],
    ]);
  const question = { preference: 'throughput', available: two, current: 8 } as const;
  equal(recommendShards({ ...question, measured: of(90) }).shards, 2);
  equal(recommendShards({ ...question, measured: of(61) }).shards, null);
});

test('without CPU time of the system, throughput decides; what others disturbed does not', () => {
  const blind = (perSecond: number): Sample => sample(0, { perSecond });
  const question = { preference: 'throughput', available: two, current: 2 } as const;
  const rounds = (samples: readonly Sample[]): Measured => new Map([['small', samples]]);
  const one = rounds([blind(20), blind(21), blind(20)]);
  const other = rounds([blind(10), blind(10), blind(10)]);
  const blindly = { ...question, measured: new Map([1, 2].map((shards) => [shards, shards === 1 ? one : other])) };
  equal(recommendShards(blindly).shards, 1);
  const disturbed = rounds([blind(20), { ...blind(21), isDisturbed: true }, blind(20)]);
  const answer = recommendShards({
    ...question,
    measured: new Map(Object.entries({ 1: disturbed, 2: other }).map(([shards, loads]) => [Number(shards), loads])),
  });
  equal(answer.shards, null);
  equal(answer.judged[0]!.verdict, 'inconclusive');
});

test('property: never more shards than cores, never without a gain beyond noise in every round', () => {
  const value = fc.double({ min: 1, max: 1000, noNaN: true });
  const drawn = fc.record({
    cores: fc.integer({ min: 1, max: 64 }),
    current: fc.integer({ min: 1, max: 62 }),
    rounds: fc.integer({ min: 1, max: 6 }),
    preference: fc.constantFrom('throughput' as const, 'cpu' as const),
    values: fc.array(value, { minLength: 1, maxLength: 40 }),
  });
  let recommended = 0;
  fc.assert(
    fc.property(drawn, ({ cores, current, rounds, preference, values }) => {
      let next = 0;
      const numbers = shardCandidates(cores, current);
      ok(numbers.includes(current));
      const loads = (): Measured =>
        new Map(
          ['a', 'b'].map((load) => [
            load,
            Array.from({ length: rounds }, () => sample(values[next++ % values.length]!)),
          ]),
        );
      const all = new Map(numbers.map((shards) => [shards, loads()]));
      const available = { cores, processors: cores };
      const { shards, judged } = recommendShards({ preference, available, current, measured: all });
      equal(judged.length, numbers.length - 1);
      if (shards === null) return;
      recommended++;
      ok(shards <= cores && shards !== current);
      const mine = judged.find((one) => one.shards === shards)!;
      ok(mine.gain > mine.noise && mine.gain > GAIN_MIN && rounds >= 3);
      const worth = (of: number, round: number): number => {
        const used = preference === 'cpu' ? 1 : Math.min(of, cores);
        return ['a', 'b'].reduce((product, load) => product * all.get(of)!.get(load)![round]!.perCpuSecond * used, 1);
      };
      for (let round = 0; round < rounds; round++) ok(worth(shards, round) > worth(current, round));
    }),
  );
  ok(recommended > 0, 'some draws have a gain');
});

test('flush: the strongest promise that costs a tenth at most, and never a weaker one', () => {
  const rounds = (value: number, spread = 0): readonly Sample[] =>
    [value, value + spread, value - spread].map((perSecond) => sample(1, { perSecond }));
  const ask = (current: FlushPolicy, never: number, interval: number, acknowledged: number, spread = 0) =>
    recommendFlush(
      current,
      new Map([
        ['never', rounds(never)],
        ['interval', rounds(interval)],
        ['acknowledged', rounds(acknowledged, spread)],
      ]),
    ).policy;
  equal(ask('never', 100, 99, 95), 'acknowledged');
  equal(ask('never', 100, 95, 60), 'interval');
  equal(ask('never', 100, 80, 60), null);
  equal(ask('interval', 300, 100, 60), null);
  equal(ask('acknowledged', 300, 200, 100), null);
  equal(ask('never', 100, 80, 95, 30), null, 'it cannot be told');
  const value = fc.double({ min: 1, max: 1000, noNaN: true });
  fc.assert(
    fc.property(fc.constantFrom(...FLUSH_POLICIES), value, value, value, (current, never, interval, acknowledged) => {
      const policy = ask(current, never, interval, acknowledged);
      ok(policy === null || FLUSH_POLICIES.indexOf(policy) > FLUSH_POLICIES.indexOf(current));
    }),
  );
});

test('arenas: a larger one for a gain, while all of them leave half of the memory', () => {
  const mib = 2 ** 20;
  const rounds = (...values: readonly number[]): readonly Sample[] =>
    values.map((perSecond) => sample(1, { perSecond }));
  const ask = (memoryBytes: number, twice: readonly Sample[]) =>
    recommendArena(
      128 * mib,
      new Map([
        [64 * mib, rounds(90, 91, 90)],
        [128 * mib, rounds(100, 101, 100)],
        [256 * mib, twice],
      ]),
      { shards: 2, memoryBytes },
    ).arenaBytes;
  equal(ask(4096 * mib, rounds(150, 151, 150)), 256 * mib);
  equal(ask(600 * mib, rounds(150, 151, 150)), null);
  equal(ask(4096 * mib, rounds(101, 99, 100)), null);
});

test('what is tried', () => {
  deepEqual(shardCandidates(1, 1), [1]);
  deepEqual(shardCandidates(2, 2), [1, 2]);
  deepEqual(shardCandidates(6, 6), [1, 2, 4, 6]);
  deepEqual(shardCandidates(4, 8), [1, 2, 4, 8]);
  deepEqual(shardCandidates(96, 62), [1, 2, 4, 8, 16, 32, 62]);
  const mib = 2 ** 20;
  deepEqual(arenaCandidates(256 * mib, 2, 8192 * mib), [128 * mib, 256 * mib, 512 * mib]);
  deepEqual(arenaCandidates(256 * mib, 2, 1024 * mib), [128 * mib, 256 * mib]);
  deepEqual(arenaCandidates(8 * mib, 1, 1024 * mib), [8 * mib, 16 * mib]);
});
