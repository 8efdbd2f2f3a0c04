import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { BrokerImage, ControllerImage } from '../../src/metadata/cluster_image.ts';
import { ImageView } from '../../src/controller/cluster_view.ts';
import { Registration } from '../../src/controller/registration.ts';
import type { MetadataRecord } from '../../src/metadata/records.ts';
import { resolveNode } from '../config/sources.ts';
import { KafkaHistory, readBack, type ReadRecord } from './kafka_history.ts';

const NODE = 1;

function registrationOf({ image, columns }: KafkaHistory): Registration {
  return new Registration(new ImageView(image, columns, resolveNode('')));
}

/** Partitions in whatever order: Kafka's is that of its hash tables. NoOpRecords tell nothing. */
function told(records: readonly ReadRecord[]): string[] {
  const lines = records.filter(({ type }) => type !== 'NoOpRecord').map((record) => JSON.stringify(inOrder(record)));
  const isOfPartition = (line: string): boolean => line.startsWith('{"type":"PartitionChangeRecord"');
  const partitions = lines.filter(isOfPartition).sort();
  return lines.map((line) => (isOfPartition(line) ? partitions.shift()! : line));
}

/** Features come in the order of a hash table too. */
function inOrder(record: ReadRecord): ReadRecord {
  const { features } = record.fields as { readonly features?: readonly { readonly name: string }[] };
  if (features === undefined) return record;
  const sorted = features.toSorted((one, other) => (one.name < other.name ? -1 : 1));
  return { ...record, fields: { ...record.fields, features: sorted } };
}

function ours(records: readonly MetadataRecord[]): string[] {
  return told(records.map(readBack));
}

const brokerOf = ({ image }: KafkaHistory): BrokerImage => image.cluster.brokers.get(NODE)!;

function registerController(history: KafkaHistory, { id, ...controller }: ControllerImage): MetadataRecord[] {
  return registrationOf(history).registerController({ controllerId: id, ...controller });
}

suite('what Apache Kafka writes for a combined node', () => {
  test('that starts for the first time, stops in an orderly way, and starts again', () => {
    const history = KafkaHistory.ofCleanStops();
    history.goTo(13);
    const future = KafkaHistory.ofCleanStops();
    future.goTo(18);
    const controller = future.image.cluster.controllers.get(NODE)!;
    const first = brokerOf(future);
    const directories = first.logDirectories;

    const registeredController = registerController(history, controller);
    assert.deepEqual(ours(registeredController), told(history.goTo(14)));
    history.goTo(15);
    const before = registrationOf(history);
    const registered = before.registerBroker({ brokerId: NODE, ...first, directories }, history.nextOffset, true);
    assert.deepEqual(ours(registered), told(history.goTo(16)));
    // The first heartbeat of a new broker comes before it has caught up: Kafka writes in two batches what we write in one.
    const unfenced = registrationOf(history).unfence(NODE);
    assert.deepEqual(ours(unfenced), told(history.goTo(18)).toReversed());

    history.goTo(174);
    const left = registrationOf(history).beginControlledShutdown(NODE);
    const leaving = history.goTo(201);
    assert.deepEqual(ours(left), told(leaving));
    assert.equal(leaving.length, 27);
    const fenced = registrationOf(history).fence(NODE);
    assert.deepEqual(ours(fenced), told(history.goTo(202)));

    history.goTo(204);
    future.goTo(207 + 26);
    const second = brokerOf(future);
    assert.notEqual(second.incarnationId, first.incarnationId);
    const again = registrationOf(history);
    const returned = again.registerBroker({ brokerId: NODE, ...second, directories }, history.nextOffset, true);
    assert.deepEqual(ours(returned), told(history.goTo(206)));
    const leads = registrationOf(history).unfence(NODE);
    const elected = history.goTo(233);
    assert.deepEqual(ours(leads), told(elected));
    assert.equal(elected.length, 27);
  });

  test('that was killed: it lost what may have been below the high watermark, and leads all the same', () => {
    const history = KafkaHistory.ofKill();
    history.goTo(45);
    const future = KafkaHistory.ofKill();
    future.goTo(58);
    const broker = brokerOf(future);
    const { logDirectories: directories } = broker;

    assert.deepEqual(ours(registrationOf(history).fence(NODE)), told(history.goTo(49)));
    history.goTo(51);
    const registered = registrationOf(history).registerBroker({ brokerId: NODE, ...broker, directories }, 51, false);
    assert.deepEqual(ours(registered), told(history.goTo(54)));
    assert.deepEqual(ours(registrationOf(history).unfence(NODE)), told(history.goTo(58)));
  });
});

test('a broker that comes back before anybody missed it is out of every ISR until it is unfenced', () => {
  const history = KafkaHistory.ofKill();
  history.goTo(45);
  const broker = { brokerId: NODE, ...brokerOf(history), incarnationId: 'AAAAAAAAAAAAAAAAAAAAAQ', directories: [] };
  const changes = (wasCleanStop: boolean): unknown[] =>
    registrationOf(history)
      .registerBroker(broker, history.nextOffset, wasCleanStop)
      .map(readBack)
      .filter(({ type }) => type === 'PartitionChangeRecord')
      .map(({ fields: { isr, leader, eligibleLeaderReplicas, lastKnownElr } }) => ({
        isr,
        leader,
        eligibleLeaderReplicas,
        lastKnownElr,
      }));
  const eligible = { isr: [], leader: -1, eligibleLeaderReplicas: [NODE], lastKnownElr: [NODE] };
  assert.deepEqual(changes(true), [eligible, eligible]);
  const lost = { ...eligible, eligibleLeaderReplicas: null };
  assert.deepEqual(changes(false), [lost, lost]);
});

test('the same process registers again under the epoch that it has', () => {
  const history = KafkaHistory.ofKill();
  history.goTo(45);
  const { epoch, isFenced, logDirectories: directories, ...broker } = brokerOf(history);
  const records = registrationOf(history).registerBroker({ brokerId: NODE, ...broker, directories }, 45, false);
  assert.equal(records.length, 1);
  const { fields } = readBack(records[0]!);
  assert.equal(fields['brokerEpoch'], epoch);
  assert.equal(fields['fenced'], isFenced);
});
