import { uuidOfWords, type Uuid } from '../../../src/base/uuid.ts';
import { TaskFailure } from '../../../src/port/background.ts';
import { appliedTo, MetadataFollower } from '../../../src/metadata/metadata_follower.ts';
import { MetadataImage, type MetadataChanges } from '../../../src/metadata/metadata_image.ts';
import { MetadataLog } from '../../../src/metadata/metadata_log.ts';
import { metadataRecord } from '../../../src/metadata/metadata_record.ts';
import { MetadataSnapshots, type SnapshotConfig } from '../../../src/metadata/metadata_snapshots.ts';
import { privatePartitions } from '../../../src/metadata/partition_store.ts';
import type { MetadataRecord } from '../../../src/metadata/records.ts';
import { metadataWatermarkBytes, MetadataWatermark } from '../../../src/metadata/watermark.ts';
import { removeTopicRecord } from '../../../src/protocol/schema/metadata/remove_topic_record.ts';
import { topicRecord } from '../../../src/protocol/schema/metadata/topic_record.ts';
import type { Finding } from '../checkers.ts';
import type { DiskOperation } from '../disk_faults.ts';
import { MetadataModel, topicsIn } from '../metadata_model.ts';
import { drawDiskOptions } from '../options.ts';
import { ProcessLife, type Ending, type Lives } from '../process_life.ts';
import type { Suite, SuiteOutcome } from '../run.ts';
import { SimBackground } from '../sim_background.ts';
import { SimClock } from '../sim_clock.ts';
import { SimDisk } from '../sim_disk.ts';
import { SimEntropy } from '../sim_entropy.ts';
import { simKernels } from '../sim_kernels.ts';
import type { SimThread } from '../sim_thread.ts';
import type { World } from '../world.ts';

interface MetadataRunOptions {
  readonly lives: number;
  readonly changes: number;
  readonly followers: number;
  readonly segmentBytes: number;
  readonly snapshots: SnapshotConfig;
}

const endingsOfProcess: readonly Ending[] = ['clean', 'kill', 'kill in a call', 'kill in a call'];
const allEndings: readonly Ending[] = [...endingsOfProcess, 'power', 'power in a call', 'power in a call'];

/** A process dies in any of these, at its start, in an append, in a snapshot or while it removes old segments. */
const callsToDieIn: readonly DiskOperation[] = [
  'write',
  'sync',
  'open',
  'list',
  'rename',
  'unlink',
  'truncate',
  'syncDirectory',
  'read',
];

const partitionsMax = 64;
const dataDirectory = '/data';

/**
 * The metadata log under its one voter, followed by other threads, with snapshots in the background, over processes that
 * end in every way and at every step (rows 8, 13, 19, 20): nothing committed is lost, nothing refused comes back, and no
 * thread applies what is not committed.
 */
export const metadataSuite: Suite = {
  name: 'metadata',
  title: 'the metadata log, its snapshots and its followers, over processes that die at any step (rows 8, 13, 19, 20)',

  run(world: World): SuiteOutcome {
    const random = world.random;
    const options: MetadataRunOptions = {
      lives: random.between(2, 7),
      changes: random.between(3, 60),
      followers: random.between(1, 2),
      segmentBytes: random.pick([300, 700, 2000, 100_000]),
      snapshots: {
        bytesBetweenSnapshotsMax: random.pick([1, 300, 2000]),
        snapshotIntervalMsMax: random.pick([0, 50]),
        retentionBytesMax: random.pick([0, 1000, 5000, -1]),
        retentionMsMax: random.pick([0, 100, -1]),
      },
    };
    const storage = new SimDisk(world, drawDiskOptions(random, [dataDirectory]));
    storage.format(dataDirectory);
    const model = new MetadataModel();
    const findings: Finding[] = [];
    const endings: string[] = [];
    const counts: Record<string, number> = { committed: 0, refused: 0, applied: 0, snapshots: 0, removed: 0 };
    let diedInSnapshot = 0;
    storage.faults.killing = (_, path) => {
      if (path.endsWith('.part')) diedInSnapshot++;
    };
    // See the suite of the log: after a failed sync no program can tell what a loss of power would take.
    const lives: Lives = { world, storage, findings, counts };
    let machineMayDie = true;
    let isClean = false;
    for (let life = 0; life <= options.lives && findings.length === 0; life++) {
      const isLast = life === options.lives;
      const ending = isLast ? 'clean' : random.pick(machineMayDie ? allEndings : endingsOfProcess);
      endings.push(ending);
      const struck = storage.failedSyncs;
      const one = new Life(lives, model, options, ending, isClean);
      isClean = one.run(isLast);
      if (storage.failedSyncs > struck && !one.hasLostPower) machineMayDie = false;
    }
    counts['committed'] = model.committed.length;
    return {
      options: { ...options, endings, disk: storage.options },
      findings,
      counts: { ...counts, diedInSnapshot, ...storage.faults.struck },
    };
  },
};

