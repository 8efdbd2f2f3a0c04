import type { SeededRandom } from '../../../src/base/random.ts';
import { logConfigDefaults } from '../../../src/log/log_config.ts';
import { LogFailure } from '../../../src/log/log_failure.ts';
import { recoverLog } from '../../../src/log/log_recovery.ts';
import { PartitionLog } from '../../../src/log/partition_log.ts';
import { readTransactionIndex } from '../../../src/log/transaction_index.ts';
import type { Disk } from '../../../src/port/disk.ts';
import { DiskError } from '../../../src/port/disk.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { IndexTailWriter, indexTailStride } from '../../../src/shared-memory/index_tail.ts';
import { inArena, makeBatch } from '../../log/batches.ts';
import type { BatchProducer } from '../../log/batches.ts';
import { endOf, ProducerModel, writtenOf } from '../../log/producer_model.ts';
import type { Verdict } from '../../log/producer_model.ts';
import type { Finding } from '../checkers.ts';
import type { DiskOperation } from '../disk_faults.ts';
import { readLog } from '../log_model.ts';
import { drawDiskOptions } from '../options.ts';
import { ProcessLife, type Ending, type Lives } from '../process_life.ts';
import type { Suite, SuiteOutcome } from '../run.ts';
import { SimDisk } from '../sim_disk.ts';
import { SimEntropy } from '../sim_entropy.ts';
import { simKernels } from '../sim_kernels.ts';
import type { World } from '../world.ts';

const directory = '/data/t-0';

const endingsOfProcess: readonly Ending[] = ['clean', 'kill', 'kill in a call'];
const allEndings: readonly Ending[] = [...endingsOfProcess, 'power', 'power in a call'];

/** What stays between two processes. */
interface Partition {
  readonly model: ProducerModel;
  recoveryPoint: number;
  isClean: boolean;
  /** Goes up with each process, and with each truncation, after which another one leads. */
  leaderEpoch: number;
  /** By producer: what it sends next, and what it has sent last, as far as it knows. */
  readonly clients: readonly Client[];
  /** A loss of power took the names of its first segments: its snapshots know more than the log can tell. */
  beginsLater: boolean;
}

/** A producer that may do everything that a client may, wrong things too. */
interface Client {
  readonly id: number;
  epoch: number;
  sequence: number;
  readonly sent: { epoch: number; baseSequence: number; records: number; isTransactional: boolean }[];
}

const verdictCodes: Readonly<Record<Verdict['answer'], ErrorCode>> = {
  append: ErrorCode.NONE,
  duplicate: ErrorCode.DUPLICATE_SEQUENCE_NUMBER,
  epoch: ErrorCode.INVALID_PRODUCER_EPOCH,
  sequence: ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
  transaction: ErrorCode.INVALID_TXN_STATE,
};

/**
 * Producers with and without transactions, over one log and a disk that fails, in processes that end in every way: each
 * verdict, the state that is kept and the one that is found again are held against a plain model of what is in the log.
 */
export const producersSuite: Suite = {
  name: 'producers',
  title: 'producers and transactions of one log, over crashes, damaged snapshots and truncations (I6, I7, rows 15, 53)',

  run(world: World): SuiteOutcome {
    const { random } = world;
    const storage = new SimDisk(world, drawDiskOptions(random, ['/data']));
    const clients = Array.from({ length: random.between(1, 4) }, (_, at) => newClient(at * 7, random));
    const partition: Partition = {
      model: new ProducerModel(),
      recoveryPoint: 0,
      isClean: false,
      leaderEpoch: 0,
      clients,
      beginsLater: false,
    };
    const options = {
      lives: random.between(2, 6),
      actions: random.between(5, 60),
      segmentBytes: random.pick([400, 1500, 8000]),
      asynchronous: random.chance(0.4),
    };
    const findings: Finding[] = [];
    const counts: Record<string, number> = {};
    const lives: Lives = { world, storage, findings, counts };
    const endings: Ending[] = [];
    let machineMayDie = true;
    for (let life = 0; life < options.lives && findings.length === 0 && !partition.beginsLater; life++) {
      const ending = random.pick(machineMayDie ? allEndings : endingsOfProcess);
      endings.push(ending);
      const struck = storage.failedSyncs;
      new Life(lives, partition, { ...options, ending }).runToEnd();
      if (storage.failedSyncs > struck && !ending.startsWith('power')) machineMayDie = false;
    }
    if (findings.length === 0 && !partition.beginsLater) {
      new Life(lives, partition, { ...options, actions: 0, ending: 'clean' }).runToEnd();
    }
    return {
      options: { ...options, endings, clients: clients.length, disk: storage.options },
      findings,
      counts: { ...counts, ...storage.faults.struck },
    };
  },
};

