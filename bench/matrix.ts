/** The rows one after the other, each with the targets that belong to it, and what they told. */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildPackage } from './built_package.ts';
import { KafkaProcess } from './kafka_process.ts';
import { LimitTarget } from './limit_target.ts';
import { GeneratorProcess } from './load/client.ts';
import type { BrokerAddress } from './load/session.ts';
import { PagePool } from './measure/page_pool.ts';
import type { Progress } from './progress.ts';
import type { Figure, LoadRowResult, RowResult, StateRowResult } from './result.ts';
import { benchRows, SHARD_COUNTS, type BenchRow, type LoadRow, type StateRow } from './rows.ts';
import { measure, runRows, type MeasureBounds } from './runner.ts';
import { measureState } from './states/states.ts';
import { BuiltSubject, OtherSubject, type Subject } from './states/subject.ts';
import { BrokerTarget, type Target } from './targets.ts';

/** What a run may write, warm-up included. */
const RUN_BYTES = 512 * 2 ** 20;
const WARM_UP_SECONDS = 0.3;
/** Of the runs that a shard's code is compiled in, for each row; measured ones come after them. */
const FIRST_SECONDS = 0.7;
/** The same for each of the shards that are compared: four on two cores compile four times, at a quarter of the speed. */
const FIRST_SECONDS_A_SHARD = 4;
/** Between so many targets memory changes hands for a few rounds until each finds what it left. */
const UNCOUNTED_ROUNDS = 2;

export interface MatrixOptions {
  readonly rows: readonly BenchRow[];
  readonly directory: string;
  readonly seconds: number;
  readonly repetitions: number;
  readonly shards: number;
  readonly overrides: readonly string[];
  readonly against: BrokerAddress | null;
  readonly pid: number | null;
  /** Where a release of Apache Kafka lies that is to be started and measured. */
  readonly kafka: string | null;
  /** Seconds that another broker works before it is measured. */
  readonly warmUp: number;
}

export async function runMatrix(options: MatrixOptions, progress: Progress): Promise<RowResult[]> {
  const directory = mkdtempSync(join(options.directory, 'millrace-bench-'));
  const generator = new GeneratorProcess();
  const matrix = new Matrix(options, directory, generator, progress);
  let kafka: KafkaProcess | null = null;
  try {
    if (options.kafka !== null) {
      progress.note('starting Apache Kafka');
      kafka = await KafkaProcess.start(options.kafka, directory);
    }
    return await matrix.run(
      kafka === null ? options.against : { host: '127.0.0.1', port: kafka.port },
      kafka === null ? options.pid : kafka.pid,
      kafka === null ? 'other' : 'Kafka',
    );
  } finally {
    generator.end();
    await kafka?.end();
    rmSync(directory, { recursive: true, force: true });
  }
}

class Matrix {
  readonly #options: MatrixOptions;
  readonly #directory: string;
  readonly #generator: GeneratorProcess;
  readonly #progress: Progress;
  readonly #bounds: MeasureBounds;

  constructor(options: MatrixOptions, directory: string, generator: GeneratorProcess, progress: Progress) {
    this.#options = options;
    this.#directory = directory;
    this.#generator = generator;
    this.#progress = progress;
    const pages = new PagePool(directory, RUN_BYTES);
    this.#bounds = { seconds: options.seconds, warmUpSeconds: WARM_UP_SECONDS, pages };
  }

