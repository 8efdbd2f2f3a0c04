import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { ByteReader, ByteWriter } from '../../src/base/bytes.ts';
import { BatchFile, type MetadataSink } from '../../src/metadata/batch_file.ts';
import { recordsOfImage } from '../../src/metadata/image_records.ts';
import { appliedTo } from '../../src/metadata/metadata_follower.ts';
import type { MetadataImage } from '../../src/metadata/metadata_image.ts';
import { readSnapshot } from '../../src/metadata/snapshot_reader.ts';
import { codecOf } from '../../src/protocol/codec.ts';
import { MESSAGES } from '../../src/protocol/schema/catalog.ts';
import { PartitionState, type PartitionColumns } from '../../src/shared-memory/partition_columns.ts';
import { unpackMetadata, type Fixture } from '../log/kafka_directories.ts';
import { LogMachine, succeeded } from '../log/log_machine.ts';
import { simKernels } from '../simulation/sim_kernels.ts';
import { told } from './any_records.ts';
import { decodeText, encodeText, imageWithColumns, NotedChanges } from './metadata_fixture.ts';

/** What Apache Kafka 4.3.1 answers about the cluster of a fixture. */
interface ExpectedCluster {
  readonly features: Readonly<Record<string, number>>;
  readonly topics: Readonly<Record<string, ExpectedTopic>>;
  readonly acls: readonly string[];
  /** By user: mechanism and iterations. */
  readonly scramUsers: Readonly<Record<string, readonly string[]>>;
  readonly quotas: readonly {
    readonly entity: Readonly<Record<string, string | null>>;
    readonly values: Readonly<Record<string, number>>;
  }[];
  /** Of everything but topics. */
  readonly configs: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly directoryIds: Readonly<Record<string, string>>;
  readonly replicaDirs: Readonly<Record<string, readonly string[]>>;
}

interface ExpectedTopic {
  readonly id: string;
  readonly configs: Readonly<Record<string, string>>;
  readonly partitions: number;
}

const expectations = JSON.parse(
  gunzipSync(readFileSync(new URL('../fixtures/logdirs/metadata.expected.json.gz', import.meta.url))).toString(),
) as Record<Fixture, ExpectedCluster>;

const DIRECTORY = '/d1/__cluster_metadata-0';
const LOG = `${DIRECTORY}/00000000000000000000.log`;
const SNAPSHOTS = [116, 201].map((endOffset) => ({ endOffset, epoch: 1 }));

function machineWith(fixture: Fixture): LogMachine {
  const machine = new LogMachine(1);
  unpackMetadata(fixture, machine);
  return machine;
}

/** The image after the whole log, or after its records below `endOffset`. */
function loaded(fixture: Fixture, endOffset = Infinity) {
  const made = imageWithColumns(256);
  const file = succeeded(BatchFile.open(machineWith(fixture).disk, simKernels, LOG, 0, 0));
  const outcome = file.readTo(endOffset, appliedTo(made.image, new NotedChanges()));
  file.close();
  return { ...made, outcome, problem: file.problem };
}

function featuresOf(image: MetadataImage): object {
  // It stands in control records, which say nothing to the image.
  return { ...Object.fromEntries(image.features.levels), 'kraft.version': 1 };
}

function topicsOf(image: MetadataImage): object {
  return Object.fromEntries(
    [...image.topics()].map(({ name, id, configs, partitionCount }) => [
      name,
      { id, configs: Object.fromEntries(configs), partitions: partitionCount },
    ]),
  );
}

const CONFIG_RESOURCES: Readonly<Record<number, string>> = { 4: 'BROKER', 16: 'CLIENT_METRICS', 32: 'GROUP' };

function configsOf(image: MetadataImage): object {
  return Object.fromEntries(
    [...image.configs.resources()]
      .filter(({ type }) => type in CONFIG_RESOURCES)
      .map(({ type, name, settings }) => [`${CONFIG_RESOURCES[type]!}:${name}`, Object.fromEntries(settings)]),
  );
}

const ACL_RESOURCES: Readonly<Record<number, string>> = { 2: 'TOPIC', 3: 'GROUP', 5: 'TRANSACTIONAL_ID' };
const ACL_OPERATIONS: Readonly<Record<number, string>> = { 2: 'ALL', 3: 'READ', 4: 'WRITE' };
const ACL_PATTERNS: Readonly<Record<number, string>> = { 3: 'LITERAL', 4: 'PREFIXED' };
const ACL_PERMISSIONS: Readonly<Record<number, string>> = { 2: 'DENY', 3: 'ALLOW' };

/** As Kafka's AclBinding prints itself. */
function aclsOf(image: MetadataImage): Set<string> {
  const texts = new Set<string>();
  for (const acl of image.acls.entries.values()) {
    const type = ACL_RESOURCES[acl.resourceType]!;
    const pattern = `resourceType=${type}, name=${acl.resourceName}, patternType=${ACL_PATTERNS[acl.patternType]!}`;
    const what = `operation=${ACL_OPERATIONS[acl.operation]!}, permissionType=${ACL_PERMISSIONS[acl.permissionType]!}`;
    const entry = `principal=${acl.principal}, host=${acl.host}, ${what}`;
    texts.add(`(pattern=ResourcePattern(${pattern}), entry=(${entry}))`);
  }
  return texts;
}

function scramOf(image: MetadataImage): Record<string, Set<string>> {
  const users: Record<string, Set<string>> = {};
  for (const { name, mechanism, iterations } of image.scram.credentials()) {
    (users[name] ??= new Set()).add(`SCRAM-SHA-${mechanism === 1 ? 256 : 512} ${iterations}`);
  }
  return users;
}

