import { ErrorCode } from '../../src/protocol/errors.ts';
import { metadataRequest, metadataResponse } from '../../src/protocol/schema/03_metadata.ts';
import { createTopicsRequest, createTopicsResponse } from '../../src/protocol/schema/19_create_topics.ts';
import { SimClientConnection } from './sim_client.ts';
import type { ClientHost, TopicTarget } from './sim_workload.ts';

export interface TopicWanted {
  readonly name: string;
  readonly partitions: number;
  readonly configs: readonly { readonly name: string; readonly value: string }[];
}

/** Creates topics and waits until the node tells of all their partitions, over as many connections as it takes. */
export class SimAdmin {
  readonly topics: TopicTarget[] = [];
  /** The first answer that was neither success nor "not yet"; null while there is none. */
  problem: string | null = null;
  readonly #host: Omit<ClientHost, 'topics'>;
  readonly #wanted: readonly TopicWanted[];
  #connection: SimClientConnection | null = null;

  constructor(host: Omit<ClientHost, 'topics'>, wanted: readonly TopicWanted[]) {
    this.#host = host;
    this.#wanted = wanted;
  }

  get isDone(): boolean {
    return this.topics.length === this.#wanted.length;
  }

  start(): void {
    const { world, network, target, clock } = this.#host;
    this.#connection = new SimClientConnection(world, network, target(), 'admin', {
      opened: () => this.#create(),
      closed: () => {
        this.#connection = null;
        if (!this.isDone) clock.schedule(200, () => this.start());
      },
    });
  }

  #create(): void {
    const call = { request: createTopicsRequest, response: createTopicsResponse, version: 7 };
    const topics = this.#wanted.map(({ name, partitions, configs }) => ({
      name,
      numPartitions: partitions,
      replicationFactor: 1,
      assignments: [],
      configs,
    }));
    this.#connection?.send(
      call,
      { topics, timeoutMs: 30_000 },
      (response) => {
        for (const topic of response.topics) {
          const known = topic.errorCode === ErrorCode.NONE || topic.errorCode === ErrorCode.TOPIC_ALREADY_EXISTS;
          if (!known) this.problem ??= `creating ${topic.name}: ${topic.errorCode} ${topic.errorMessage ?? ''}`;
        }
        this.#ask();
      },
      () => {},
    );
  }

  #ask(): void {
    const call = { request: metadataRequest, response: metadataResponse, version: 12 };
    this.#connection?.send(
      call,
      { topics: null, includeTopicAuthorizedOperations: false },
      (response) => {
        const found: TopicTarget[] = [];
        for (const { name, partitions } of this.#wanted) {
          const topic = response.topics.find((told) => told.name === name && told.errorCode === ErrorCode.NONE);
          const led = topic?.partitions.filter(({ errorCode, leaderId }) => errorCode === 0 && leaderId >= 0).length;
          if (topic !== undefined && led === partitions) found.push({ name, id: topic.topicId, partitions });
        }
        if (found.length < this.#wanted.length) {
          this.#host.clock.schedule(50, () => this.#ask());
          return;
        }
        this.topics.push(...found);
        this.#connection?.close();
      },
      () => {},
    );
  }
}
