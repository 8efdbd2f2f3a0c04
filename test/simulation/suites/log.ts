import { logConfigDefaults } from '../../../src/log/log_config.ts';
import type { LogConfig } from '../../../src/log/log_config.ts';
import { LogFailure } from '../../../src/log/log_failure.ts';
import { recoverLog } from '../../../src/log/log_recovery.ts';
import { PartitionLog } from '../../../src/log/partition_log.ts';
import type { Disk } from '../../../src/port/disk.ts';
import { patchBaseOffset, patchLeaderEpoch } from '../../../src/protocol/record_batch.ts';
import { IndexTailWriter, indexTailStride } from '../../../src/shared-memory/index_tail.ts';
import type { Finding } from '../checkers.ts';
import type { DiskOperation } from '../disk_faults.ts';
import { drawDiskOptions } from '../options.ts';
import { LogModel, readLog } from '../log_model.ts';
import type { StagedBatch } from '../log_model.ts';
import { ProcessLife, type Ending, type Lives } from '../process_life.ts';
import { encodeBatch } from '../record_values.ts';
import type { Suite, SuiteOutcome } from '../run.ts';
import { SimDisk } from '../sim_disk.ts';
import { SimEntropy } from '../sim_entropy.ts';
import { simKernels } from '../sim_kernels.ts';
import type { World } from '../world.ts';

const directory = '/data/t-0';

interface LogRunOptions {
  readonly lives: number;
  readonly actions: number;
  readonly segmentBytes: number;
  readonly indexIntervalBytes: number;
  readonly patternBytesMax: number;
  readonly asynchronous: boolean;
  readonly undoesLater: boolean;
}

const endingsOfProcess: readonly Ending[] = ['clean', 'kill', 'kill in a call'];
const allEndings: readonly Ending[] = [...endingsOfProcess, 'power', 'power in a call'];

/**
 * One log, opened and written by process after process that end in every way (rows 8, 13, 18, 19): what a commit
 * reported, and what a flush reported, is held against what the next process finds.
 */
export const logSuite: Suite = {
  name: 'log',
  title: 'one partition log over a disk that fails, and processes that are killed or lose power (rows 8, 13, 18, 19)',

  run(world: World): SuiteOutcome {
    const random = world.random;
    const options: LogRunOptions = {
      lives: random.between(2, 6),
      actions: random.between(5, 60),
      segmentBytes: random.pick([3000, 8000, 40_000]),
      indexIntervalBytes: random.pick([0, 100, 4096]),
      patternBytesMax: random.pick([5, 300]),
      asynchronous: random.chance(0.5),
      undoesLater: random.chance(0.5),
    };
    const storage = new SimDisk(world, drawDiskOptions(random, ['/data']));
    const model = new LogModel();
    const findings: Finding[] = [];
    const endings: string[] = [];
    const counts = { committed: 0, failed: 0, recoveredBeyond: 0, cut: 0, flushed: 0, failedOpens: 0, diedInRoll: 0 };
    const lives: Lives = { world, storage, findings, counts };
    storage.faults.killing = (operation, path) => {
      // A segment behind the first is made by a roll.
      if (operation === 'open' && !/\/0{20}\./.test(path)) counts.diedInRoll++;
    };
    // Pages that a failed sync left in the cache are read as good by the next process, and no sync of its own brings
    // them to the disk: no program can tell. After that only a process may die, not the machine.
    let machineMayDie = true;
    for (let life = 0; life < options.lives && findings.length === 0; life++) {
      const ending = random.pick(machineMayDie ? allEndings : endingsOfProcess);
      endings.push(ending);
      const struck = storage.failedSyncs;
      new Life(lives, model, options, ending, machineMayDie).runToEnd();
      if (storage.failedSyncs > struck && !ending.startsWith('power')) machineMayDie = false;
    }
    const final = new Life(lives, model, { ...options, actions: 0 }, 'clean', false);
    if (findings.length === 0) final.runToEnd();
    counts.committed = model.committedEver;
    return {
      options: { ...options, endings, disk: storage.options },
      findings,
      counts: { ...counts, ...storage.faults.struck },
    };
  },
};

/** One process that opens the log, works on it for a while, and ends. */
class Life extends ProcessLife {
  readonly #model: LogModel;
  readonly #options: LogRunOptions;
  readonly #machineMayDie: boolean;
  readonly #arena = new Uint8Array(new SharedArrayBuffer(64 * 1024));
  readonly #memory = { bytes: this.#arena, view: new DataView(this.#arena.buffer) };
  #arenaNext = 0;
  #log: PartitionLog | null = null;

