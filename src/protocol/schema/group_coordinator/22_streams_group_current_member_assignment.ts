import { array, int32, int8, message, string, type Decoded } from '../../schema_language.ts';

/** Tasks that a member of a streams group has now, and those it is giving up. */

export const streamsGroupCurrentMemberAssignmentKey = message('StreamsGroupCurrentMemberAssignmentKey', {
  apiKey: 22,
  versions: '0',
  fields: {
    groupId: string(),
    memberId: string(),
  },
});
export type StreamsGroupCurrentMemberAssignmentKey = Decoded<typeof streamsGroupCurrentMemberAssignmentKey>;

const taskIds = {
  subtopologyId: string(),
  partitions: array(int32()),
  assignmentEpochs: array(int32(), { nullable: '0+', tag: 0 }),
};

export const streamsGroupCurrentMemberAssignmentValue = message('StreamsGroupCurrentMemberAssignmentValue', {
  apiKey: 22,
  versions: '0',
  flexible: '0+',
  fields: {
    memberEpoch: int32(),
    previousMemberEpoch: int32(),
    state: int8(),
    activeTasks: array(taskIds),
    standbyTasks: array(taskIds),
    warmupTasks: array(taskIds),
    activeTasksPendingRevocation: array(taskIds),
    standbyTasksPendingRevocation: array(taskIds),
    warmupTasksPendingRevocation: array(taskIds),
  },
});
export type StreamsGroupCurrentMemberAssignmentValue = Decoded<typeof streamsGroupCurrentMemberAssignmentValue>;
