import { ErrorCode } from '../../src/protocol/errors.ts';
import { fetchRequest, fetchResponse } from '../../src/protocol/schema/01_fetch.ts';
import type { FetchResponse } from '../../src/protocol/schema/01_fetch.ts';
import { listOffsetsRequest, listOffsetsResponse } from '../../src/protocol/schema/02_list_offsets.ts';
import type { Encodable } from '../../src/protocol/schema_language.ts';
import { decodeBatches } from './record_values.ts';
import { SimClientConnection } from './sim_client.ts';
import { SimFetchSession, type SessionRequest } from './sim_fetch_session.ts';
import type { ClientHost, TopicTarget } from './sim_workload.ts';

export interface ConsumerOptions {
  readonly number: number;
  readonly version: number;
  readonly maxWaitMs: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly partitionMaxBytes: number;
  readonly pauseMsMax: number;
  /** Chance, at each fetch, to stop reading the socket for a while. */
  readonly sleepChance: number;
  /** Chance, at each fetch, to begin again at offset 0 of one partition. */
  readonly rewindChance: number;
}

/** From this version on there are sessions; every other consumer uses one. */
const SESSIONS_FROM = 7;
/** How often a session is tried with an epoch that is not its next. */
const WRONG_EPOCH_CHANCE = 0.05;

const EARLIEST = -2n;

type PartitionData = FetchResponse['responses'][number]['partitions'][number];

/** One assigned partition. */
interface Position {
  readonly target: TopicTarget;
  readonly partition: number;
  readonly name: string;
  next: number;
  /** `next` was set by a reset: the next record that comes does not follow the one before. */
  isReset: boolean;
  /** Where it begins when it begins anew; the log may have lost its first segments with an un-synced name. */
  start: number;
  /** It has asked where to begin; until the answer comes it is not fetched. */
  isAsking: boolean;
  highWatermark: number;
}

/** Fetches its partitions from offset 0 on, again and again, and writes into the history what it read. */
export class SimConsumer {
  fetches = 0;
  emptyFetches = 0;
  rewinds = 0;
  readonly positions: readonly Position[];
  readonly #host: ClientHost;
  #options: ConsumerOptions;
  readonly #session: SimFetchSession | null;
  #connection: SimClientConnection | null = null;
  #stopped = false;
  #hurries = false;

  constructor(host: ClientHost, options: ConsumerOptions) {
    this.#host = host;
    this.#options = options;
    this.#session = options.version >= SESSIONS_FROM && options.number % 2 === 0 ? new SimFetchSession() : null;
    this.positions = host.topics.flatMap((target) =>
      Array.from({ length: target.partitions }, (_, partition) => {
        return {
          target,
          partition,
          name: `${target.name}-${partition}`,
          next: 0,
          isReset: true,
          start: 0,
          isAsking: false,
          highWatermark: -1,
        };
      }),
    );
  }

  start(): void {
    this.#connect();
  }

  stop(): void {
    this.#stopped = true;
    this.#connection?.close();
  }

  /** From now on it reads as fast as it can, straight on. */
  hurry(): void {
    this.#hurries = true;
    this.#options = { ...this.#options, pauseMsMax: 5, sleepChance: 0, rewindChance: 0 };
  }

  get sessions(): number {
    return this.#session?.begun ?? 0;
  }

  /** Everything that is acknowledged by now has been read by this consumer, as far as it knows the ends. */
  get hasCaughtUp(): boolean {
    const { history } = this.#host;
    return this.positions.every(({ next, name, highWatermark }) => {
      return highWatermark >= 0 && next >= highWatermark && next >= history.floorOf(name);
    });
  }

  /** After a loss of power that may have shortened logs: where it stood means nothing any more. */
  forgetPositions(): void {
    // What a session has told already it would not tell again.
    this.#session?.reset();
    for (const position of this.positions) {
      position.start = 0;
      position.highWatermark = -1;
      beginAnew(position);
    }
  }

  describe(): string {
    const parts = this.positions.map(({ name, next, highWatermark }) => `${name} ${next}/${highWatermark}`);
    return `consumer ${this.#options.number}: ${parts.join(', ')}`;
  }