  async run(address: BrokerAddress | null, pid: number | null, name: string): Promise<RowResult[]> {
    const { rows } = this.#options;
    const loads = rows.filter((row) => row.kind === 'load');
    const plain = loads.filter((row) => !row.acrossShards);
    const sharded = loads.filter((row) => row.acrossShards);
    const states = rows.filter((row) => row.kind === 'state');
    const others = address === null ? 0 : 1;
    this.#progress.expect(
      this.#options.repetitions * (plain.length * (2 + others) + sharded.length * 2 * SHARD_COUNTS.length) +
        states.reduce((sum, row) => sum + row.repetitions * (1 + others), 0),
    );
    const told: RowResult[] = [];
    const reachOther = (): Promise<BrokerTarget[]> =>
      address === null ? Promise.resolve([]) : BrokerTarget.reach(name, address, pid).then((target) => [target]);
    if (plain.length > 0) {
      told.push(
        ...(await this.#loads(plain, async () => [
          await BrokerTarget.start('millrace', this.#own(this.#options.shards)),
          ...(await reachOther()),
        ])),
      );
    }
    if (sharded.length > 0) {
      told.push(
        ...(await this.#loads(sharded, async () => {
          const targets: Target[] = [];
          for (const shards of SHARD_COUNTS) {
            targets.push(await BrokerTarget.start(shards === 1 ? '1 shard' : `${shards} shards`, this.#own(shards)));
          }
          return targets;
        })),
      );
    }
    if (states.length > 0) {
      const subjects: Subject[] = [];
      if (address !== null && pid !== null) subjects.push(new OtherSubject(name, address, pid));
      told.push(...(await this.#states(states, subjects)));
    }
    return told;
  }

  #own(shards: number): { directory: string; shards: number; overrides: readonly string[] } {
    return { directory: this.#directory, shards, overrides: this.#options.overrides };
  }

  /** The targets, the first of them ours, live as long as these rows take. */
  async #loads(rows: readonly LoadRow[], start: () => Promise<Target[]>): Promise<LoadRowResult[]> {
    const { repetitions, warmUp } = this.#options;
    const acrossShards = rows[0]!.acrossShards;
    const threads = acrossShards ? SHARD_COUNTS : [1];
    const limits = threads.map((count) => new LimitTarget(this.#directory, count));
    const told: LoadRowResult[] = [];
    let targets: Target[] = [];
    try {
      targets = await start();
      // Where each of several shards compiles for itself, one row at a time is warm.
      for (const group of acrossShards ? rows.map((row) => [row]) : [rows]) {
        for (const [index, target] of targets.entries()) {
          const other = index > 0 && target.counted === null;
          const first = acrossShards ? FIRST_SECONDS_A_SHARD * SHARD_COUNTS[index]! : FIRST_SECONDS;
          if (other) this.#progress.note(`warming ${target.name} for ${warmUp} s`);
          await this.#warm(group, target, other ? Math.max(first, warmUp / group.length) : first);
        }
        // The bare loop of one thread has next to nothing to compile.
        for (const [index, limit] of limits.entries()) {
          if (index > 0) await this.#warm(group, limit, FIRST_SECONDS * threads[index]!);
        }
        const all = [...targets, ...limits];
        for (let round = acrossShards ? UNCOUNTED_ROUNDS : 0; round > 0; round--) {
          for (const row of group) for (const target of all) await measure(this.#bounds, row, target, this.#generator);
        }
        told.push(...(await runRows(group, all, repetitions, this.#bounds, this.#generator, this.#progress)));
      }
      return told;
    } finally {
      for (const target of targets) await target.end();
      for (const limit of limits) await limit.end();
    }
  }

  /** So long with each row, in pieces of what a measured run takes, as each is bounded in what it writes. */
  async #warm(rows: readonly LoadRow[], target: Target, seconds: number): Promise<void> {
    for (const row of rows) {
      for (const untilMs = performance.now() + seconds * 1000; performance.now() < untilMs;) {
        const piece = Math.min(this.#bounds.seconds, (untilMs - performance.now()) / 1000);
        await measure({ ...this.#bounds, seconds: Math.max(0.1, piece) }, row, target, this.#generator);
      }
    }
  }

  async #states(rows: readonly StateRow[], others: readonly Subject[]): Promise<StateRowResult[]> {
    this.#progress.note('building the package');
    const tree = buildPackage(this.#directory);
    const loads = benchRows.filter((row) => row.kind === 'load').filter((row) => !row.acrossShards);
    const results: StateRowResult[] = [];
    for (const row of rows) {
      const shards = row.state === 'loaded' ? row.count : this.#options.shards;
      const own = new BuiltSubject(this.#directory, tree, shards, this.#options.overrides);
      const targets: { name: string; figures: readonly Figure[] }[] = [];
      for (const subject of [own, ...others]) {
        const figures = new Map<string, { name: string; unit: string; values: number[] }>();
        for (let repetition = 0; repetition < row.repetitions; repetition++) {
          this.#progress.step(`${row.name}, ${subject.name} (${repetition + 1} of ${row.repetitions})`);
          for (const { name, unit, value } of await measureState(row, subject, loads, this.#generator)) {
            const known = figures.get(name) ?? { name, unit, values: [] };
            known.values.push(value);
            figures.set(name, known);
          }
        }
        if (figures.size > 0) targets.push({ name: subject.name, figures: [...figures.values()] });
      }
      results.push({ kind: 'state', name: row.name, title: row.title, targets });
    }
    return results;
  }
}