function newClient(id: number, random: SeededRandom): Client {
  // Sequence numbers begin again after 2^31 − 1: some producers are about to.
  return { id, epoch: 0, sequence: random.chance(0.3) ? 2 ** 31 - random.between(1, 12) : 0, sent: [] };
}

interface LifeOptions {
  readonly ending: Ending;
  readonly actions: number;
  readonly segmentBytes: number;
  readonly asynchronous: boolean;
}

/** One process that leads the log for a while. */
class Life extends ProcessLife {
  readonly #partition: Partition;
  readonly #options: LifeOptions;
  #log: PartitionLog | null = null;
  #highWatermark = 0;

  constructor(lives: Lives, partition: Partition, options: LifeOptions) {
    super(lives, options.ending, options.actions, [1, 'the log']);
    this.#partition = partition;
    this.#options = options;
  }

  protected override open(): void {
    const partition = this.#partition;
    const { disk } = this;
    disk.makeDirectory(directory);
    disk.syncDirectory('/data');
    disk.syncDirectory('/');
    this.#damage(disk);
    const config = { ...logConfigDefaults, segmentBytes: this.#options.segmentBytes, indexIntervalBytes: 100 };
    const { recoveryPoint } = partition;
    const isRecovered = !partition.isClean && this.random.chance(0.5);
    if (isRecovered) {
      const recovery = { directory, config, recoveryPoint, logStartOffset: 0 };
      const { failure } = recoverLog(recovery, { disk, kernels: simKernels, clock: this.clock });
      if (failure !== null) return this.find('the log does not open', JSON.stringify(failure));
    }
    const log = PartitionLog.open({
      disk,
      kernels: simKernels,
      clock: this.clock,
      entropy: new SimEntropy(this.random.fork()),
      directory,
      config,
      indexTail: new IndexTailWriter(new SharedArrayBuffer(indexTailStride), 0),
      publication: { raiseReadEpoch: () => {}, setAbortedTransactions: () => {}, publishSegments: () => true },
      logStartOffset: 0,
      recoveryPoint,
      cleanShutdown: partition.isClean || isRecovered,
      closedEnd: partition.isClean ? recoveryPoint : 0,
      damageAboveRecoveryPoint: 'cut',
    });
    if (log instanceof LogFailure) return this.find('the log does not open', log.toString());
    this.#log = log;
    this.count('opened');
    partition.leaderEpoch++;
    this.count('replayed', log.report.replayedBatches);
    partition.isClean = false;
    this.#readModel();
    if (partition.beginsLater) {
      this.isOver = true;
      return;
    }
    this.#highWatermark = log.logEndOffset;
    log.producers.highWatermarkMoved(this.#highWatermark);
    this.#compare('after the opening');
    for (const client of partition.clients) this.#resume(client);
    this.#armFaults();
    this.#next();
  }

  /** Files beside the log that are gone or spoiled: they are made anew from it. */
  #damage(disk: Disk): void {
    const entries = disk.list(directory);
    if (entries instanceof DiskError || !this.random.chance(0.3)) return;
    for (const { name } of entries) {
      const isSnapshot = name.endsWith('.snapshot');
      if ((!isSnapshot && !name.endsWith('.txnindex')) || !this.random.chance(0.4)) continue;
      this.count('damaged');
      const path = `${directory}/${name}`;
      // No index is an index without transactions: of those only what is spoiled is noticed.
      if (isSnapshot && this.random.chance(0.5)) disk.unlink(path);
      else {
        const file = disk.open(path, 'write');
        if (file instanceof DiskError) continue;
        const size = file.size();
        if (typeof size === 'number' && size > 0) file.truncate(size - 1);
        file.sync();
        file.close();
      }
    }
    disk.syncDirectory(directory);
  }

  /** The log is what it is: everything else must agree with it. */
  #readModel(): void {
    const found = readLog(this.storage, directory);
    if (typeof found === 'string') return this.find('the log is no log', found);
    const { model } = this.#partition;
    this.#partition.beginsLater = found.start > 0;
    model.written = found.batches.map(({ bytes }) => writtenOf(bytes)).filter((each) => each !== null);
    for (const { producerId, epoch, baseSequence, baseOffset } of model.outOfSequence()) {
      const what = `producer ${producerId} epoch ${epoch} sequence ${baseSequence} at ${baseOffset}`;
      this.find('I6 a batch is in the log twice, or out of order', what);
    }
  }

