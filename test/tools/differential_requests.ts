import type { SeededRandom } from '../../src/base/random.ts';
import { apiTable } from '../../src/api/table.ts';
import { ApiKey, type ApiName } from '../../src/protocol/api_keys.ts';
import { Layout } from '../../src/protocol/codec_layout.ts';
import type { Fields } from '../../src/protocol/schema_language.ts';
import { isArray, isObject, type Json, type JsonObject } from './conformance_json.ts';
import { requestMessage } from './conformance_messages.ts';
import { BROKER_SETTINGS, CLIENT_SETTINGS, GROUP_SETTINGS, TOPIC_SETTINGS } from './differential_settings.ts';

/**
 * Draws well-formed requests that say something to a broker with a few topics: names that exist and names that cannot,
 * numbers at the edges. What a broker chose (ids of topics, producers, sessions) stands as `$name`, to be filled in for
 * each broker.
 */
export interface DrawnRequest {
  readonly api: number;
  readonly name: ApiName;
  readonly version: number;
  readonly body: JsonObject;
  /** May change what brokers answer later. */
  readonly changes: boolean;
}

/** Topics that requests make, fill and delete. */
export const TOPICS: readonly string[] = ['df-a', 'df-b', 'df-c', 'df-d'];
/** Producers and sessions that are remembered, the last ones. */
export const REMEMBERED = 3;

const CHANGES: ReadonlySet<ApiName> = new Set([
  'CreateTopics',
  'DeleteTopics',
  'CreatePartitions',
  'AlterConfigs',
  'IncrementalAlterConfigs',
  'UpdateFeatures',
  'Metadata',
] as const);

export function drawRequest(random: SeededRandom, only: string): DrawnRequest {
  const entries = [...apiTable.values()].filter(({ name }) => name.includes(only) && WEIGHTS[name] !== 0);
  const weighted = entries.flatMap((entry) => new Array<typeof entry>(WEIGHTS[entry.name] ?? 2).fill(entry));
  const { key, name, minVersion, maxVersion } = random.pick(weighted);
  const version = random.between(minVersion, maxVersion);
  const message = requestMessage(key)!;
  const layout = new Layout(message, version, { wide: false, keepUnknownTags: false });
  const body = fitted(layout, message.fields, new Drawing(random, version).body(key)) as JsonObject;
  return { api: key, name, version, body, changes: CHANGES.has(name) };
}

/** More of what has much to say, and of what makes something to speak of. */
const WEIGHTS: Partial<Record<ApiName, number>> = { Produce: 6, Fetch: 5, CreateTopics: 3, ListOffsets: 3 };

/** Without the fields that the version lacks, and without null where it may not stand. */
function fitted(layout: Layout, fields: Fields, value: Json): Json {
  if (!isObject(value)) return value;
  const kept: Record<string, Json> = {};
  for (const [name, each] of Object.entries(value)) {
    const field = fields[name];
    if (field === undefined || layout.presence(field) === 'absent') continue;
    if (each === null && !layout.nullable(field)) kept[name] = field.kind === 'array' ? [] : 'df-a';
    else if (field.kind === 'struct') kept[name] = fitted(layout, field.fields!, each);
    else if (isArray(each) && field.element?.fields !== undefined) {
      kept[name] = each.map((one) => fitted(layout, field.element!.fields!, one));
    } else kept[name] = each;
  }
  return kept;
}

class Drawing {
  readonly #random: SeededRandom;
  readonly #version: number;

  constructor(random: SeededRandom, version: number) {
    this.#random = random;
    this.#version = version;
  }

