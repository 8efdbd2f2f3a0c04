import { array, int16, int32, message, string, type Decoded } from '../../schema_language.ts';

/** Topology of a streams group. */

export const streamsGroupTopologyKey = message('StreamsGroupTopologyKey', {
  apiKey: 23,
  versions: '0',
  fields: {
    groupId: string(),
  },
});
export type StreamsGroupTopologyKey = Decoded<typeof streamsGroupTopologyKey>;

const topicConfig = {
  key: string(),
  value: string(),
};

const topicInfo = {
  name: string(),
  partitions: int32(),
  replicationFactor: int16(),
  topicConfigs: array(topicConfig),
};

export const streamsGroupTopologyValue = message('StreamsGroupTopologyValue', {
  apiKey: 23,
  versions: '0',
  flexible: '0+',
  fields: {
    epoch: int32(),
    subtopologies: array({
      subtopologyId: string(),
      sourceTopics: array(string()),
      sourceTopicRegex: array(string()),
      stateChangelogTopics: array(topicInfo),
      repartitionSinkTopics: array(string()),
      repartitionSourceTopics: array(topicInfo),
      copartitionGroups: array({
        sourceTopics: array(int16()),
        sourceTopicRegex: array(int16()),
        repartitionSourceTopics: array(int16()),
      }),
    }),
  },
});
export type StreamsGroupTopologyValue = Decoded<typeof streamsGroupTopologyValue>;