  /** What a client that was cut off does: it sends its last batches once more, as many as may be under way. */
  #resume(client: Client): void {
    const last = client.sent.at(-5) ?? client.sent[0];
    if (last === undefined || last.epoch !== client.epoch) return;
    client.sequence = last.baseSequence;
  }

  #armFaults(): void {
    const { faults } = this.storage;
    const random = this.random;
    if (this.ending.endsWith('in a call')) {
      const operation = random.pick<DiskOperation>(['write', 'write', 'sync', 'open', 'syncDirectory', 'truncate']);
      const bytes = random.between(0, 1500);
      faults.arm({ operations: [operation], after: random.between(0, 20), effect: { kind: 'kill', bytes } });
    }
    if (random.chance(0.3)) {
      const effect = { kind: 'error', code: random.pick(['EIO', 'ENOSPC']) } as const;
      const path = random.pick(['', '.log', '.snapshot', '.txnindex']);
      faults.arm({ operations: ['write'], path, after: random.between(0, 10), effect });
    }
    if (random.chance(0.1)) {
      faults.arm({ operations: ['sync'], after: random.between(0, 5), effect: { kind: 'error', code: 'EIO' } });
    }
  }

  #next(): void {
    if (this.isOver || this.hasFound) return;
    if (this.left-- <= 0) return this.#end();
    this.clock.schedule(this.random.fraction() * 5, () => {
      this.#act();
      this.#next();
    });
  }

  #act(): void {
    const log = this.#log!;
    const random = this.random;
    if (log.failure !== null) return;
    const draw = random.fraction();
    if (draw < 0.6) return this.#turn(log);
    if (draw < 0.7) return log.flush(() => {});
    if (draw < 0.8) this.#partition.recoveryPoint = Math.max(this.#partition.recoveryPoint, log.recoveryPoint);
    else if (log.isCommitting || log.hasStaged) return;
    else if (draw < 0.88) log.roll();
    else if (draw < 0.92) this.#truncate(log);
    else if (this.#options.asynchronous) log.setWriteMode(random.chance(0.5) ? 'asynchronous' : 'synchronous');
    if (log.failure === null && !log.isCommitting) this.#compare('after an action');
  }

  /** Some batches arrive, and what is taken of them is written together. */
  #turn(log: PartitionLog): void {
    const count = this.random.between(1, 8);
    for (let batch = 0; batch < count; batch++) {
      const client = this.random.pick(this.#partition.clients);
      if (this.random.chance(0.15)) this.#mark(log, client);
      else this.#send(log, client);
    }
    this.#commit(log);
  }

  #send(log: PartitionLog, client: Client): void {
    const random = this.random;
    const { model } = this.#partition;
    let attempt = {
      epoch: client.epoch,
      baseSequence: client.sequence,
      records: random.between(1, 3),
      isTransactional: random.chance(0.3),
    };
    const draw = random.fraction();
    if (draw < 0.25 && client.sent.length > 0) attempt = random.pick(client.sent.slice(-8));
    else if (draw < 0.3) attempt.baseSequence = (client.sequence + random.between(1, 3)) % 2 ** 31;
    else if (draw < 0.35) attempt = { ...attempt, epoch: client.epoch + 1, baseSequence: random.between(0, 1) };
    else if (draw < 0.4) attempt.epoch = Math.max(0, client.epoch - 1);
    else if (draw < 0.45 && client.sent.length > 0) attempt.baseSequence = client.sent.at(-1)!.baseSequence;
    else attempt.isTransactional = model.openTransactions().some(({ producerId }) => producerId === client.id);
    const isVerified = random.chance(0.5);
    const { epoch, baseSequence, records, isTransactional } = attempt;
    const expected = model.judge(client.id, epoch, baseSequence, records, isTransactional, isVerified);
    const baseOffset = log.stagedEndOffset;
    const bytes = this.#batch(baseOffset, records, { id: client.id, epoch, baseSequence, isTransactional });
    const { memory, start, end } = inArena([bytes]);
    const code = log.producers.check(memory.view, start, isVerified);
    this.count(expected.answer);
    if (!this.#isRight(expected, code, log)) {
      const what = `${JSON.stringify({ ...attempt, producer: client.id, isVerified })} got ${code}`;
      this.find('a verdict is wrong', `${what}, expected ${JSON.stringify(expected)}`);
    }
    if (code !== ErrorCode.NONE) return;
    log.stage(memory, start, end);
    model.written.push(writtenOf(bytes)!);
    client.epoch = epoch;
    client.sequence = (baseSequence + records) % 2 ** 31;
    client.sent.push(attempt);
  }

  #isRight(expected: Verdict, code: ErrorCode, log: PartitionLog): boolean {
    if (code !== verdictCodes[expected.answer]) return false;
    if (expected.answer !== 'duplicate') return true;
    const { original } = expected;
    const found = log.producers.original;
    return found.baseOffset === original.baseOffset && found.lastOffset === endOf(original) - 1;
  }

  #mark(log: PartitionLog, client: Client): void {
    const isBumped = this.random.chance(0.5);
    const baseOffset = log.stagedEndOffset;
    const marker = { isAbort: this.random.chance(0.6), coordinatorEpoch: this.random.between(0, 9) };
    const epoch = client.epoch + (isBumped ? 1 : 0);
    const bytes = this.#batch(baseOffset, 1, { id: client.id, epoch, baseSequence: -1, marker });
    const { memory, start, end } = inArena([bytes]);
    log.stage(memory, start, end);
    this.#partition.model.written.push(writtenOf(bytes)!);
    if (isBumped) client.sequence = 0;
    client.epoch = epoch;
    this.count('marker');
  }

  #batch(baseOffset: number, records: number, producer: BatchProducer): Uint8Array {
    const first = Math.floor(this.clock.wallMs());
    const timestamps = Array.from({ length: records }, (_, at) => first + at);
    const { leaderEpoch } = this.#partition;
    return makeBatch({ baseOffset, timestamps, producer, leaderEpoch, valueBytes: this.random.between(0, 20) });
  }

  #commit(log: PartitionLog): void {
    if (log.isCommitting || !log.hasStaged) return;
    log.commit((failure) => {
      if (failure !== null) {
        this.count('failed');
        this.#partition.model.truncate(log.logEndOffset);
        for (const client of this.#partition.clients) this.#rewind(client);
      }
      if (log.failure !== null) return;
      this.#commit(log);
      if (log.isCommitting) return;
      this.#highWatermark = this.random.between(this.#highWatermark, log.logEndOffset);
      log.producers.highWatermarkMoved(this.#highWatermark);
      this.#compare('after a commit');
    });
  }

  /** What was refused is sent anew, in order. */
  #rewind(client: Client): void {
    const mine = this.#partition.model.written.filter(({ producerId }) => producerId === client.id);
    const last = mine.at(-1);
    if (last === undefined) {
      client.sent.length = 0;
      return;
    }
    client.epoch = last.epoch;
    const known = this.#partition.model.producers().get(client.id)!;
    client.sequence = (known.lastSequence + 1) % 2 ** 31;
  }

  #truncate(log: PartitionLog): void {
    const cut = this.#partition.model.written.at(-this.random.between(1, 12));
    const offset = cut?.baseOffset ?? 0;
    this.#partition.recoveryPoint = Math.min(this.#partition.recoveryPoint, offset);
    if (log.truncateTo(offset) !== null) return;
    this.count('truncated');
    this.#partition.leaderEpoch++;
    this.#partition.model.truncate(log.logEndOffset);
    // Who truncates keeps what is replicated.
    this.#highWatermark = log.logEndOffset;
    log.producers.highWatermarkMoved(this.#highWatermark);
    for (const client of this.#partition.clients) this.#rewind(client);
  }

  #compare(when: string): void {
    const log = this.#log!;
    const { model } = this.#partition;
    const wanted = [...model.producers()].toSorted(([left], [right]) => left - right);
    const found = [...log.producers.state.entries()]
      .map((entry) => {
        const { epoch, lastSequence, lastTimestampMs, coordinatorEpoch, transactionFirstOffset } = entry;
        const facts = { epoch, lastTimestampMs, coordinatorEpoch, lastSequence, transactionFirstOffset };
        return [Number(entry.producerId), facts] as const;
      })
      .toSorted(([left], [right]) => left - right);
    this.#same(`the state of producers, ${when}`, found, wanted);
    const stable = Math.min(this.#highWatermark, log.producers.firstUnstableOffset);
    this.#same(`I7 the last stable offset, ${when}`, stable, model.lastStableOffset(this.#highWatermark));
    const stableOffsets = model.stableOffsetsOfAborted();
    const aborted = model.aborted().map(({ producerId, firstOffset, lastOffset }, at) => {
      return { producerId, firstOffset, lastOffset, lastStableOffset: stableOffsets[at] };
    });
    this.#same(`I7 aborted transactions, ${when}`, this.#abortedOnDisk(log), aborted);
    this.#same(`the number of aborted transactions, ${when}`, log.producers.abortedTransactions, aborted.length);
    if (aborted.length > 0) this.count('aborted');
  }

  #abortedOnDisk(log: PartitionLog): unknown[] {
    const { disk } = this;
    const found: unknown[] = [];
    for (const { baseOffset } of log.segments) {
      const entries = readTransactionIndex(disk, directory, baseOffset, Infinity);
      if (Array.isArray(entries)) {
        for (const { producerId, firstOffset, lastOffset, lastStableOffset } of entries) {
          found.push({ producerId, firstOffset, lastOffset, lastStableOffset });
        }
      } else found.push(`the index of ${baseOffset} cannot be read`);
    }
    return found;
  }

  #same(rule: string, found: unknown, wanted: unknown): void {
    const left = JSON.stringify(found);
    const right = JSON.stringify(wanted);
    if (left !== right) this.find(rule, `found ${left}, wanted ${right}`);
  }

  #end(): void {
    const log = this.#log!;
    if (this.ending !== 'clean') return this.crash();
    if (log.isCommitting || log.hasStaged) {
      this.#commit(log);
      this.clock.schedule(10, () => this.#end());
      return;
    }
    this.storage.faults.disarm();
    const works = log.failure === null;
    this.#partition.isClean = log.close(works) === null && works;
    if (this.#partition.isClean) this.#partition.recoveryPoint = log.logEndOffset;
    this.isOver = true;
    this.storage.killProcess();
  }
}