  constructor(lives: Lives, model: LogModel, options: LogRunOptions, ending: Ending, machineMayDie: boolean) {
    super(lives, ending, options.actions, [1, 'the log']);
    this.#model = model;
    this.#options = options;
    this.#machineMayDie = machineMayDie;
  }

  protected override open(): void {
    const model = this.#model;
    const { disk } = this;
    // The directory's own name is the affair of who makes it.
    disk.makeDirectory(directory);
    disk.syncDirectory('/data');
    disk.syncDirectory('/');
    const config = {
      ...logConfigDefaults,
      segmentBytes: this.#options.segmentBytes,
      indexIntervalBytes: this.#options.indexIntervalBytes,
    };
    // A partition's log is recovered by a task of the background, then opened; the metadata log by its opening.
    const isRecovered = !model.cleanShutdown && this.random.chance(0.7);
    if (isRecovered && !this.#recover(disk, config)) return;
    const opened = PartitionLog.open({
      disk,
      kernels: simKernels,
      clock: this.clock,
      entropy: new SimEntropy(this.random.fork()),
      directory,
      config,
      indexTail: new IndexTailWriter(new SharedArrayBuffer(indexTailStride), 0),
      publication: {
        raiseReadEpoch: () => {},
        setAbortedTransactions: () => {},
        publishSegments: () => true,
      },
      logStartOffset: 0,
      recoveryPoint: model.recoveryPoint,
      cleanShutdown: model.cleanShutdown || isRecovered,
      closedEnd: model.cleanShutdown ? model.recoveryPoint : 0,
      damageAboveRecoveryPoint: 'cut',
      undoesLater: this.#options.undoesLater,
    });
    if (opened instanceof LogFailure) return this.find('the log does not open', opened.toString());
    this.#log = opened;
    this.count('cut', opened.report.truncatedBytes);
    this.note(model.recovered(readLog(this.storage, directory), opened.logEndOffset));
    this.count('recoveredBeyond', model.recoveredBeyond);
    // The node writes it before it serves: from now on a crash is a crash.
    model.cleanShutdown = false;
    this.#armFaults();
    this.#next();
  }

  #recover(disk: Disk, config: LogConfig): boolean {
    const { recoveryPoint } = this.#model;
    const recovery = { directory, config, recoveryPoint, logStartOffset: 0 };
    const { failure, report } = recoverLog(recovery, { disk, kernels: simKernels, clock: this.clock });
    if (failure !== null) this.find('the log does not open', JSON.stringify(failure));
    this.count('recovered', 1);
    this.count('cut', report.truncatedBytes);
    return failure === null;
  }

