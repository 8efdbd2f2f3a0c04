import { assert } from '../base/assert.ts';
import { ApiKey, type ApiName } from '../protocol/api_keys.ts';
import { requestKindsMax } from '../shared-memory/request_counts.ts';

/** Where a request takes effect. It is always decoded, checked and answered on the shard that received it. */
export type Executes = 'receiver' | 'owner of the partition' | 'coordinator' | 'control';

/**
 * How a request stands to the others of its connection. `alone`: it begins when all before it are done, and nothing
 * begins before it is. `overlaps its kind`: it may begin behind unfinished requests of the same kind.
 */
export type Order = 'alone' | 'overlaps its kind';

export interface ApiEntry {
  readonly key: ApiKey;
  readonly name: ApiName;
  /** Versions served; those of the protocol are in `protocol/api_keys.ts`. */
  readonly minVersion: number;
  readonly maxVersion: number;
  readonly executes: Executes;
  readonly order: Order;
  /** Served on listeners of controllers too; the others know only those. */
  readonly onControllers: boolean;
  /** As what requests of `minVersion` are counted; those of the versions behind it follow. */
  readonly kindsFrom: number;
}

/** As what all requests are counted that are not served: of other keys and versions, or without a whole header. */
export const NOT_SERVED = 0;

let kinds = NOT_SERVED + 1;

/** Of the requests that Kafka's controllers serve, those that this one does. Fetch is for other voters: there are none yet. */
const ON_CONTROLLERS: ReadonlySet<ApiName> = new Set([
  'ApiVersions',
  'CreateTopics',
  'DeleteTopics',
  'DescribeConfigs',
  'AlterConfigs',
  'CreatePartitions',
  'IncrementalAlterConfigs',
  'DescribeQuorum',
  'UpdateFeatures',
  'DescribeCluster',
] as const);

/** Every request that this broker serves. What is not here does not exist for a client. Handlers: handlers.ts. */
const entries: readonly ApiEntry[] = [
  entry('Produce', 3, 13, 'owner of the partition', 'overlaps its kind'),
  entry('Fetch', 4, 18, 'receiver', 'alone'),
  entry('ListOffsets', 1, 11, 'receiver', 'alone'),
  entry('Metadata', 0, 13, 'receiver', 'alone'),
  entry('ApiVersions', 0, 4, 'receiver', 'alone'),
  entry('CreateTopics', 2, 7, 'control', 'alone'),
  entry('DeleteTopics', 1, 6, 'control', 'alone'),
  entry('DeleteRecords', 0, 2, 'owner of the partition', 'alone'),
  entry('InitProducerId', 0, 5, 'receiver', 'alone'),
  entry('OffsetForLeaderEpoch', 2, 4, 'owner of the partition', 'alone'),
  entry('DescribeLogDirs', 1, 5, 'receiver', 'alone'),
  entry('DescribeProducers', 0, 0, 'owner of the partition', 'alone'),
  entry('DescribeConfigs', 1, 4, 'receiver', 'alone'),
  entry('AlterConfigs', 0, 2, 'control', 'alone'),
  entry('CreatePartitions', 0, 3, 'control', 'alone'),
  entry('IncrementalAlterConfigs', 0, 1, 'control', 'alone'),
  entry('DescribeQuorum', 0, 2, 'control', 'alone'),
  entry('UpdateFeatures', 0, 2, 'control', 'alone'),
  entry('DescribeCluster', 0, 2, 'receiver', 'alone'),
  entry('ListConfigResources', 0, 1, 'receiver', 'alone'),
  entry('DescribeTopicPartitions', 0, 0, 'receiver', 'alone'),
];

function entry(name: ApiName, minVersion: number, maxVersion: number, executes: Executes, order: Order): ApiEntry {
  const onControllers = ON_CONTROLLERS.has(name);
  const kindsFrom = kinds;
  kinds += maxVersion - minVersion + 1;
  return { key: ApiKey[name], name, minVersion, maxVersion, executes, order, onControllers, kindsFrom };
}

export const apiTable: ReadonlyMap<number, ApiEntry> = new Map(entries.map((one) => [one.key, one]));

assert(kinds <= requestKindsMax, 'each version that is served is counted');
