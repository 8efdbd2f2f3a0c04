import { array, int32, message, string, type Decoded } from '../../schema_language.ts';

/** Target assignment of a member of a streams group: its tasks. */

export const streamsGroupTargetAssignmentMemberKey = message('StreamsGroupTargetAssignmentMemberKey', {
  apiKey: 21,
  versions: '0',
  fields: {
    groupId: string(),
    memberId: string(),
  },
});
export type StreamsGroupTargetAssignmentMemberKey = Decoded<typeof streamsGroupTargetAssignmentMemberKey>;

const taskIds = {
  subtopologyId: string(),
  partitions: array(int32()),
};

export const streamsGroupTargetAssignmentMemberValue = message('StreamsGroupTargetAssignmentMemberValue', {
  apiKey: 21,
  versions: '0',
  flexible: '0+',
  fields: {
    activeTasks: array(taskIds),
    standbyTasks: array(taskIds),
    warmupTasks: array(taskIds),
  },
});
export type StreamsGroupTargetAssignmentMemberValue = Decoded<typeof streamsGroupTargetAssignmentMemberValue>;
