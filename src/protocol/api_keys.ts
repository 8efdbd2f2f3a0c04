/** Numbers of the requests, by Kafka's names. */
export const ApiKey = {
  Produce: 0,
  Fetch: 1,
  ListOffsets: 2,
  Metadata: 3,
  LeaderAndIsr: 4,
  StopReplica: 5,
  UpdateMetadata: 6,
  ControlledShutdown: 7,
  OffsetCommit: 8,
  OffsetFetch: 9,
  FindCoordinator: 10,
  JoinGroup: 11,
  Heartbeat: 12,
  LeaveGroup: 13,
  SyncGroup: 14,
  DescribeGroups: 15,
  ListGroups: 16,
  SaslHandshake: 17,
  ApiVersions: 18,
  CreateTopics: 19,
  DeleteTopics: 20,
  DeleteRecords: 21,
  InitProducerId: 22,
  OffsetForLeaderEpoch: 23,
  AddPartitionsToTxn: 24,
  AddOffsetsToTxn: 25,
  EndTxn: 26,
  WriteTxnMarkers: 27,
  TxnOffsetCommit: 28,
  DescribeAcls: 29,
  CreateAcls: 30,
  DeleteAcls: 31,
  DescribeConfigs: 32,
  AlterConfigs: 33,
  AlterReplicaLogDirs: 34,
  DescribeLogDirs: 35,
  SaslAuthenticate: 36,
  CreatePartitions: 37,
  CreateDelegationToken: 38,
  RenewDelegationToken: 39,
  ExpireDelegationToken: 40,
  DescribeDelegationToken: 41,
  DeleteGroups: 42,
  ElectLeaders: 43,
  IncrementalAlterConfigs: 44,
  AlterPartitionReassignments: 45,
  ListPartitionReassignments: 46,
  OffsetDelete: 47,
  DescribeClientQuotas: 48,
  AlterClientQuotas: 49,
  DescribeUserScramCredentials: 50,
  AlterUserScramCredentials: 51,
  Vote: 52,
  BeginQuorumEpoch: 53,
  EndQuorumEpoch: 54,
  DescribeQuorum: 55,
  AlterPartition: 56,
  UpdateFeatures: 57,
  Envelope: 58,
  FetchSnapshot: 59,
  DescribeCluster: 60,
  DescribeProducers: 61,
  BrokerRegistration: 62,
  BrokerHeartbeat: 63,
  UnregisterBroker: 64,
  DescribeTransactions: 65,
  ListTransactions: 66,
  AllocateProducerIds: 67,
  ConsumerGroupHeartbeat: 68,
  ConsumerGroupDescribe: 69,
  ControllerRegistration: 70,
  GetTelemetrySubscriptions: 71,
  PushTelemetry: 72,
  AssignReplicasToDirs: 73,
  ListConfigResources: 74,
  DescribeTopicPartitions: 75,
  ShareGroupHeartbeat: 76,
  ShareGroupDescribe: 77,
  ShareFetch: 78,
  ShareAcknowledge: 79,
  AddRaftVoter: 80,
  RemoveRaftVoter: 81,
  UpdateRaftVoter: 82,
  InitializeShareGroupState: 83,
  ReadShareGroupState: 84,
  WriteShareGroupState: 85,
  DeleteShareGroupState: 86,
  ReadShareGroupStateSummary: 87,
  StreamsGroupHeartbeat: 88,
  StreamsGroupDescribe: 89,
  DescribeShareGroupOffsets: 90,
  AlterShareGroupOffsets: 91,
  DeleteShareGroupOffsets: 92,
} as const;

export type ApiName = keyof typeof ApiKey;
export type ApiKey = (typeof ApiKey)[ApiName];

/** What the protocol defines for a request. What a broker serves stands in `src/api/table.ts`. */
export interface Api {
  readonly key: ApiKey;
  readonly name: ApiName;
  readonly minVersion: number;
  /** The last version with a definition; `maxStableVersion` may lie below. */
  readonly maxVersion: number;
  /** The last version that may be used unless unstable ones are switched on. */
  readonly maxStableVersion: number;
  /** From here on compact lengths and tagged fields are used (KIP-482), in the headers too. NEVER if not at all. */
  readonly flexibleFrom: number;
}

/** Above every version. */
export const NEVER = 0x7fff;

