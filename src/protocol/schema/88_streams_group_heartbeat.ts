import {
  array,
  bool,
  int16,
  int32,
  int64,
  int8,
  message,
  string,
  struct,
  uint16,
  type Decoded,
} from '../schema_language.ts';

/** The heartbeat of a member of a streams group (KIP-1071). */

const keyValue = {
  key: string(),
  value: string(),
};

const topicInfo = {
  name: string({ entity: 'topicName' }),
  partitions: int32(),
  replicationFactor: int16(),
  topicConfigs: array(keyValue),
};

const endpoint = {
  host: string(),
  port: uint16(),
};

const taskOffset = {
  subtopologyId: string(),
  partition: int32(),
  offset: int64(),
};

const taskIds = {
  subtopologyId: string(),
  partitions: array(int32()),
};

export const streamsGroupHeartbeatRequest = message('StreamsGroupHeartbeatRequest', {
  apiKey: 88,
  versions: '0',
  flexible: '0+',
  listeners: ['broker'],
  fields: {
    groupId: string({ entity: 'groupId' }),
    memberId: string(),
    /** 0 joins, -1 leaves, -2 leaves for a while as a static member. */
    memberEpoch: int32(),
    endpointInformationEpoch: int32(),
    /** Of a static member. */
    instanceId: string({ nullable: '0+', default: null }),
    rackId: string({ nullable: '0+', default: null }),
    rebalanceTimeoutMs: int32({ default: -1 }),
    /** Sent when joining. */
    topology: struct(
      {
        epoch: int32(),
        subtopologies: array({
          subtopologyId: string(),
          sourceTopics: array(string(), { entity: 'topicName' }),
          sourceTopicRegex: array(string()),
          stateChangelogTopics: array(topicInfo),
          repartitionSinkTopics: array(string(), { entity: 'topicName' }),
          repartitionSourceTopics: array(topicInfo),
          copartitionGroups: array({
            sourceTopics: array(int16()),
            sourceTopicRegex: array(int16()),
            repartitionSourceTopics: array(int16()),
          }),
        }),
      },
      { nullable: '0+', default: null },
    ),
    activeTasks: array(taskIds, { nullable: '0+', default: null }),
    standbyTasks: array(taskIds, { nullable: '0+', default: null }),
    warmupTasks: array(taskIds, { nullable: '0+', default: null }),
    processId: string({ nullable: '0+', default: null }),
    userEndpoint: struct(endpoint, { nullable: '0+', default: null }),
    clientTags: array(keyValue, { nullable: '0+', default: null }),
    /** How far the state stores of standby and warm-up tasks are. */
    taskOffsets: array(taskOffset, { nullable: '0+', default: null }),
    taskEndOffsets: array(taskOffset, { nullable: '0+', default: null }),
    shutdownApplication: bool({ default: false }),
  },
});
export type StreamsGroupHeartbeatRequest = Decoded<typeof streamsGroupHeartbeatRequest>;

const status = {
  statusCode: int8(),
  statusDetail: string(),
};

const topicPartition = {
  topic: string({ entity: 'topicName' }),
  partitions: array(int32()),
};

export const streamsGroupHeartbeatResponse = message('StreamsGroupHeartbeatResponse', {
  apiKey: 88,
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+', default: null }),
    memberId: string(),
    memberEpoch: int32(),
    heartbeatIntervalMs: int32(),
    acceptableRecoveryLag: int32(),
    taskOffsetIntervalMs: int32(),
    /** What stands in the way of the group. */
    status: array(status, { nullable: '0+' }),
    activeTasks: array(taskIds, { nullable: '0+', default: null }),
    standbyTasks: array(taskIds, { nullable: '0+', default: null }),
    warmupTasks: array(taskIds, { nullable: '0+', default: null }),
    endpointInformationEpoch: int32(),
    partitionsByUserEndpoint: array(
      {
        userEndpoint: struct(endpoint),
        activePartitions: array(topicPartition),
        standbyPartitions: array(topicPartition),
      },
      { nullable: '0+', default: null },
    ),
  },
});
export type StreamsGroupHeartbeatResponse = Decoded<typeof streamsGroupHeartbeatResponse>;
