import type { MetadataImage } from '../metadata/metadata_image.ts';
import type { MetadataRecord } from '../metadata/records.ts';
import { ErrorCode } from '../protocol/errors.ts';
import type { CreatePartitionsRequest } from '../protocol/schema/37_create_partitions.ts';
import { assignmentProblem, newPartition, type ReplicaPlace } from './new_partition.ts';

type TopicToGrow = CreatePartitionsRequest['topics'][number];

export interface GrowthOutcome {
  readonly name: string;
  readonly errorCode: ErrorCode;
  readonly errorMessage: string | null;
}

export interface PlannedGrowth {
  readonly outcomes: readonly GrowthOutcome[];
  readonly records: readonly MetadataRecord[];
}

export interface PartitionCreatorOptions {
  readonly image: MetadataImage;
  readonly place: () => ReplicaPlace;
  readonly metadataVersion: () => number;
  readonly partitionsLeft: () => number;
}

/** Decides which topics get more partitions, in Kafka's order of checks (KIP-195). Changes nothing. */
export class PartitionCreator {
  readonly #options: PartitionCreatorOptions;

  constructor(options: PartitionCreatorOptions) {
    this.#options = options;
  }

  /** One outcome for each name. */
  plan(topics: readonly TopicToGrow[]): PlannedGrowth {
    /** Null: named more than once. */
    const asked = new Map<string, TopicToGrow | null>();
    for (const topic of topics) asked.set(topic.name, asked.has(topic.name) ? null : topic);
    const outcomes: GrowthOutcome[] = [];
    const records: MetadataRecord[] = [];
    for (const [name, topic] of asked) {
      if (topic === null) {
        outcomes.push({ name, errorCode: ErrorCode.INVALID_REQUEST, errorMessage: 'Duplicate topic name.' });
        continue;
      }
      const decided = this.#decide(topic, records.length);
      if (Array.isArray(decided)) records.push(...decided);
      outcomes.push(Array.isArray(decided) ? { name, errorCode: ErrorCode.NONE, errorMessage: null } : decided);
    }
    return { outcomes, records };
  }

  #decide({ name, count, assignments }: TopicToGrow, taken: number): MetadataRecord[] | GrowthOutcome {
    const refuse = (errorCode: ErrorCode, errorMessage: string | null): GrowthOutcome => ({
      name,
      errorCode,
      errorMessage,
    });
    const { image, place, metadataVersion, partitionsLeft } = this.#options;
    const topic = image.topicByName(name);
    if (topic === undefined) {
      return refuse(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, 'This server does not host this topic-partition.');
    }
    const present = topic.partitionCount;
    if (count === present) return refuse(ErrorCode.INVALID_PARTITIONS, `Topic already has ${present} partition(s).`);
    if (count < present) {
      const has = `The topic ${name} currently has ${present} partition(s)`;
      return refuse(ErrorCode.INVALID_PARTITIONS, `${has}; ${count} would not be an increase.`);
    }
    const additional = count - present;
    if (assignments !== null && assignments.length !== additional) {
      const asked = `Attempted to add ${additional} additional partition(s)`;
      return refuse(
        ErrorCode.INVALID_REPLICA_ASSIGNMENT,
        `${asked}, but only ${assignments.length} assignment(s) were specified.`,
      );
    }
    const { nodeId } = place();
    for (const { brokerIds } of assignments ?? []) {
      const problem = assignmentProblem(brokerIds, nodeId);
      if (problem !== null) return refuse(ErrorCode.INVALID_REPLICA_ASSIGNMENT, problem);
    }
    const left = partitionsLeft() - taken;
    if (additional > left) {
      return refuse(
        ErrorCode.POLICY_VIOLATION,
        `This node has room for ${left} more partitions; millrace.partitions.max sets how many.`,
      );
    }
    const level = metadataVersion();
    return Array.from({ length: additional }, (_, index) => newPartition(topic.id, present + index, place(), level));
  }
}