/** One process, from its start to its end. */
class Life extends ProcessLife {
  readonly #model: MetadataModel;
  readonly #options: MetadataRunOptions;
  readonly #wasClean: boolean;
  readonly #background: SimBackground;
  readonly #watermark: MetadataWatermark;
  readonly #image = newImage();
  #log: MetadataLog | null = null;
  #snapshots: MetadataSnapshots | null = null;
  /** The machine went dark with it, and so did what a failed sync had left in the page cache. */
  hasLostPower = false;
  #isClean = false;

  constructor(lives: Lives, model: MetadataModel, options: MetadataRunOptions, ending: Ending, wasClean: boolean) {
    super(lives, ending, options.changes, [0, 'control']);
    this.#model = model;
    this.#options = options;
    this.#wasClean = wasClean;
    const portsOf = (thread: SimThread) => ({
      clock: new SimClock(thread, this.wall),
      disk: lives.storage.portFor(thread),
      kernels: simKernels,
    });
    this.#background = new SimBackground(this.process, this.thread, 1, portsOf, () => this.count('snapshots'));
    this.#watermark = new MetadataWatermark(new SharedArrayBuffer(metadataWatermarkBytes(options.followers)));
  }

  /** True: the process stopped cleanly. */
  run(isLast: boolean): boolean {
    if (isLast) this.left = 0;
    else this.#armFaults();
    this.runToEnd();
    return this.#isClean;
  }