function quotasOf(image: MetadataImage): Set<unknown> {
  return new Set(
    [...image.quotas.entities()].map(({ parts, values }) => ({
      entity: Object.fromEntries(parts.map(({ entityType, entityName }) => [entityType, entityName])),
      values: Object.fromEntries(values),
    })),
  );
}

/** By log directory: the partitions whose one replica is there. */
function placesOf(image: MetadataImage, columns: PartitionColumns, ids: ExpectedCluster['directoryIds']): object {
  const places = new Map(
    Object.entries(ids).map(([directory, id]) => [id, { directory, replicas: new Set<string>() }]),
  );
  const state = new PartitionState();
  for (const topic of image.topics()) {
    for (const [partition, slot] of topic.slots.entries()) {
      assert.ok(columns.read(slot, state) && state.isOf(topic.idWords, partition));
      assert.deepEqual([state.replicas, state.directories.length], [[1], 1]);
      places.get(state.directories[0]!)!.replicas.add(`${topic.name}-${partition}`);
    }
  }
  return Object.fromEntries([...places.values()].map(({ directory, replicas }) => [directory, replicas]));
}

/** Order says nothing. */
const setsIn = (lists: Readonly<Record<string, readonly string[]>>): object =>
  Object.fromEntries(Object.entries(lists).map(([key, list]) => [key, new Set(list)]));

suite('metadata of Apache Kafka', () => {
  for (const fixture of ['clean', 'killed', 'torn'] as const) {
    test(`the image of ${fixture} is what Apache Kafka answers from it`, () => {
      const expected = expectations[fixture];
      const { image, columns, outcome, problem } = loaded(fixture);
      assert.equal(problem, '');
      assert.equal(outcome === 'end', fixture !== 'torn', 'the tail of one is damaged');
      assert.deepEqual(featuresOf(image), expected.features);
      assert.equal(image.features.metadataVersion, 30);
      assert.deepEqual(topicsOf(image), expected.topics);
      assert.deepEqual(configsOf(image), expected.configs);
      assert.deepEqual(aclsOf(image), new Set(expected.acls));
      assert.deepEqual(scramOf(image), setsIn(expected.scramUsers));
      assert.deepEqual(quotasOf(image), new Set(expected.quotas));
      assert.deepEqual(placesOf(image, columns, expected.directoryIds), setsIn(expected.replicaDirs));
      assert.deepEqual(
        [...image.tokens.tokens].map(([id, { owner, renewers }]) => [id, owner, renewers]),
        [['JaznSfA7RPWEGSXVmCogpQ', 'User:alice', ['User:bob']]],
      );
      assert.ok(image.nextProducerId >= 1000 && image.cluster.brokers.has(1) && image.cluster.controllers.has(1));
    });
  }

  test('I10: a snapshot is the log up to where it ends, and with the rest of the log the whole of it', () => {
    const whole = loaded('clean');
    for (const id of SNAPSHOTS) {
      const { disk } = machineWith('clean');
      const { image, columns } = imageWithColumns(256);
      const sink = appliedTo(image, new NotedChanges());
      const facts = readSnapshot(disk, simKernels, DIRECTORY, id, sink);
      assert.equal(typeof facts, 'object', 'it is whole');
      const fromLog = loaded('clean', id.endOffset);
      assert.equal(fromLog.outcome, 'limit');
      assert.deepEqual(told(image, columns), told(fromLog.image, fromLog.columns));
      const file = succeeded(BatchFile.open(disk, simKernels, LOG, 0, 0));
      assert.deepEqual([file.skipTo(id.endOffset), file.readTo(Infinity, sink)], ['limit', 'end']);
      file.close();
      assert.deepEqual(told(image, columns), told(whole.image, whole.columns));
    }
  });

  test('our snapshots hold the records that its snapshots hold', () => {
    for (const id of SNAPSHOTS) {
      const theirs: string[] = [];
      const taken: MetadataSink = {
        record: (type, version, fields) => (theirs.push(textOf(type, version, fields)), null),
        control: () => null,
      };
      readSnapshot(machineWith('clean').disk, simKernels, DIRECTORY, id, taken);
      const { image, columns } = loaded('clean', id.endOffset);
      const writer = new ByteWriter(encodeText);
      const ours = Array.from(recordsOfImage(image, columns), ({ type, version, write }) => {
        write(writer.clear());
        return textOf(type, version, new ByteReader(decodeText).resetTo(writer.copyWritten()));
      });
      assert.deepEqual(new Set(ours), new Set(theirs));
      assert.equal(ours.length, theirs.length);
      assert.deepEqual(typesOf(ours), typesOf(theirs), 'subjects come in the same order');
    }
  });
});

/** A record as text, its lists that have no order sorted. */
function textOf(type: number, version: number, fields: ByteReader): string {
  const message = MESSAGES.find(({ apiKey, name }) => apiKey === type && /^(?!Remote).*Record$/.test(name))!;
  const value = codecOf(message).decode(fields, version) as Record<string, unknown>;
  for (const list of ['endPoints', 'features', 'entity']) {
    if (!(list in value)) continue;
    value[list] = (value[list] as object[]).map((element) => JSON.stringify(element)).toSorted();
  }
  return `${type} ${JSON.stringify([version, value], (_, part: unknown) => (typeof part === 'bigint' ? `${part}n` : part))}`;
}

/** The types of records, by where they come first. */
function typesOf(texts: readonly string[]): string[] {
  return [...new Set(texts.map((text) => text.slice(0, text.indexOf(' '))))];
}