/** LeaderAndIsr, StopReplica, UpdateMetadata and ControlledShutdown have left the protocol; their numbers stay taken. */
const APIS: readonly Api[] = [
  api('Produce', 3, 13, 9),
  api('Fetch', 4, 18, 12),
  api('ListOffsets', 1, 11, 6),
  api('Metadata', 0, 13, 9),
  api('OffsetCommit', 2, 10, 8),
  api('OffsetFetch', 1, 10, 6),
  api('FindCoordinator', 0, 6, 3),
  api('JoinGroup', 0, 9, 6),
  api('Heartbeat', 0, 4, 4),
  api('LeaveGroup', 0, 5, 4),
  api('SyncGroup', 0, 5, 4),
  api('DescribeGroups', 0, 6, 5),
  api('ListGroups', 0, 5, 3),
  api('SaslHandshake', 0, 1, NEVER),
  api('ApiVersions', 0, 4, 3),
  api('CreateTopics', 2, 7, 5),
  api('DeleteTopics', 1, 6, 4),
  api('DeleteRecords', 0, 2, 2),
  api('InitProducerId', 0, 6, 2, 1),
  api('OffsetForLeaderEpoch', 2, 4, 4),
  api('AddPartitionsToTxn', 0, 5, 3),
  api('AddOffsetsToTxn', 0, 4, 3),
  api('EndTxn', 0, 5, 3),
  api('WriteTxnMarkers', 1, 2, 1),
  api('TxnOffsetCommit', 0, 5, 3),
  api('DescribeAcls', 1, 3, 2),
  api('CreateAcls', 1, 3, 2),
  api('DeleteAcls', 1, 3, 2),
  api('DescribeConfigs', 1, 4, 4),
  api('AlterConfigs', 0, 2, 2),
  api('AlterReplicaLogDirs', 1, 2, 2),
  api('DescribeLogDirs', 1, 5, 2),
  api('SaslAuthenticate', 0, 2, 2),
  api('CreatePartitions', 0, 3, 2),
  api('CreateDelegationToken', 1, 3, 2),
  api('RenewDelegationToken', 1, 2, 2),
  api('ExpireDelegationToken', 1, 2, 2),
  api('DescribeDelegationToken', 1, 3, 2),
  api('DeleteGroups', 0, 2, 2),
  api('ElectLeaders', 0, 2, 2),
  api('IncrementalAlterConfigs', 0, 1, 1),
  api('AlterPartitionReassignments', 0, 1, 0),
  api('ListPartitionReassignments', 0, 0, 0),
  api('OffsetDelete', 0, 0, NEVER),
  api('DescribeClientQuotas', 0, 1, 1),
  api('AlterClientQuotas', 0, 1, 1),
  api('DescribeUserScramCredentials', 0, 0, 0),
  api('AlterUserScramCredentials', 0, 0, 0),
  api('Vote', 0, 2, 0),
  api('BeginQuorumEpoch', 0, 1, 1),
  api('EndQuorumEpoch', 0, 1, 1),
  api('DescribeQuorum', 0, 2, 0),
  api('AlterPartition', 2, 3, 0),
  api('UpdateFeatures', 0, 2, 0),
  api('Envelope', 0, 0, 0),
  api('FetchSnapshot', 0, 1, 0),
  api('DescribeCluster', 0, 2, 0),
  api('DescribeProducers', 0, 0, 0),
  api('BrokerRegistration', 0, 4, 0),
  api('BrokerHeartbeat', 0, 2, 0),
  api('UnregisterBroker', 0, 0, 0),
  api('DescribeTransactions', 0, 0, 0),
  api('ListTransactions', 0, 2, 0),
  api('AllocateProducerIds', 0, 0, 0),
  api('ConsumerGroupHeartbeat', 0, 1, 0),
  api('ConsumerGroupDescribe', 0, 1, 0),
  api('ControllerRegistration', 0, 0, 0),
  api('GetTelemetrySubscriptions', 0, 0, 0),
  api('PushTelemetry', 0, 0, 0),
  api('AssignReplicasToDirs', 0, 0, 0),
  api('ListConfigResources', 0, 1, 0),
  api('DescribeTopicPartitions', 0, 0, 0),
  api('ShareGroupHeartbeat', 1, 1, 0),
  api('ShareGroupDescribe', 1, 1, 0),
  api('ShareFetch', 1, 2, 0),
  api('ShareAcknowledge', 1, 2, 0),
  api('AddRaftVoter', 0, 1, 0),
  api('RemoveRaftVoter', 0, 0, 0),
  api('UpdateRaftVoter', 0, 0, 0),
  api('InitializeShareGroupState', 0, 0, 0),
  api('ReadShareGroupState', 0, 0, 0),
  api('WriteShareGroupState', 0, 1, 0),
  api('DeleteShareGroupState', 0, 0, 0),
  api('ReadShareGroupStateSummary', 0, 1, 0),
  api('StreamsGroupHeartbeat', 0, 0, 0),
  api('StreamsGroupDescribe', 0, 0, 0),
  api('DescribeShareGroupOffsets', 0, 1, 0),
  api('AlterShareGroupOffsets', 0, 0, 0),
  api('DeleteShareGroupOffsets', 0, 0, 0),
];

const BY_KEY: (Api | undefined)[] = [];
for (const each of APIS) BY_KEY[each.key] = each;

/** All that have versions, by ascending key. */
export function apis(): readonly Api[] {
  return APIS;
}

/** Undefined for keys that are unknown or have left the protocol. */
export function apiOf(key: number): Api | undefined {
  return BY_KEY[key];
}

export function apiName(key: number): string {
  return BY_KEY[key]?.name ?? `Unknown(${key})`;
}

function api(name: ApiName, minVersion: number, maxVersion: number, flexibleFrom: number, unstable = 0): Api {
  return { key: ApiKey[name], name, minVersion, maxVersion, maxStableVersion: maxVersion - unstable, flexibleFrom };
}
