import { ZERO_UUID, type Uuid } from '../../src/base/uuid.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import { produceRequest, produceResponse } from '../../src/protocol/schema/00_produce.ts';
import { fetchRequest, fetchResponse } from '../../src/protocol/schema/01_fetch.ts';
import { metadataRequest, metadataResponse } from '../../src/protocol/schema/03_metadata.ts';
import { createTopicsRequest, createTopicsResponse } from '../../src/protocol/schema/19_create_topics.ts';
import { deleteTopicsRequest, deleteTopicsResponse } from '../../src/protocol/schema/20_delete_topics.ts';
import {
  incrementalAlterConfigsRequest,
  incrementalAlterConfigsResponse,
} from '../../src/protocol/schema/44_incremental_alter_configs.ts';
import { bombBatch, decodeBatches, encodeBatch } from './record_values.ts';
import { unpackedBytesMax } from './small_codecs.ts';
import { SimClientConnection } from './sim_client.ts';
import type { ClientHost } from './sim_workload.ts';

/** What a life of the topic goes through, in this order. A step is done again until it has its outcome. */
const steps = [
  'create',
  'find',
  'write',
  'haunt',
  'bomb',
  'read',
  'forbid',
  'refuse',
  'allow',
  'write again',
  'delete',
  'miss',
] as const;
type Step = (typeof steps)[number];

const topicName = 'cycle';
const patienceMs = 60_000;
/** `ConfigResource.Type` on the wire, and operations of IncrementalAlterConfigs. */
const topicResource = 2;
const setOperation = 0;
const deleteOperation = 1;

/**
 * Creates a topic, writes to it and reads it, changes a setting and takes it back, deletes the topic, and begins anew
 * under the same name, by names or by ids as the seed wants. Each life of the topic has nothing of those before it
 * (row 25), also when somebody still writes to the id of an earlier one, and a setting is obeyed without a restart. A
 * batch that would unpack to more than the node allows is refused.
 */
export class SimTopicCycle {
  /** Lives that have ended. */
  cycles = 0;
  /** Produce requests that the forbidding setting refused. */
  refused = 0;
  readonly #host: Omit<ClientHost, 'topics'>;
  readonly #partitions: number;
  #connection: SimClientConnection | null = null;
  #isStopped = false;
  #step: Step = 'create';
  #topicId: Uuid = ZERO_UUID;
  readonly #formerIds = new Set<Uuid>();
  #nextValue = 1;
  /** Values of this life: sent, and those of them that were acknowledged and not lost with the machine's power. */
  #sent = new Set<number>();
  #acknowledged = new Set<number>();
  #isMissing = false;

  constructor(host: Omit<ClientHost, 'topics'>, partitions: number) {
    this.#host = host;
    this.#partitions = partitions;
  }

  start(): void {
    this.#connect();
  }

  stop(): void {
    this.#isStopped = true;
    this.#connection?.close();
  }

  /** What was acknowledged and not synced may be gone. */
  powerLost(): void {
    this.#acknowledged.clear();
  }

  describe(): string {
    return `${this.cycles} lives, now at "${this.#step}"`;
  }

  #connect(): void {
    if (this.#isStopped) return;
    const { world, network, target, clock } = this.#host;
    const connection = new SimClientConnection(world, network, target(), 'cycle', {
      opened: () => this.#act(connection),
      closed: () => {
        this.#connection = null;
        clock.schedule(world.random.between(10, 300), () => this.#connect());
      },
    });
    this.#connection = connection;
  }

  #act(connection: SimClientConnection): void {
    if (this.#isStopped || !connection.isOpen) return;
    const { clock, world } = this.#host;
    let isOver = false;
    const timer = clock.schedule(patienceMs, () => {
      if (!isOver) connection.close();
    });
    const lost = (): void => {
      isOver = true;
      timer.cancel();
    };
    this.#take(connection, lost, (isDone) => {
      lost();
      if (isDone) this.#next();
      clock.schedule(world.random.between(1, 50), () => this.#act(connection));
    });
  }