  #connect(): void {
    if (this.#stopped) return;
    const { world, network, target, clock } = this.#host;
    const connection = new SimClientConnection(world, network, target(), `consumer-${this.#options.number}`, {
      opened: () => this.#fetch(connection),
      closed: () => {
        this.#connection = null;
        if (!this.#stopped) clock.schedule(world.random.between(10, 300), () => this.#connect());
      },
    });
    this.#connection = connection;
    // Whether a request that was under way has taken effect is not known.
    this.#session?.reset();
  }

  #fetch(connection: SimClientConnection): void {
    if (!connection.isOpen || this.#stopped) return;
    const { world, clock, history } = this.#host;
    const random = world.random;
    this.fetches++;
    if (random.chance(this.#options.rewindChance)) {
      beginAnew(random.pick(this.positions));
      this.rewinds++;
    }
    const floors = new Map(this.positions.map(({ name }) => [name, history.floorOf(name)]));
    const { era } = history;
    let over = false;
    const timer = clock.schedule(this.#options.maxWaitMs + 50_000, () => {
      if (!over) connection.close();
    });
    const call = { request: fetchRequest, response: fetchResponse, version: this.#options.version };
    const session = this.#session?.request(this.#wanted(), random.chance(WRONG_EPOCH_CHANCE)) ?? null;
    connection.send(
      call,
      this.#body(session),
      (response) => {
        over = true;
        timer.cancel();
        if (this.#takeSession(session, response) && history.era === era) this.#answered(response, floors);
        clock.schedule(this.#pauseMs(), () => this.#fetch(connection));
      },
      () => {
        over = true;
        timer.cancel();
      },
    );
    if (!random.chance(this.#options.sleepChance)) return;
    connection.pauseReading();
    clock.schedule(random.between(1, 2000), () => connection.resumeReading());
  }

  /** Asks where the log begins, and begins there. */
  #askStart(position: Position): void {
    const { era } = this.#host.history;
    const call = { request: listOffsetsRequest, response: listOffsetsResponse, version: 7 };
    const partitions = [{ partitionIndex: position.partition, timestamp: EARLIEST }];
    position.isAsking = true;
    this.#connection?.send(
      call,
      { replicaId: -1, isolationLevel: 0, timeoutMs: 0, topics: [{ name: position.target.name, partitions }] },
      (response) => {
        position.isAsking = false;
        const told = response.topics[0]?.partitions[0];
        if (told === undefined || told.errorCode !== ErrorCode.NONE || this.#host.history.era !== era) return;
        position.start = told.offset;
        beginAnew(position);
      },
      () => {
        position.isAsking = false;
      },
    );
  }

  #pauseMs(): number {
    if (this.#hurries && this.hasCaughtUp) return 1000;
    return this.#host.world.random.fraction() * this.#options.pauseMsMax;
  }

  #wanted(): Position[] {
    return this.positions.filter(({ isAsking }) => !isAsking);
  }

  /** False: the answer tells nothing of partitions. */
  #takeSession(session: SessionRequest | null, { errorCode, sessionId }: FetchResponse): boolean {
    if (session === null) return true;
    const wrong = this.#session!.answered(session, errorCode, sessionId);
    if (wrong !== null) this.#host.world.violate('I15 fetch session', wrong);
    return errorCode === ErrorCode.NONE;
  }

  #body(session: SessionRequest | null): Encodable<typeof fetchRequest> {
    const { maxWaitMs, minBytes, maxBytes, partitionMaxBytes } = this.#options;
    return {
      maxWaitMs,
      minBytes,
      maxBytes,
      sessionId: session?.sessionId ?? 0,
      sessionEpoch: session?.sessionEpoch ?? -1,
      topics: this.#host.topics.map((target) => ({
        topic: target.name,
        topicId: target.id,
        partitions: this.#wanted()
          .filter((position) => position.target === target && session?.changed.has(position.name) !== false)
          .map(({ partition, next }) => ({ partition, fetchOffset: next, partitionMaxBytes })),
      })),
      forgottenTopicsData: this.#host.topics.flatMap((target) => {
        const forgotten = this.positions.filter(
          (position) => position.target === target && session?.forgotten.includes(position.name) === true,
        );
        return forgotten.map(({ partition }) => ({ topic: target.name, topicId: target.id, partitions: [partition] }));
      }),
    };
  }

  #answered(response: FetchResponse, floors: ReadonlyMap<string, number>): void {
    if (response.errorCode !== 0) {
      this.#host.world.violate('refused without reason', `a Fetch, with error ${response.errorCode}`);
    }
    let records = 0;
    for (const topic of response.responses) {
      const target = this.#host.topics.find((known) => known.name === topic.topic || known.id === topic.topicId);
      for (const data of topic.partitions) {
        const position = this.positions.find(
          (known) => known.target === target && known.partition === data.partitionIndex,
        );
        if (position === undefined) this.#host.world.violate('answer of another shape', 'a partition nobody asked for');
        else records += this.#take(position, data, floors.get(position.name) ?? 0);
      }
    }
    if (records === 0) this.emptyFetches++;
  }

  #take(position: Position, data: PartitionData, floor: number): number {
    const { world, history } = this.#host;
    const { name } = position;
    if (data.errorCode === ErrorCode.OFFSET_OUT_OF_RANGE) {
      // Without a loss of power the log has all from 0 on, and its end does not go back.
      if (!history.mayBeginLater && position.next < floor) {
        world.violate('I4 offset out of range', `${name} at ${position.next}, floor ${floor}`);
      }
      this.#askStart(position);
      return 0;
    }
    if (data.errorCode === ErrorCode.KAFKA_STORAGE_ERROR && !history.storageErrors.has(name)) {
      history.storageErrors.set(name, world.nowMs);
    }
    if (data.errorCode !== ErrorCode.NONE) return 0;
    history.watermark(name, data.highWatermark, data.logStartOffset, floor, world.nowMs);
    position.highWatermark = data.highWatermark;
    if (data.records === null || data.records.length === 0) return 0;
    const decoded = decodeBatches(data.records);
    if (typeof decoded === 'string') {
      world.violate('I2 damaged records', `${name} from ${position.next}: ${decoded}`);
      return 0;
    }
    let taken = 0;
    for (const { offset, number, sum } of decoded) {
      if (offset < position.next) continue;
      if (offset >= data.highWatermark) {
        world.violate('read beyond the watermark', `${name}@${offset}, watermark ${data.highWatermark}`);
      }
      const consumer = this.#options.number;
      const isFirst = position.isReset;
      history.read({ partition: name, offset, value: number, consumer, atMs: world.nowMs, sum, isFirst });
      position.isReset = false;
      position.next = offset + 1;
      taken++;
    }
    if (decoded.length > 0 && taken === 0) {
      world.violate('a fetch without progress', `${name} from ${position.next} got only earlier records`);
    }
    return taken;
  }
}

function beginAnew(position: Position): void {
  position.next = position.start;
  position.isReset = true;
}
