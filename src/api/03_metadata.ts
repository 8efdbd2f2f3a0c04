import type { ByteWriter } from '../base/bytes.ts';
import { ZERO_UUID } from '../base/uuid.ts';
import { topicNameProblem } from '../controller/topic_names.ts';
import { INTERNAL_TOPICS, type TopicImage } from '../metadata/topic_image.ts';
import { ApiKey } from '../protocol/api_keys.ts';
import { codecOf } from '../protocol/codec.ts';
import { ErrorCode } from '../protocol/errors.ts';
import { metadataRequest, metadataResponse, type MetadataRequest } from '../protocol/schema/03_metadata.ts';
import { createTopicsRequest } from '../protocol/schema/19_create_topics.ts';
import type { Encodable } from '../protocol/schema_language.ts';
import { createdTopicBytes } from './19_create_topics.ts';
import { CLUSTER_OPERATIONS, TOPIC_OPERATIONS, UNTOLD } from './authorized_operations.ts';
import type { ApiHandler, ApiHost } from './host.ts';
import { PartitionDescriptions, type DescribedPartition } from './partition_descriptions.ts';
import { ReachableBrokers } from './reachable_brokers.ts';
import type { Request } from './request.ts';

type TopicAnswer = Encodable<typeof metadataResponse>['topics'][number];
type PartitionAnswer = TopicAnswer['partitions'][number];

/**
 * Metadata (3), versions 0 to 13: KIP-516 ids, KIP-430 authorized operations (all of them, as nothing is denied).
 *
 * Runs on the receiving shard, out of its image, the columns and the rows. Never waits: a topic that it lets control
 * create is unknown until the client asks again. Not done yet: authorization.
 *
 *     served by  this shard alone
 *     bound      the frame
 *     errors     UNKNOWN_TOPIC_OR_PARTITION UNKNOWN_TOPIC_ID INVALID_TOPIC_EXCEPTION INVALID_REQUEST LEADER_NOT_AVAILABLE
 *                LISTENER_NOT_FOUND REPLICA_NOT_AVAILABLE
 */
export class MetadataHandler implements ApiHandler {
  readonly #partitions = new PartitionDescriptions();

  handle(request: Request, host: ApiHost): void {
    const body = codecOf(metadataRequest).decode(host.body(request), request.apiVersion);
    if (body === null) return host.refuse(request, 'a malformed Metadata request');
    if (asksByIdTooEarly(body, request.apiVersion)) return refuseAll(body, request, host);
    const brokers = new ReachableBrokers(host, request.origin.listener);
    const view: View = { host, brokers, version: request.apiVersion, told: body.includeTopicAuthorizedOperations };
    const topics = this.#asked(body, view);
    codecOf(metadataResponse).encode(host.beginAnswer(request), request.apiVersion, {
      brokers: brokers.told(),
      clusterId: host.node.clusterId,
      controllerId: brokers.contact(),
      topics,
      clusterAuthorizedOperations: body.includeClusterAuthorizedOperations ? CLUSTER_OPERATIONS : UNTOLD,
      errorCode: ErrorCode.NONE,
    });
    host.complete(request);
  }

  #asked(body: MetadataRequest, view: View): TopicAnswer[] {
    const { topics } = body;
    if (topics === null || (view.version === 0 && topics.length === 0)) {
      return [...view.host.image.topics()].map((topic) => this.#known(topic, view));
    }
    const ids = new Set(topics.map(({ topicId }) => topicId));
    ids.delete(ZERO_UUID);
    return ids.size === 0 ? this.#named(topics, body.allowAutoTopicCreation, view) : this.#identified(ids, view);
  }

