import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { ZERO_UUID } from '../../src/base/uuid.ts';
import { SeededRandom } from '../../src/base/random.ts';
import { TopicCreator, TopicRefusal, type PlannedTopic } from '../../src/controller/topic_creator.ts';
import type { MetadataImage } from '../../src/metadata/metadata_image.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import type { CreateTopicsRequest } from '../../src/protocol/schema/19_create_topics.ts';
import { resolveNode } from '../config/sources.ts';
import { apply, imageWithColumns, NotedChanges } from '../metadata/metadata_fixture.ts';
import { SimEntropy } from '../simulation/sim_entropy.ts';

type TopicToCreate = CreateTopicsRequest['topics'][number];

interface Verdict {
  readonly topics: readonly TopicToCreate[];
  readonly validateOnly: boolean;
  readonly answers: readonly {
    readonly name: string;
    readonly errorCode: number;
    readonly numPartitions?: number;
    readonly replicationFactor?: number;
  }[];
}

interface Controller {
  readonly creator: TopicCreator;
  readonly image: MetadataImage;
  readonly changes: NotedChanges;
}

function controller(partitionsLeft = 1000): Controller {
  const { image } = imageWithColumns();
  const creator = new TopicCreator({
    image,
    place: () => ({ nodeId: 1, directoryId: ZERO_UUID }),
    defaults: () => resolveNode('').topics,
    metadataVersion: () => 30,
    entropy: new SimEntropy(new SeededRandom(7)),
    partitionsLeft: () => partitionsLeft,
  });
  return { creator, image, changes: new NotedChanges() };
}

const asked = (name: string, more: Partial<TopicToCreate> = {}): TopicToCreate => ({
  name,
  numPartitions: 1,
  replicationFactor: 1,
  assignments: [],
  configs: [],
  ...more,
});

function create({ creator, image, changes }: Controller, ...topics: TopicToCreate[]): (PlannedTopic | TopicRefusal)[] {
  const outcomes = creator.plan(topics);
  for (const outcome of outcomes) {
    if (outcome instanceof TopicRefusal) continue;
    assert.equal(apply(image, changes, ...outcome.records), null, 'what is planned can be applied');
  }
  return outcomes;
}

const verdicts = gunzipSync(readFileSync(new URL('../fixtures/controller/topics_create.jsonl.gz', import.meta.url)))
  .toString()
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as Verdict);

test('the verdicts of Apache Kafka, request by request', () => {
  const node = controller();
  for (const { topics, validateOnly, answers } of verdicts) {
    const outcomes = validateOnly ? node.creator.plan(topics) : create(node, ...topics);
    const told = outcomes.map((outcome, index) => {
      const isRefused = outcome instanceof TopicRefusal;
      const answer = { name: outcome.name, errorCode: isRefused ? outcome.errorCode : 0 };
      if (answers[index]?.numPartitions === undefined) return answer;
      return isRefused
        ? { ...answer, numPartitions: -1, replicationFactor: -1 }
        : { ...answer, numPartitions: outcome.partitions, replicationFactor: outcome.replicationFactor };
    });
    assert.deepEqual(told, answers);
  }
  assert.ok(verdicts.length > 30);
});

test('the records say what was asked for: the topic first, its settings, then every partition', () => {
  const node = controller();
  const [outcome] = create(node, asked('a', { numPartitions: 3, configs: [{ name: 'retention.ms', value: '5' }] }));
  assert.ok(outcome !== undefined && !(outcome instanceof TopicRefusal));
  const topic = node.image.topicByName('a')!;
  assert.equal(topic.id, outcome.id);
  assert.deepEqual([...topic.configs], [['retention.ms', '5']]);
  assert.deepEqual(node.changes.lines.slice(1), ['partition a-0', 'partition a-1', 'partition a-2']);
});

test('topics of one request share what room there is', () => {
  const node = controller(5);
  const outcomes = create(
    node,
    asked('a', { numPartitions: 3 }),
    asked('b', { numPartitions: 3 }),
    asked('c', { numPartitions: 2 }),
  );
  assert.deepEqual(
    outcomes.map((outcome) => (outcome instanceof TopicRefusal ? outcome.errorCode : 0)),
    [0, ErrorCode.POLICY_VIOLATION, 0],
  );
});

test('a huge number of partitions is refused before anything is made of it', () => {
  const [outcome] = controller().creator.plan([asked('a', { numPartitions: 2 ** 31 - 1 })]);
  assert.ok(outcome instanceof TopicRefusal && outcome.errorCode === ErrorCode.POLICY_VIOLATION);
});

test('names that differ in dots and underscores alone collide, in one request too', () => {
  const outcomes = create(controller(), asked('a.b'), asked('a_b'));
  assert.ok(outcomes[1] instanceof TopicRefusal);
  assert.equal(outcomes[1].errorCode, ErrorCode.INVALID_TOPIC_EXCEPTION);
});

test('ids are new each time, and planning alone changes nothing', () => {
  const { creator, image } = controller();
  const ids = new Set<string>();
  for (let number = 0; number < 50; number++) {
    const [outcome] = creator.plan([asked('a')]);
    assert.ok(outcome !== undefined && !(outcome instanceof TopicRefusal));
    ids.add(outcome.id);
  }
  assert.equal(ids.size, 50);
  assert.equal(image.topicCount, 0);
});
