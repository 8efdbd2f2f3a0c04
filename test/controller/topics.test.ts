import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ZERO_UUID } from '../../src/base/uuid.ts';
import { PartitionCreator } from '../../src/controller/partition_creator.ts';
import { planProducerIds } from '../../src/controller/producer_ids.ts';
import { TopicDeleter } from '../../src/controller/topic_deleter.ts';
import type { MetadataImage } from '../../src/metadata/metadata_image.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import {
  apply,
  imageWithColumns,
  NotedChanges,
  partition,
  setting,
  topic,
  topicId,
} from '../metadata/metadata_fixture.ts';
import { readBack } from './kafka_history.ts';

/** Topic `t1` with one partition and a setting, `t2` with two. */
function twoTopics(): MetadataImage {
  const { image } = imageWithColumns();
  const [first, second] = [topicId(1), topicId(2)];
  const records = [
    topic('t1', first),
    partition(first, 0),
    setting('t1', 'retention.ms', '5'),
    topic('t2', second),
    partition(second, 0),
    partition(second, 1),
  ];
  assert.equal(apply(image, new NotedChanges(), ...records), null);
  return image;
}

const byName = (name: string) => ({ name, topicId: ZERO_UUID });
const byId = (id: string) => ({ name: null, topicId: id });

suite('deleting topics', () => {
  const plan = (...topics: { name: string | null; topicId: string }[]) => new TopicDeleter(twoTopics()).plan(topics);

  test('one record each, and the topic is forgotten with all that it had', () => {
    const image = twoTopics();
    const { outcomes, records } = new TopicDeleter(image).plan([byName('t1'), byId(topicId(2))]);
    assert.deepEqual(
      new Set(outcomes.map(({ name, topicId: id, errorCode }) => [name, id, errorCode].join())),
      new Set([`t1,${topicId(1)},0`, `t2,${topicId(2)},0`]),
    );
    assert.equal(records.length, 2);
    assert.equal(apply(image, new NotedChanges(), ...records), null);
    assert.equal(image.topicCount, 0);
    assert.deepEqual([...image.configs.resources()], []);
  });

  test('what is refused, in the words of Apache Kafka', () => {
    const cases: readonly [number, RegExp, ...{ name: string | null; topicId: string }[]][] = [
      [ErrorCode.INVALID_REQUEST, /Neither topic name nor id/, byId(ZERO_UUID)],
      [ErrorCode.INVALID_REQUEST, /not specify both/, { name: 't1', topicId: topicId(1) }],
      [ErrorCode.INVALID_REQUEST, /Duplicate topic name/, byName('t1'), byName('t1')],
      [ErrorCode.INVALID_REQUEST, /Duplicate topic id/, byId(topicId(1)), byId(topicId(1))],
      [ErrorCode.INVALID_REQUEST, /already supplied/, byName('t1'), byId(topicId(1))],
      [ErrorCode.UNKNOWN_TOPIC_ID, /topic ID/, byId(topicId(9))],
      [ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, /topic-partition/, byName('t9')],
    ];
    for (const [code, words, ...topics] of cases) {
      const { outcomes, records } = plan(...topics);
      assert.equal(outcomes.length, 1, words.source);
      assert.equal(outcomes[0]!.errorCode, code);
      assert.match(outcomes[0]!.errorMessage!, words);
      assert.equal(records.length, 0);
    }
  });

  test('what is refused does not hinder the others', () => {
    const { outcomes, records } = plan(byName('t9'), byName('t1'), byName('t1'), byName('t2'));
    assert.deepEqual(outcomes.map(({ errorCode }) => errorCode).toSorted(byNumber), [0, 3, 42]);
    assert.deepEqual(
      records.map((record) => readBack(record).fields),
      [{ topicId: topicId(2) }],
    );
  });
});

suite('adding partitions', () => {
  const creator = (partitionsLeft = 100, metadataVersion = 30) =>
    new PartitionCreator({
      image: twoTopics(),
      place: () => ({ nodeId: 1, directoryId: topicId(50) }),
      metadataVersion: () => metadataVersion,
      partitionsLeft: () => partitionsLeft,
    });
  const grow = (name: string, count: number, assignments: { brokerIds: number[] }[] | null = null) => ({
    name,
    count,
    assignments,
  });

  test('they follow those that there are, and can be applied', () => {
    const image = twoTopics();
    const planned = creator().plan([grow('t2', 4, [{ brokerIds: [1] }, { brokerIds: [1] }]), grow('t1', 2)]);
    assert.deepEqual(
      planned.records.map((record) => [readBack(record).fields['topicId'], readBack(record).fields['partitionId']]),
      [
        [topicId(2), 2],
        [topicId(2), 3],
        [topicId(1), 1],
      ],
    );
    assert.equal(apply(image, new NotedChanges(), ...planned.records), null);
    assert.equal(image.topicByName('t2')!.partitionCount, 4);
  });

  test('in the version that metadata.version allows', () => {
    for (const [level, version] of [
      [30, 2],
      [22, 1],
      [14, 0],
    ] as const) {
      assert.equal(creator(100, level).plan([grow('t1', 2)]).records[0]!.version, version);
    }
  });

  test('what is refused, in the words of Apache Kafka', () => {
    const cases: readonly [number, RegExp, ReturnType<typeof grow>][] = [
      [ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, /topic-partition/, grow('t9', 2)],
      [ErrorCode.INVALID_PARTITIONS, /already has 2 partition/, grow('t2', 2)],
      [ErrorCode.INVALID_PARTITIONS, /1 would not be an increase/, grow('t2', 1)],
      [ErrorCode.INVALID_REPLICA_ASSIGNMENT, /only 1 assignment/, grow('t2', 4, [{ brokerIds: [1] }])],
      [ErrorCode.INVALID_REPLICA_ASSIGNMENT, /no such broker/, grow('t2', 3, [{ brokerIds: [2] }])],
      [ErrorCode.INVALID_REPLICA_ASSIGNMENT, /empty replica list/, grow('t2', 3, [{ brokerIds: [] }])],
      [ErrorCode.INVALID_REPLICA_ASSIGNMENT, /more than once/, grow('t2', 3, [{ brokerIds: [1, 1] }])],
      [ErrorCode.POLICY_VIOLATION, /room for 5 more/, grow('t2', 8)],
    ];
    for (const [code, words, topicToGrow] of cases) {
      const { outcomes, records } = creator(5).plan([topicToGrow]);
      assert.equal(outcomes[0]!.errorCode, code);
      assert.match(outcomes[0]!.errorMessage!, words);
      assert.equal(records.length, 0);
    }
    const twice = creator().plan([grow('t1', 2), grow('t1', 3)]);
    assert.deepEqual([twice.outcomes.length, twice.outcomes[0]!.errorCode], [1, ErrorCode.INVALID_REQUEST]);
  });

  test('topics of one request share the room that there is', () => {
    const { outcomes } = creator(5).plan([grow('t1', 5), grow('t2', 4)]);
    assert.deepEqual(
      outcomes.map(({ errorCode }) => errorCode),
      [ErrorCode.NONE, ErrorCode.POLICY_VIOLATION],
    );
  });
});

test('producer ids come in blocks of a thousand, told under the epoch of the broker', () => {
  const { start, length, records } = planProducerIds(3000, 1, 15);
  assert.deepEqual([start, length], [3000, 1000]);
  assert.deepEqual(readBack(records[0]!).fields, { brokerId: 1, brokerEpoch: 15, nextProducerId: 4000n });
});

const byNumber = (one: number, other: number): number => one - other;