  body(key: ApiKey): JsonObject {
    switch (key) {
      case ApiKey.Produce:
        return this.#produce();
      case ApiKey.Fetch:
        return this.#fetch();
      case ApiKey.ListOffsets:
        return {
          replicaId: this.#pick(-1, -1, -2, 1, 7),
          isolationLevel: this.#pick(0, 1),
          topics: this.#distinct(() => ({ name: this.#topic(), partitions: this.#few(() => this.#listed()) }), 'name'),
          timeoutMs: 500,
        };
      case ApiKey.Metadata: {
        const byId = this.#version >= 12 && this.#flip();
        const topic = (): Json =>
          byId ? { topicId: this.#id(), name: null } : { topicId: '$zero', name: this.#topic() };
        return {
          topics: this.#flip(0.2) ? null : this.#few(topic),
          allowAutoTopicCreation: this.#version >= 4 ? this.#flip(0.1) : true,
          includeClusterAuthorizedOperations: this.#flip(),
          includeTopicAuthorizedOperations: this.#flip(),
        };
      }
      case ApiKey.ApiVersions:
        return {
          clientSoftwareName: this.#pick('a', 'client-1.x', '', '-a', 'a b'),
          clientSoftwareVersion: this.#pick('1.0', '', '1.'),
        };
      case ApiKey.CreateTopics:
        return { topics: this.#few(() => this.#newTopic()), timeoutMs: 5000, validateOnly: this.#flip(0.3) };
      case ApiKey.DeleteTopics: {
        const topic = (): Json =>
          this.#flip() ? { name: this.#topic(), topicId: '$zero' } : { name: null, topicId: this.#id() };
        return { topics: this.#few(topic), topicNames: this.#few(() => this.#topic()), timeoutMs: 5000 };
      }
      case ApiKey.DeleteRecords: {
        const partition = (): Json => ({ partitionIndex: this.#partition(), offset: this.#pick(-1, 0, 1, 2, 50, -2) });
        const topic = (): Json => ({ name: this.#topic(), partitions: this.#distinct(partition, 'partitionIndex') });
        return { topics: this.#distinct(topic, 'name'), timeoutMs: 500 };
      }
      case ApiKey.InitProducerId:
        return {
          transactionalId: this.#pick(null, null, ''),
          transactionTimeoutMs: this.#pick(0, -1, 60_000),
          producerId: this.#pick<Json>(-1, -1, 4000, '$producer0', 2_000_000_000),
          producerEpoch: this.#pick(-1, 0, 5, 32_767),
        };
      case ApiKey.OffsetForLeaderEpoch: {
        const partition = (): Json => ({
          partition: this.#partition(),
          currentLeaderEpoch: this.#epoch(),
          leaderEpoch: this.#pick(0, 1, -1, 7),
        });
        const topic = (): Json => ({ topic: this.#topic(), partitions: this.#few(partition) });
        return { replicaId: this.#pick(-1, -2, 1, 7), topics: this.#distinct(topic, 'topic') };
      }
      case ApiKey.DescribeConfigs:
        return this.#describeConfigs();
      case ApiKey.AlterConfigs:
      case ApiKey.IncrementalAlterConfigs:
        return this.#alterConfigs();
      case ApiKey.DescribeLogDirs: {
        const topic = (): Json => ({ topic: this.#topic(), partitions: this.#few(() => this.#partition()) });
        return { topics: this.#flip(0.3) ? null : this.#distinct(topic, 'topic') };
      }
      case ApiKey.CreatePartitions:
        return {
          topics: this.#few(() => ({
            name: this.#topic(),
            count: this.#pick(0, 1, 2, 3, 4, -1),
            assignments: this.#pick<Json>(
              null,
              null,
              [],
              [{ brokerIds: [1] }],
              [{ brokerIds: [7] }],
              [{ brokerIds: [] }],
            ),
          })),
          timeoutMs: 5000,
          validateOnly: this.#flip(),
        };
      case ApiKey.DescribeQuorum: {
        const partition = (): Json => ({ partitionIndex: this.#pick(0, 0, 1) });
        const topic = (): Json => ({
          topicName: this.#pick('__cluster_metadata', '__cluster_metadata', 'df-a'),
          partitions: this.#few(partition),
        });
        return { topics: this.#few(topic) };
      }
      case ApiKey.UpdateFeatures:
        return this.#updateFeatures();
      case ApiKey.DescribeCluster:
        return {
          includeClusterAuthorizedOperations: this.#flip(),
          endpointType: this.#pick(1, 1, 2, 0, 3),
          includeFencedBrokers: this.#flip(),
        };
      case ApiKey.DescribeProducers: {
        const topic = (): Json => ({ name: this.#topic(), partitionIndexes: this.#few(() => this.#partition()) });
        return { topics: this.#distinct(topic, 'name') };
      }
      case ApiKey.ListConfigResources:
        return { resourceTypes: this.#few(() => this.#pick(2, 4, 8, 16, 32, 0, 5)) };
      case ApiKey.DescribeTopicPartitions:
        return {
          topics: this.#few(() => ({ name: this.#topic() })),
          responsePartitionLimit: this.#pick(2000, 1, 2, 0, -1),
          cursor: this.#pick<Json>(null, null, {
            topicName: this.#topic(),
            partitionIndex: this.#pick(0, 1, 2, -1),
          }),
        };
      default:
        throw new Error(`nothing is drawn for API ${key}`);
    }
  }

  #produce(): JsonObject {
    const partition = (): Json => ({ index: this.#partition(), records: this.#records() });
    const topic = (): Json => ({
      name: this.#topic(),
      topicId: this.#id(),
      partitionData: this.#distinct(partition, 'index'),
    });
    return {
      transactionalId: null,
      acks: this.#pick(-1, 1, 1, -1, 2, -2),
      timeoutMs: 3000,
      topicData: this.#distinct(topic, this.#version >= 13 ? 'topicId' : 'name'),
    };
  }

  #records(): Json {
    if (this.#flip(0.02)) return '';
    const record = (): Json => [this.#pick(null, 'k', 'key'), this.#pick(null, 'v', '', 'value'.repeat(200))];
    const isIdempotent = this.#flip(0.3);
    return {
      $batch: {
        codec: this.#pick('none', 'none', 'gzip', 'snappy', 'lz4', 'zstd'),
        base: this.#pick(0, 0, 0, 0, 0, 0, 5),
        ts: this.#pick(1_700_000_000_000, 1_700_000_000_000, -1, 0, 4_000_000_000_000),
        flip: this.#flip(0.03),
        magic: this.#pick(2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 0),
        txn: this.#flip(0.02),
        ...(isIdempotent
          ? {
              pid: `$producer${this.#random.between(0, REMEMBERED - 1)}`,
              epoch: this.#pick(0, 0, 0, 1),
              seq: this.#pick(0, 0, 1, 2, 3, 5),
            }
          : {}),
        records: [record(), ...(this.#few(record) as Json[])],
      },
    };
  }

  #fetch(): JsonObject {
    const [sessionId, sessionEpoch] = this.#pick<readonly [Json, Json]>(
      [0, -1],
      [0, -1],
      [0, 0],
      ['$session0', '$sessionEpoch0'],
      ['$session0', '$sessionEpoch0'],
      ['$session0', -1],
      ['$session1', 5],
      [123, 1],
    );
    const partition = (): Json => ({
      partition: this.#partition(),
      currentLeaderEpoch: this.#epoch(),
      fetchOffset: this.#pick(0, 0, 1, 2, 5, 100, -1),
      lastFetchedEpoch: this.#pick(-1, -1, 0, 9),
      logStartOffset: -1,
      partitionMaxBytes: this.#pick(1_048_576, 100, 1, 0),
    });
    const topic = (): Json => ({
      topic: this.#topic(),
      topicId: this.#id(),
      partitions: this.#distinct(partition, 'partition'),
    });
    const key = this.#version >= 13 ? 'topicId' : 'topic';
    const forgotten = (): Json => ({ topic: this.#topic(), topicId: this.#id(), partitions: [this.#partition()] });
    return {
      maxWaitMs: this.#pick(0, 20),
      minBytes: this.#pick(0, 1),
      maxBytes: this.#pick(10_000_000, 10_000_000, 1, 500),
      isolationLevel: this.#pick(0, 1),
      sessionId,
      sessionEpoch,
      topics: this.#distinct(topic, key),
      forgottenTopicsData: this.#flip(0.2) ? this.#distinct(forgotten, key) : [],
      rackId: '',
    };
  }

  #listed(): Json {
    return {
      partitionIndex: this.#partition(),
      currentLeaderEpoch: this.#epoch(),
      timestamp: this.#pick(-1, -2, -3, -4, -5, -6, -7, 0, 1_700_000_000_000, 1_700_000_000_001, 5_000_000_000_000),
    };
  }

  #newTopic(): Json {
    const isManual = this.#flip(0.2);
    const assignment = (): Json => ({
      partitionIndex: this.#pick(0, 1, 2, -1),
      brokerIds: this.#pick<Json>([1], [1], [7], [], [1, 1]),
    });
    return {
      name: this.#topic(),
      numPartitions: isManual ? this.#pick(-1, -1, 1) : this.#pick(-1, 1, 2, 3, 0, -2),
      replicationFactor: isManual ? this.#pick(-1, -1, 1) : this.#pick(-1, 1, 1, 0, 2, -2),
      assignments: isManual ? this.#few(assignment) : [],
      configs: this.#flip(0.5) ? this.#distinct(() => this.#setting(TOPIC_SETTINGS), 'name') : [],
    };
  }

  #setting(settings: Readonly<Record<string, readonly (string | null)[]>>): Json {
    const name = this.#pick(...Object.keys(settings));
    return { name, value: this.#pick<Json>(...settings[name]!) };
  }

  #resource(): { resourceType: number; resourceName: string } {
    const resourceType = this.#pick(2, 2, 2, 4, 16, 32, 0, 99, 8);
    const resourceName =
      resourceType === 2
        ? this.#topic()
        : resourceType === 4
          ? this.#pick('1', '', '7', 'x')
          : resourceType === 8
            ? this.#pick('', '7', 'x')
            : this.#pick('df-resource', '');
    return { resourceType, resourceName };
  }

  #describeConfigs(): JsonObject {
    const resource = (): Json => {
      const { resourceType, resourceName } = this.#resource();
      const keys = resourceType === 4 ? Object.keys(BROKER_SETTINGS) : Object.keys(TOPIC_SETTINGS);
      const some = keys.filter(() => this.#flip());
      // All of a broker's are compared by those who ask for all, not here: brokers are set up differently.
      const all = resourceType === 4 ? keys : null;
      return { resourceType, resourceName, configurationKeys: this.#flip(0.3) ? all : ['no.such.setting', ...some] };
    };
    return { resources: this.#few(resource), includeSynonyms: this.#flip(), includeDocumentation: this.#flip() };
  }

  #alterConfigs(): JsonObject {
    const resource = (): Json => {
      const { resourceType, resourceName } = this.#resource();
      const settings = resourceType === 4 ? BROKER_SETTINGS : resourceType === 16 ? CLIENT_SETTINGS : TOPIC_SETTINGS;
      const setting = (): Json => ({
        ...(this.#setting(resourceType === 32 ? GROUP_SETTINGS : settings) as JsonObject),
        configOperation: this.#pick(0, 0, 0, 1, 2, 3, 4),
      });
      return { resourceType, resourceName, configs: this.#distinct(setting, 'name') };
    };
    return { resources: this.#few(resource), validateOnly: this.#flip() };
  }

  #updateFeatures(): JsonObject {
    const update = (): Json => ({
      feature: this.#pick('group.version', 'share.version', 'metadata.version', 'no.such.feature', 'kraft.version', ''),
      maxVersionLevel: this.#pick(0, 1, 2, 30, 31, 29, -1, 5),
      allowDowngrade: this.#flip(),
      upgradeType: this.#pick(0, 1, 2, 3, 4),
    });
    // Version 0 cannot ask without changing: nothing that could come true is asked then.
    const isAsking = this.#version >= 1;
    const updates = isAsking ? this.#distinct(update, 'feature') : [{ feature: 'no.such.feature', maxVersionLevel: 1 }];
    return { timeoutMs: 5000, featureUpdates: updates, validateOnly: true };
  }

  #topic(): string {
    return this.#flip(0.85)
      ? this.#random.pick(TOPICS)
      : this.#pick('df-missing', 'df bad name', '', '.', 'x'.repeat(250), 'df.a', 'df_a');
  }

  #id(): string {
    return this.#flip(0.9) ? `$id:${this.#random.pick(TOPICS)}` : this.#pick('$zero', 'AAAAAAAAAAAAAAAAAAAAZg');
  }

  #partition(): number {
    return this.#pick(0, 0, 0, 0, 1, 1, 2, 5, -1, 2_147_483_647);
  }

  #epoch(): number {
    return this.#pick(-1, -1, -1, 0, 7);
  }

  #flip(probability = 0.5): boolean {
    return this.#random.chance(probability);
  }

  #pick<T extends Json | readonly Json[]>(...items: T[]): T {
    return this.#random.pick(items);
  }

  #few(one: () => Json): Json[] {
    return Array.from({ length: this.#pick(0, 1, 1, 1, 2, 3) }, one);
  }

  /** As `few`, each of another name. */
  #distinct(one: () => Json, by: string): Json[] {
    return [...new Map(this.#few(one).map((each) => [(each as JsonObject)[by], each])).values()];
  }
}
