/**
 * The load generator's process. Forked with an IPC channel it prepares a job, then runs it as often as it is told
 * over the same connections; see `client.ts` for the other side.
 */
import { CatchUpTraffic } from './fetch.ts';
import type { GeneratorAnswer, GeneratorRequest, LoadJob, LoadResult, RunBounds } from './job.ts';
import { PipelinedLane, Run, type Lane } from './lane.ts';
import { PacedLane } from './paced.ts';
import { ProduceTraffic, UnansweredLane, type ProduceShape } from './produce.ts';
import { buildBatch, type BuiltBatch } from './record_batch.ts';
import { TailLane } from './tail.ts';
import { LogLinearHistogram } from '../measure/histogram.ts';
import { cpuBetween, readMachineCpu, readProcessCpu } from '../measure/proc_stat.ts';

/** By topic id: only this process writes to a topic of its own. */
const topicEnds = new Map<string, Map<number, number>>();

class Generator {
  readonly #job: LoadJob;
  readonly #batch: BuiltBatch;
  readonly #lanes: Lane[] = [];

  private constructor(job: LoadJob) {
    this.#job = job;
    this.#batch = buildBatch(job, Date.now());
  }

  static async prepare(job: LoadJob, lanes: number | null): Promise<Generator> {
    const generator = new Generator(job);
    for (let lane = 0; lane < (lanes ?? job.connections); lane++) await generator.openLane(false);
    return generator;
  }

  async openLane(replace: boolean): Promise<void> {
    if (replace) this.#lanes.pop()?.close();
    this.#lanes.push(await this.#open(this.#lanes.length));
  }

  run(bounds: RunBounds): Promise<LoadResult> {
    const latencyUs = new LogLinearHistogram();
    const lanes = this.#lanes;
    return new Promise((resolve, reject) => {
      const watchedBefore = bounds.watch.map(readProcessCpu);
      const machineBefore = readMachineCpu();
      const ownBefore = process.cpuUsage();
      const startMs = performance.now();
      const run = new Run(lanes.length, startMs + bounds.seconds * 1000, latencyUs, (error) => {
        if (error !== null) return reject(error);
        const seconds = (performance.now() - startMs) / 1000;
        const own = process.cpuUsage(ownBefore);
        const machine = readMachineCpu();
        resolve({
          requests: run.requests,
          bytes: run.payloadBytes,
          records: Math.floor(run.payloadBytes / this.#batch.plainBytes) * this.#batch.records,
          seconds,
          latencyUs: {
            p50: latencyUs.percentile(0.5),
            p99: latencyUs.percentile(0.99),
            p999: latencyUs.percentile(0.999),
            max: latencyUs.max,
          },
          generator: { user: own.user / 1e6, kernel: own.system / 1e6 },
          watched: bounds.watch.map((pid, index) => cpuBetween(watchedBefore[index]!, readProcessCpu(pid))),
          machine: { busy: machine.busy - machineBefore.busy, stolen: machine.stolen - machineBefore.stolen },
        });
      });
      const whole = Math.floor(bounds.requests / lanes.length);
      const more = bounds.requests % lanes.length;
      lanes.forEach((lane, index) => lane.begin(run, whole + (index < more ? 1 : 0)));
    });
  }

  close(): void {
    for (const lane of this.#lanes) lane.close();
  }

  #open(lane: number): Promise<Lane> {
    const { host, port, inFlight, workload, connections, rate } = this.#job;
    // Half of the connections, every other one, catch up with one request in flight each.
    const half = connections >> 1;
    if (workload === 'both' && lane % 2 === 1) {
      return PipelinedLane.open(host, port, 1, this.#catchUp(lane >> 1, half, 1));
    }
    if (workload === 'catch-up') {
      return PipelinedLane.open(host, port, inFlight, this.#catchUp(lane, connections, inFlight));
    }
    if (workload === 'tail' || workload === 'paced') {
      const fetch = { maxWaitMs: 10_000, minBytes: 1, maxBytes: 8 << 20, partitionMaxBytes: 8 << 20 };
      const shape = {
        produce: this.#produce(lane, 1),
        fetchVersion: this.#job.fetchVersion,
        fetch,
        ends: this.#ends(),
      };
      if (workload === 'tail') return TailLane.open(host, port, shape, this.#batch);
      return PacedLane.open(host, port, shape, this.#batch, rate / connections, lane / connections);
    }
    const place = workload === 'both' ? lane >> 1 : lane;
    const shape = this.#produce(place * inFlight, inFlight);
    if (this.#job.acks === 0) return UnansweredLane.open(host, port, shape, this.#batch);
    return PipelinedLane.open(host, port, inFlight, new ProduceTraffic(shape, this.#batch));
  }

  #produce(firstPartition: number, inFlight: number): ProduceShape {
    const { partitions, acks, produceVersion } = this.#job;
    return { version: produceVersion, topic: this.#topic(), partitions, acks, inFlight, firstPartition };
  }

  /** Slots that share a partition begin at places spread over it. */
  #catchUp(lane: number, connections: number, inFlight: number): CatchUpTraffic {
    const { partitions, batchesPerPartition, fetchBytes } = this.#job;
    const firstBatches: number[] = [];
    for (let slot = 0; slot < inFlight; slot++) {
      const stream = lane * inFlight + slot;
      firstBatches.push(Math.floor((batchesPerPartition * stream) / (connections * inFlight)));
    }
    return new CatchUpTraffic({
      version: this.#job.fetchVersion,
      topic: this.#topic(),
      partitions,
      inFlight,
      firstPartition: lane * inFlight,
      batchBytes: this.#batch.bytes.length,
      recordsPerBatch: this.#batch.records,
      batchesPerPartition,
      firstBatches,
      fetch: { maxWaitMs: 500, minBytes: 1, maxBytes: fetchBytes, partitionMaxBytes: fetchBytes },
    });
  }

  #ends(): Map<number, number> {
    const { idHex } = this.#job.topic;
    const known = topicEnds.get(idHex) ?? new Map<number, number>();
    topicEnds.set(idHex, known);
    return known;
  }

  #topic(): { name: string; id: Uint8Array } {
    return { name: this.#job.topic.name, id: Buffer.from(this.#job.topic.idHex, 'hex') };
  }
}

let generator: Generator | null = null;

async function handle(request: GeneratorRequest): Promise<GeneratorAnswer> {
  switch (request.kind) {
    case 'prepare':
      generator?.close();
      generator = await Generator.prepare(request.job, request.lanes);
      return { kind: 'prepared' };
    case 'open':
      if (generator === null) throw new Error('nothing is prepared');
      await generator.openLane(request.replace);
      return { kind: 'prepared' };
    case 'run':
      if (generator === null) throw new Error('nothing is prepared');
      return { kind: 'ran', result: await generator.run(request.bounds) };
    case 'close':
      generator?.close();
      generator = null;
      return { kind: 'prepared' };
  }
}

process.on('message', (request: GeneratorRequest) => {
  handle(request)
    .catch((error: Error): GeneratorAnswer => ({ kind: 'failed', message: error.message }))
    .then((answer) => process.send!(answer));
});
process.on('disconnect', () => process.exit(0));
