import { array, bool, int16, int32, int64, message, string, struct, uint16, type Decoded } from '../schema_language.ts';

/** State, topology and members of streams groups (KIP-1071). */

export const streamsGroupDescribeRequest = message('StreamsGroupDescribeRequest', {
  apiKey: 89,
  versions: '0',
  flexible: '0+',
  listeners: ['broker'],
  fields: {
    groupIds: array(string(), { entity: 'groupId' }),
    includeAuthorizedOperations: bool(),
  },
});
export type StreamsGroupDescribeRequest = Decoded<typeof streamsGroupDescribeRequest>;

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

const assignment = {
  activeTasks: array(taskIds),
  standbyTasks: array(taskIds),
  warmupTasks: array(taskIds),
};

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

export const streamsGroupDescribeResponse = message('StreamsGroupDescribeResponse', {
  apiKey: 89,
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32(),
    groups: array({
      errorCode: int16(),
      errorMessage: string({ nullable: '0+', default: null }),
      groupId: string({ entity: 'groupId' }),
      groupState: string(),
      groupEpoch: int32(),
      assignmentEpoch: int32(),
      topology: struct(
        {
          epoch: int32(),
          subtopologies: array(
            {
              subtopologyId: string(),
              sourceTopics: array(string(), { entity: 'topicName' }),
              repartitionSinkTopics: array(string(), { entity: 'topicName' }),
              stateChangelogTopics: array(topicInfo),
              repartitionSourceTopics: array(topicInfo),
            },
            { nullable: '0+', default: null },
          ),
        },
        { nullable: '0+', default: null },
      ),
      members: array({
        memberId: string(),
        memberEpoch: int32(),
        /** Of a static member. */
        instanceId: string({ nullable: '0+', default: null }),
        rackId: string({ nullable: '0+', default: null }),
        clientId: string(),
        clientHost: string(),
        topologyEpoch: int32(),
        processId: string(),
        userEndpoint: struct(endpoint, { nullable: '0+', default: null }),
        clientTags: array(keyValue),
        taskOffsets: array(taskOffset),
        taskEndOffsets: array(taskOffset),
        assignment: struct(assignment),
        targetAssignment: struct(assignment),
        isClassic: bool(),
      }),
      /** A bit for each operation; the least int32 when not asked for. */
      authorizedOperations: int32({ default: -2_147_483_648 }),
    }),
  },
});
export type StreamsGroupDescribeResponse = Decoded<typeof streamsGroupDescribeResponse>;