  /** One id makes it a request by ids: names beside them, which some clients leave empty, count for nothing. */
  #identified(ids: ReadonlySet<string>, view: View): TopicAnswer[] {
    return [...ids].map((id) => {
      const topic = view.host.image.topicById(id);
      return topic === undefined ? unknown(null, id, ErrorCode.UNKNOWN_TOPIC_ID) : this.#known(topic, view);
    });
  }

  #named(topics: readonly AskedTopic[], allowsCreation: boolean, view: View): TopicAnswer[] {
    const { host } = view;
    const answers: TopicAnswer[] = [];
    // What may be done with a topic is told also of one that is not there.
    const topicAuthorizedOperations = view.told ? TOPIC_OPERATIONS : UNTOLD;
    const refuse = (name: string, errorCode: ErrorCode): void => {
      answers.push({ ...unknown(name, ZERO_UUID, errorCode), topicAuthorizedOperations });
    };
    const toCreate = new Set<string>();
    const mayCreate = host.node.topicDefaults.autoCreate && (view.version < 4 || allowsCreation);
    for (const name of new Set(topics.map(({ name }) => name))) {
      const topic = name === null ? undefined : host.image.topicByName(name);
      if (topic !== undefined) answers.push(this.#known(topic, view));
      else if (name === null) refuse('', ErrorCode.UNKNOWN_TOPIC_ID);
      else if (topicNameProblem(name) !== null) refuse(name, ErrorCode.INVALID_TOPIC_EXCEPTION);
      else {
        if (mayCreate && !INTERNAL_TOPICS.has(name)) toCreate.add(name);
        refuse(name, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
      }
    }
    if (toCreate.size > 0) create([...toCreate], host);
    return answers;
  }

  #known(topic: TopicImage, view: View): TopicAnswer {
    const partitions: PartitionAnswer[] = [];
    for (let index = 0; index < topic.partitionCount; index++) {
      partitions.push(inVersion(this.#partitions.of(topic, index, view.host, view.brokers), view));
    }
    return {
      errorCode: ErrorCode.NONE,
      name: topic.name,
      topicId: topic.id,
      isInternal: topic.isInternal,
      partitions,
      topicAuthorizedOperations: view.told ? TOPIC_OPERATIONS : UNTOLD,
    };
  }
}

/** Ids are on the wire from version 10 on, but asked by from version 12 on; before, an answer cannot lack a name. */
function asksByIdTooEarly({ topics }: MetadataRequest, version: number): boolean {
  if (topics === null || version >= IDS_ASKED_FROM) return false;
  return topics.some(({ name, topicId }) => name === null || topicId !== ZERO_UUID);
}

/** Every topic is told the error, and nothing else is told. */
function refuseAll(body: MetadataRequest, request: Request, host: ApiHost): void {
  const errorCode = ErrorCode.INVALID_REQUEST;
  codecOf(metadataResponse).encode(host.beginAnswer(request), request.apiVersion, {
    brokers: [],
    topics: body.topics!.map(({ name, topicId }) => ({ errorCode, name: name ?? '', topicId, partitions: [] })),
    errorCode,
  });
  host.complete(request);
}

const IDS_ASKED_FROM = 12;

/** What one request asks from. */
interface View {
  readonly host: ApiHost;
  readonly brokers: ReachableBrokers;
  readonly version: number;
  /** Authorized operations were asked for. */
  readonly told: boolean;
}

/** A partition for clients of a version: early ones do not know every error, and take every replica for one that lives. */
function inVersion(partition: DescribedPartition, { version, brokers }: View): PartitionAnswer {
  const { errorCode, partitionIndex, leaderId, leaderEpoch, replicaNodes, isrNodes, offlineReplicas } = partition;
  const told = { partitionIndex, leaderId, leaderEpoch, replicaNodes, isrNodes, offlineReplicas };
  if (version === 0) {
    const alive = replicaNodes.filter((id) => brokers.isAlive(id));
    const aliveIsr = isrNodes.filter((id) => brokers.isAlive(id));
    const isWhole = alive.length === replicaNodes.length && aliveIsr.length === isrNodes.length;
    const ofLed = isWhole ? ErrorCode.NONE : ErrorCode.REPLICA_NOT_AVAILABLE;
    const ofVersion = leaderId < 0 ? ErrorCode.LEADER_NOT_AVAILABLE : ofLed;
    return { ...told, errorCode: ofVersion, replicaNodes: alive, isrNodes: aliveIsr };
  }
  const isUnknownError = errorCode === ErrorCode.LISTENER_NOT_FOUND && version < LISTENER_NOT_FOUND_FROM;
  return { ...told, errorCode: isUnknownError ? ErrorCode.LEADER_NOT_AVAILABLE : errorCode };
}

/** KIP-302. */
const LISTENER_NOT_FOUND_FROM = 6;

type AskedTopic = NonNullable<MetadataRequest['topics']>[number];

/** The client asks again: nobody waits for this call. */
function create(names: readonly string[], host: ApiHost): void {
  const write = (writer: ByteWriter): void =>
    codecOf(createTopicsRequest).encode(writer, CREATE_TOPICS_VERSION, {
      topics: names.map((name) => ({ name, numPartitions: -1, replicationFactor: -1, assignments: [], configs: [] })),
    });
  const answerBytes = names.reduce((bytes, name) => bytes + createdTopicBytes(name), 64);
  host.callControl(null, ApiKey.CreateTopics, CREATE_TOPICS_VERSION, write, answerBytes, () => {});
}

/** The version in which topics are asked for. */
const CREATE_TOPICS_VERSION = 7;

function unknown(name: string | null, topicId: string, errorCode: ErrorCode): TopicAnswer {
  return { errorCode, name, topicId, isInternal: name !== null && INTERNAL_TOPICS.has(name), partitions: [] };
}
