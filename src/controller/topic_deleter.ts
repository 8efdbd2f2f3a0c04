import { ZERO_UUID, type Uuid } from '../base/uuid.ts';
import type { MetadataImage } from '../metadata/metadata_image.ts';
import { metadataRecord } from '../metadata/metadata_record.ts';
import type { MetadataRecord } from '../metadata/records.ts';
import type { TopicImage } from '../metadata/topic_image.ts';
import { ErrorCode } from '../protocol/errors.ts';
import { removeTopicRecord } from '../protocol/schema/metadata/remove_topic_record.ts';

/** A topic as a client names it: by name, or by id (KIP-516). */
export interface NamedTopic {
  /** Null: by id. */
  readonly name: string | null;
  /** Zero: by name. */
  readonly topicId: Uuid;
}

export interface DeletionOutcome {
  readonly name: string | null;
  readonly topicId: Uuid;
  readonly errorCode: ErrorCode;
  readonly errorMessage: string | null;
}

export interface PlannedDeletions {
  readonly outcomes: readonly DeletionOutcome[];
  readonly records: readonly MetadataRecord[];
}

/**
 * Decides which topics may be deleted, in Kafka's order of checks. Changes nothing. One record for each topic: whoever
 * applies it forgets its partitions and settings too.
 */
export class TopicDeleter {
  readonly #image: MetadataImage;

  constructor(image: MetadataImage) {
    this.#image = image;
  }

  /** One outcome for each different name and id. */
  plan(topics: readonly NamedTopic[]): PlannedDeletions {
    const outcomes: DeletionOutcome[] = [];
    const refuse = (name: string | null, topicId: Uuid, errorCode: ErrorCode, errorMessage: string): void => {
      outcomes.push({ name, topicId, errorCode, errorMessage });
    };
    for (const { name, topicId } of topics) {
      if (name === null && topicId === ZERO_UUID) {
        refuse(name, topicId, ErrorCode.INVALID_REQUEST, 'Neither topic name nor id were specified.');
      } else if (name !== null && topicId !== ZERO_UUID) {
        refuse(name, topicId, ErrorCode.INVALID_REQUEST, 'You may not specify both topic name and topic id.');
      }
    }
    const names = timesOf(
      topics.flatMap(({ name, topicId }) => (name !== null && topicId === ZERO_UUID ? [name] : [])),
    );
    const ids = timesOf(
      topics.flatMap(({ name, topicId }) => (name === null && topicId !== ZERO_UUID ? [topicId] : [])),
    );
    for (const [name, times] of names) {
      if (times > 1) refuse(name, ZERO_UUID, ErrorCode.INVALID_REQUEST, 'Duplicate topic name.');
    }
    for (const [topicId, times] of ids) {
      if (times > 1) refuse(null, topicId, ErrorCode.INVALID_REQUEST, 'Duplicate topic id.');
    }
    const chosen = new Set<TopicImage>();
    for (const [topicId, times] of ids) {
      const topic = this.#image.topicById(topicId);
      if (times > 1) continue;
      if (topic === undefined)
        refuse(null, topicId, ErrorCode.UNKNOWN_TOPIC_ID, 'This server does not host this topic ID.');
      else chosen.add(topic);
    }
    for (const [name, times] of names) {
      const topic = this.#image.topicByName(name);
      if (times > 1) continue;
      if (topic === undefined) {
        refuse(
          name,
          ZERO_UUID,
          ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
          'This server does not host this topic-partition.',
        );
      } else if (ids.has(topic.id)) {
        chosen.delete(topic);
        refuse(name, topic.id, ErrorCode.INVALID_REQUEST, SUPPLIED_TWICE);
      } else chosen.add(topic);
    }
    const records: MetadataRecord[] = [];
    for (const { name, id: topicId } of chosen) {
      outcomes.push({ name, topicId, errorCode: ErrorCode.NONE, errorMessage: null });
      records.push(metadataRecord(removeTopicRecord, 0, { topicId }));
    }
    return { outcomes, records };
  }
}

const SUPPLIED_TWICE = 'The provided topic name maps to an ID that was already supplied.';

function timesOf(texts: readonly string[]): ReadonlyMap<string, number> {
  const times = new Map<string, number>();
  for (const text of texts) times.set(text, (times.get(text) ?? 0) + 1);
  return times;
}