  /** Before the start, so that they strike it too. */
  #armFaults(): void {
    const random = this.random;
    const { faults } = this.storage;
    if (this.ending.endsWith('in a call')) {
      const operations = random.chance(0.5) ? [] : [random.pick(callsToDieIn)];
      const after = random.between(0, operations.length === 0 ? 300 : 40);
      faults.arm({ operations, after, effect: { kind: 'kill', bytes: random.between(0, 600) } });
    }
  }

  /** What an append, a snapshot or a cleaning may meet; a start that meets it is refused, which says nothing. */
  #armErrors(): void {
    const random = this.random;
    const { faults } = this.storage;
    if (random.chance(0.3)) {
      const effect = { kind: 'error', code: random.pick(['EIO', 'ENOSPC', 'ENOSPC']) } as const;
      faults.arm({ operations: ['write'], after: random.between(0, 20), effect });
    }
    if (random.chance(0.1)) {
      const effect = { kind: 'error', code: 'EIO' } as const;
      faults.arm({ operations: ['sync', 'syncDirectory'], after: random.between(0, 20), effect });
    }
    if (random.chance(0.2)) {
      const capacityBytes = this.storage.usedBytes + random.between(0, 3000);
      this.storage.options = { ...this.storage.options, capacityBytes };
    }
  }

  protected override open(): void {
    const { disk } = this;
    const opened = MetadataLog.open(
      {
        disk,
        kernels: simKernels,
        clock: this.clock,
        entropy: new SimEntropy(this.random.fork()),
        config: { segmentBytes: this.#options.segmentBytes, segmentMs: 1e12, fileDeleteDelayMs: 20 },
        dataDirectory,
        isClean: this.#wasClean,
        voter: { id: 1, directoryId: uuidOfWords(1, 2, 3, 4), endpoints: [] },
        kraftVersion: 1,
      },
      appliedTo(this.#image, NOBODY),
    );
    if (typeof opened === 'string') return this.find('I19 the metadata log does not open', opened);
    if (opened.damagedSnapshots.length > 0)
      this.find('I19 a crash damages no snapshot', opened.damagedSnapshots.join());
    this.#log = opened;
    this.#noteIfAny(this.#model.opened(topicsIn(this.#image), opened.nextOffset));
    this.#watermark.advance(opened.nextOffset);
    this.#snapshots = new MetadataSnapshots({
      disk,
      kernels: simKernels,
      clock: this.clock,
      config: this.#options.snapshots,
      log: opened,
      watermark: this.#watermark,
      partitionsMax,
      isInTransaction: () => false,
      run: (task, done) =>
        this.#background.run({ kind: 'metadata-snapshot', ...task }, (outcome) =>
          done(outcome instanceof TaskFailure ? null : outcome),
        ),
      warn: () => {},
      failed: () => this.#fail(),
    });
    for (let thread = 1; thread <= this.#options.followers; thread++) this.#follow(thread, opened);
    this.#armErrors();
    this.#next();
  }

  #follow(number: number, log: MetadataLog): void {
    const thread = this.process.createThread(number);
    thread.failed = ({ message, stack }) => this.find('a follower threw', `${message}\n${stack}`);
    const image = newImage();
    const disk = this.storage.portFor(thread);
    const follower = new MetadataFollower(disk, simKernels, log.start, this.#watermark, number, image);
    const turn = (): void => {
      if (this.isOver) return;
      if (follower.isBehind) {
        const before = this.#watermark.committed();
        const problem = follower.catchUp(NOBODY);
        if (problem !== null) this.find('I10 a follower stops', problem);
        else this.#noteIfAny(this.#model.applied(image, before));
        this.count('applied');
      }
      thread.post(this.random.fraction() * 20, turn);
    };
    thread.post(this.random.fraction() * 20, turn);
  }

  #next(): void {
    if (this.isOver) return;
    if (this.left-- <= 0) return this.#end();
    this.clock.schedule(this.random.fraction() * 10, () => {
      if (this.isOver) return;
      this.#change();
      if (this.isOver) return;
      this.#snapshots!.tick(this.clock.monotonicMs());
      if (this.isOver || this.random.chance(0.8)) return this.#next();
      this.#log!.writeRecoveryPoint();
      const before = this.#log!.logStartOffset;
      this.#snapshots!.clean();
      if (this.#log!.logStartOffset > before) this.count('removed');
      this.#next();
    });
  }

  /** As control commits: written, synced, applied, published. */
  #change(): void {
    const log = this.#log!;
    const { topics } = this.#model;
    const isRemoval = topics.length > 3 && this.random.chance(0.5);
    const topic = isRemoval ? this.random.pick(topics) : `topic-${this.random.uint32()}`;
    this.#model.begin({ topic, isRemoval, endOffset: -1 });
    const failure = log.append([isRemoval ? removal(topic) : creation(topic)], this.clock.wallMs());
    if (failure !== null) {
      this.count('refused');
      // What the disk does with a write that it has failed is in doubt; without room nothing of it may be left.
      if (!failure.isNoSpace) return this.#fail();
      return this.#model.end(null);
    }
    this.#model.end(log.nextOffset);
    const problem = log.reader.readTo(log.nextOffset, appliedTo(this.#image, NOBODY));
    if (problem !== null) return this.find('I10 control reads back what it wrote', problem);
    this.#watermark.advance(log.nextOffset);
  }

  /** The metadata directory failed: the node ends by itself. */
  #fail(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.process.kill();
    this.storage.killProcess();
  }

  #end(): void {
    if (this.ending !== 'clean') return this.crash();
    this.storage.faults.disarm();
    this.#background.close(() => {
      if (this.isOver) return;
      this.#isClean = this.#log!.close(true) === null;
      this.isOver = true;
      this.process.kill();
      this.storage.killProcess();
    });
  }

  protected override crashed(power: boolean): void {
    this.hasLostPower = power;
  }

  #noteIfAny(finding: Finding | null): void {
    if (finding !== null) this.note([finding]);
  }
}

function newImage(): MetadataImage {
  return new MetadataImage(simKernels, privatePartitions(partitionsMax).store);
}

/** An id that follows from the name. */
function idOf(topic: string): Uuid {
  const bytes = simKernels.encodeText(topic);
  return uuidOfWords(simKernels.xxhash(bytes, 0, bytes.length), bytes.length, 3, 4);
}

function creation(topic: string): MetadataRecord {
  return metadataRecord(topicRecord, 0, { name: topic, topicId: idOf(topic) });
}

function removal(topic: string): MetadataRecord {
  return metadataRecord(removeTopicRecord, 0, { topicId: idOf(topic) });
}

const NOBODY: MetadataChanges = {
  partitionAdded() {},
  partitionChanged() {},
  topicRemoved() {},
  topicConfigured() {},
  brokerConfigured() {},
  brokersChanged() {},
  featuresChanged() {},
};