  #armFaults(): void {
    const random = this.random;
    const faults = this.storage.faults;
    if (this.ending.endsWith('in a call')) {
      const operation = random.pick<DiskOperation>([
        'write',
        'write',
        'write',
        'sync',
        'open',
        'syncDirectory',
        'truncate',
      ]);
      const bytes = random.between(0, 1500);
      faults.arm({ operations: [operation], after: random.between(0, 20), effect: { kind: 'kill', bytes } });
    }
    if (random.chance(this.ending === 'power' ? 0.8 : 0.3)) {
      const effect = { kind: 'error', code: random.pick(['EIO', 'ENOSPC']) } as const;
      faults.arm({ operations: ['write'], path: random.pick(['', '.log']), after: random.between(0, 20), effect });
    }
    if (random.chance(0.1)) {
      const operations: DiskOperation[] = ['sync', 'syncDirectory'];
      faults.arm({ operations, after: random.between(0, 5), effect: { kind: 'error', code: 'EIO' } });
    }
    if (random.chance(0.2)) {
      const capacityBytes = this.storage.usedBytes + random.between(0, 20_000);
      this.storage.options = { ...this.storage.options, capacityBytes };
    }
  }

  #next(): void {
    if (this.isOver) return;
    if (this.left-- <= 0) return this.#end();
    this.clock.schedule(this.random.fraction() * 5, () => {
      this.#act();
      this.#next();
    });
  }

  #act(): void {
    const log = this.#log!;
    const random = this.random;
    // The owner takes a failed log out of service; the process goes on to its end without it.
    if (log.failure !== null) return;
    const draw = random.fraction();
    if (draw < 0.6) return this.#append(log);
    if (draw < 0.8) return this.#flush(log);
    if (draw < 0.9) this.#model.recoveryPoint = Math.max(this.#model.recoveryPoint, log.recoveryPoint);
    else if (!log.isCommitting && !log.hasStaged) {
      if (random.chance(0.5)) log.roll();
      else if (this.#options.asynchronous) log.setWriteMode(random.chance(0.5) ? 'asynchronous' : 'synchronous');
    }
  }

  #append(log: PartitionLog): void {
    const random = this.random;
    const count = random.between(1, 4);
    for (let batch = 0; batch < count; batch++) this.#stage(log);
    this.#commit(log);
  }

  #stage(log: PartitionLog): void {
    const random = this.random;
    const records = Array.from({ length: random.between(1, 3) }, () => {
      return { number: random.uint32() >>> 1, patternBytes: random.between(0, this.#options.patternBytesMax) };
    });
    const bytes = encodeBatch(records, this.clock.wallMs());
    if (this.#arenaNext + bytes.length > this.#arena.length) return;
    const offset = log.stagedEndOffset;
    const view = new DataView(bytes.buffer);
    patchBaseOffset(view, 0, offset);
    patchLeaderEpoch(view, 0, 0);
    const start = this.#arenaNext;
    this.#arena.set(bytes, start);
    this.#arenaNext += bytes.length;
    log.stage(this.#memory, start, this.#arenaNext);
    this.#model.stage({ offset, nextOffset: offset + records.length, bytes });
  }

  #commit(log: PartitionLog): void {
    if (log.isCommitting || !log.hasStaged) return;
    const batches = this.#model.beginCommit();
    const { logEndOffset } = log;
    const end = this.#arenaNext;
    log.commit((failure) => {
      this.#checkEnd(log, batches, failure, logEndOffset);
      this.#model.endCommit(batches, log.logEndOffset, failure === null, log.failure === null);
      if (failure !== null) {
        this.count('failed', 1);
        // What was refused must not be there after a loss of power, be it the next thing that happens.
        if (this.ending === 'power' && this.random.chance(0.7)) {
          this.left = 0;
          this.loss = { keepChance: 1, tearChance: 0, ordered: true };
        }
        this.#model.dropStaged();
      }
      // Memory is the caller's again; what is staged behind keeps its own.
      if (!log.hasStaged) {
        this.#arena.fill(0xdb, 0, this.#arenaNext);
        this.#arenaNext = 0;
      } else this.#arena.fill(0xdb, 0, Math.min(end, this.#model.stagedStart(this.#arenaNext)));
      if (log.hasStaged) this.#commit(log);
    });
  }

  #checkEnd(log: PartitionLog, batches: readonly StagedBatch[], failure: LogFailure | null, before: number): void {
    const end = log.logEndOffset;
    const allowed = [before, ...batches.map((batch) => batch.nextOffset)];
    const last = allowed.at(-1)!;
    if (failure === null && end !== last) this.find('a commit ends elsewhere', `at ${end} instead of ${last}`);
    if (failure !== null && !allowed.includes(end)) this.find('a commit ends inside a batch', `at ${end}`);
  }

  #flush(log: PartitionLog): void {
    const end = log.logEndOffset;
    log.flush((failure) => {
      if (failure !== null) return;
      this.count('flushed', 1);
      this.#model.flushed(end);
    });
  }

  #end(): void {
    const log = this.#log!;
    if (this.ending === 'clean') {
      if (log.isCommitting || log.hasStaged) {
        this.left = 1;
        this.#commit(log);
        this.clock.schedule(10, () => this.#next());
        return;
      }
      // What a sync that is under way says is to be heard first.
      return this.random.chance(0.25) ? log.flush(() => this.#close(log)) : this.#closeWhenQuiet(log);
    }
    this.crash();
  }

  /** Without a flush before it: to close is flush enough where none is under way. */
  #closeWhenQuiet(log: PartitionLog): void {
    const isQuiet = this.storage.pool.inFlight === 0;
    // A call that is over has been told by then.
    this.clock.schedule(10, () => {
      if (isQuiet && this.storage.pool.inFlight === 0) this.#close(log);
      else if (!this.isOver) this.#closeWhenQuiet(log);
    });
  }

  #close(log: PartitionLog): void {
    if (this.isOver) return;
    this.storage.faults.disarm();
    const works = log.failure === null;
    const isClean = log.close(works) === null && works;
    if (isClean) this.#model.closedClean(log.logEndOffset);
    else this.#model.crashed('kill');
    this.isOver = true;
    // A machine may be switched off when its node has stopped: all of it is on stable storage.
    if (isClean && this.#machineMayDie && this.random.chance(0.5)) {
      this.count('switchedOff', 1);
      this.storage.cutPower();
    } else this.storage.killProcess();
  }

  protected override crashed(power: boolean): void {
    this.#model.crashed(power ? 'power' : 'kill');
  }
}