  #next(): void {
    // Who asks for it once it is gone knows its id no more.
    if (this.#step === 'delete') this.#formerIds.add(this.#topicId);
    if (this.#step === 'miss') {
      this.cycles++;
      this.#sent = new Set();
      this.#acknowledged = new Set();
    }
    this.#step = steps[(steps.indexOf(this.#step) + 1) % steps.length]!;
  }

  #take(connection: SimClientConnection, lost: () => void, done: (isDone: boolean) => void): void {
    switch (this.#step) {
      case 'create':
        return this.#create(connection, lost, done);
      case 'find':
        return this.#ask(connection, lost, () => done(this.#topicId !== ZERO_UUID));
      case 'write':
      case 'write again':
        return this.#write(connection, lost, (errorCode) => done(errorCode === ErrorCode.NONE));
      case 'haunt':
        return this.#haunt(connection, lost, done);
      case 'bomb':
        return this.#sendBomb(connection, lost, done);
      case 'read':
        return this.#read(connection, lost, done);
      case 'forbid':
        return this.#configure(connection, setOperation, lost, done);
      case 'refuse':
        return this.#write(connection, lost, (errorCode) => {
          if (errorCode === ErrorCode.MESSAGE_TOO_LARGE) this.refused++;
          done(errorCode === ErrorCode.MESSAGE_TOO_LARGE);
        });
      case 'allow':
        return this.#configure(connection, deleteOperation, lost, done);
      case 'delete':
        return this.#delete(connection, lost, done);
      case 'miss':
        return this.#ask(connection, lost, () => done(this.#isMissing));
    }
  }

  #create(connection: SimClientConnection, lost: () => void, done: (isDone: boolean) => void): void {
    const call = { request: createTopicsRequest, response: createTopicsResponse, version: 7 };
    const topic = {
      name: topicName,
      numPartitions: this.#partitions,
      replicationFactor: 1,
      assignments: [],
      configs: [{ name: 'file.delete.delay.ms', value: String(this.#host.world.random.pick([0, 100, 60_000])) }],
    };
    connection.send(
      call,
      { topics: [topic], timeoutMs: 30_000 },
      ({ topics }) => {
        const code = topics[0]?.errorCode;
        done(code === ErrorCode.NONE || code === ErrorCode.TOPIC_ALREADY_EXISTS);
      },
      lost,
    );
  }

  /** Which id the topic has, and whether all of it is led. */
  #ask(connection: SimClientConnection, lost: () => void, answered: () => void): void {
    const call = { request: metadataRequest, response: metadataResponse, version: 12 };
    connection.send(
      call,
      { topics: null, includeTopicAuthorizedOperations: false },
      ({ topics }) => {
        const topic = topics.find(({ name }) => name === topicName);
        const led = topic?.partitions.filter(({ errorCode, leaderId }) => errorCode === 0 && leaderId >= 0).length;
        this.#isMissing = topic === undefined;
        this.#topicId = topic !== undefined && led === this.#partitions ? topic.topicId : ZERO_UUID;
        if (this.#formerIds.has(this.#topicId)) {
          // A thread that lags behind may still tell of the life before.
          if (this.#step === 'find') this.#topicId = ZERO_UUID;
        }
        answered();
      },
      lost,
    );
  }

  #write(connection: SimClientConnection, lost: () => void, answered: (errorCode: number) => void): void {
    const { world, clock } = this.#host;
    const version = world.random.pick([9, 13]);
    const number = this.#nextValue++;
    this.#sent.add(number);
    const records = encodeBatch([{ number, patternBytes: 20 }], clock.wallMs());
    const index = world.random.between(0, this.#partitions - 1);
    const topic = { name: topicName, topicId: this.#topicId, partitionData: [{ index, records }] };
    connection.send(
      { request: produceRequest, response: produceResponse, version },
      { transactionalId: null, acks: world.random.pick([1, -1]), timeoutMs: 30_000, topicData: [topic] },
      ({ responses }) => {
        const code = responses[0]?.partitionResponses[0]?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR;
        if (code === ErrorCode.NONE) this.#acknowledged.add(number);
        if (code === ErrorCode.MESSAGE_TOO_LARGE) this.#sent.delete(number);
        answered(code);
      },
      lost,
    );
  }

  /** A producer that knows the id of an earlier life: wherever that ends, it is not in this life. */
  #haunt(connection: SimClientConnection, lost: () => void, done: (isDone: boolean) => void): void {
    const formerId = [...this.#formerIds].at(-1);
    if (formerId === undefined) return done(true);
    const records = encodeBatch([{ number: this.#nextValue++, patternBytes: 20 }], this.#host.clock.wallMs());
    this.#produce(connection, formerId, 13, records, lost, () => done(true));
  }

  #sendBomb(connection: SimClientConnection, lost: () => void, done: (isDone: boolean) => void): void {
    this.#produce(connection, this.#topicId, 9, bombBatch(), lost, (code) => {
      if (code === ErrorCode.NONE)
        this.#host.world.violate('I14 a bomb was unpacked', `${unpackedBytesMax} bytes and more`);
      done(true);
    });
  }

  #produce(
    connection: SimClientConnection,
    topicId: Uuid,
    version: number,
    records: Uint8Array,
    lost: () => void,
    answered: (errorCode: number) => void,
  ): void {
    connection.send(
      { request: produceRequest, response: produceResponse, version },
      {
        transactionalId: null,
        acks: 1,
        timeoutMs: 30_000,
        topicData: [{ name: topicName, topicId, partitionData: [{ index: 0, records }] }],
      },
      ({ responses }) => answered(responses[0]?.partitionResponses[0]?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR),
      lost,
    );
  }

  /** Everything that is there: nothing of an earlier life, nothing that was refused, all that was acknowledged. */
  #read(connection: SimClientConnection, lost: () => void, done: (isDone: boolean) => void): void {
    const { world } = this.#host;
    const version = world.random.pick([12, 13]);
    const partitions = Array.from({ length: this.#partitions }, (_, partition) => {
      return { partition, fetchOffset: 0, partitionMaxBytes: 1_000_000 };
    });
    const topics = [{ topic: topicName, topicId: this.#topicId, partitions }];
    connection.send(
      { request: fetchRequest, response: fetchResponse, version },
      { maxWaitMs: world.random.pick([0, 500]), minBytes: 1, maxBytes: 1_000_000, topics, forgottenTopicsData: [] },
      ({ responses }) => {
        const found = new Set<number>();
        for (const { records, errorCode } of responses.flatMap(({ partitions: told }) => told)) {
          if (errorCode !== ErrorCode.NONE || records === null) continue;
          const decoded = decodeBatches(records);
          if (typeof decoded === 'string') world.violate('I2 damaged records', `${topicName}: ${decoded}`);
          else for (const { number } of decoded) found.add(number);
        }
        for (const number of found) {
          if (!this.#sent.has(number)) world.violate('I2 records of a topic that was deleted', `value ${number}`);
        }
        done([...this.#acknowledged].every((number) => found.has(number)));
      },
      lost,
    );
  }

  #configure(
    connection: SimClientConnection,
    configOperation: number,
    lost: () => void,
    done: (isDone: boolean) => void,
  ): void {
    const value = configOperation === setOperation ? '1' : null;
    const configs = [{ name: 'max.message.bytes', configOperation, value }];
    connection.send(
      { request: incrementalAlterConfigsRequest, response: incrementalAlterConfigsResponse, version: 1 },
      { resources: [{ resourceType: topicResource, resourceName: topicName, configs }], validateOnly: false },
      ({ responses }) => done(responses[0]?.errorCode === ErrorCode.NONE),
      lost,
    );
  }

  #delete(connection: SimClientConnection, lost: () => void, done: (isDone: boolean) => void): void {
    connection.send(
      { request: deleteTopicsRequest, response: deleteTopicsResponse, version: 6 },
      { topics: [{ name: topicName, topicId: ZERO_UUID }], topicNames: [], timeoutMs: 30_000 },
      ({ responses }) => {
        const code = responses[0]?.errorCode;
        done(code === ErrorCode.NONE || code === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
      },
      lost,
    );
  }
}
