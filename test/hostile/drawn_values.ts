import type { SeededRandom } from '../../src/base/random.ts';
import { uuidOfWords, type Uuid, ZERO_UUID } from '../../src/base/uuid.ts';
import { Layout } from '../../src/protocol/codec_layout.ts';
import type { Field, Fields, Message } from '../../src/protocol/schema_language.ts';
import { drawRecords } from './drawn_batches.ts';

/**
 * Values for the fields of a request: of the field's type, likely ones for its name (a topic that there is, a session
 * that somebody has), and the edges that readers and checks get wrong.
 */
export interface DrawnWorld {
  /** Topics that requests name. They may be deleted and made again while it goes on. */
  readonly topics: readonly string[];
  /** Ids of topics, sessions and producers out of answers, whichever connection got them. */
  readonly topicIds: Uuid[];
  readonly sessionIds: number[];
  readonly producerIds: number[];
}

type AnyField = Field<unknown, unknown>;
type Draw = (random: SeededRandom, world: DrawnWorld) => unknown;

const longName = 'n'.repeat(249);
const oddNames = ['', '.', '..', 'a/b', 'a\0b', 'ä', 'ﬀuzz', longName, `${longName}x`, '__consumer_offsets', 'x,y'];
const oddTexts = ['', '\0', '${x:y}', '\x1b[31m\r\n', '🜁', 'x'.repeat(130), 'y'.repeat(20_000)];
const settings = [
  'cleanup.policy',
  'retention.ms',
  'segment.bytes',
  'compression.type',
  'max.message.bytes',
  'no.such',
];
const settingsMore = ['flush.messages', 'message.timestamp.type', 'min.insync.replicas', 'log.cleaner.threads', ''];
const settingValues = [
  '',
  'delete',
  'compact',
  'compact,delete',
  '-1',
  '0',
  '1048576',
  '9223372036854775807',
  'gzip',
  'x',
];
const features = ['metadata.version', 'kraft.version', 'group.version', 'transaction.version', 'no.such.version', ''];

const integers: Readonly<Record<string, readonly number[]>> = {
  int8: [-128, -2, -1, 0, 1, 2, 3, 4, 8, 127],
  int16: [-0x8000, -2, -1, 0, 1, 2, 3, 4, 0x7fff],
  uint16: [0, 1, 9092, 0xffff],
  int32: [-0x8000_0000, -3, -2, -1, 0, 1, 2, 3, 10, 100, 65_536, 1 << 20, 0x7fff_ffff],
  uint32: [0, 1, 0xffff_ffff],
};
const longEdges = [31n, 52n, 53n, 63n].flatMap((bits) => [(1n << bits) - 1n, 1n - (1n << bits)]);
const longs = [-5n, -4n, -3n, -2n, -1n, 0n, 1n, 2n, 10n, 1000n, 1_700_000_000_000n, -(1n << 63n), ...longEdges];
const offsets = [-5n, -4n, -3n, -2n, -1n, 0n, 0n, 1n, 2n, 5n, 100n, 1n << 52n, (1n << 63n) - 1n];
const partition: Draw = (random) =>
  random.chance(0.85) ? random.between(0, 2) : random.pick([-1, 3, 99, 0x7fff_ffff]);
const sizes: Draw = (random) => (random.chance(0.9) ? random.between(0, 20_000) : random.pick(integers['int32']!));
const topicName: Draw = (random, { topics }) => (random.chance(0.8) ? random.pick(topics) : random.pick(oddNames));
const topicId: Draw = (random, { topicIds }) =>
  random.chance(0.8) && topicIds.length > 0 ? random.pick(topicIds) : random.pick([ZERO_UUID, anyUuid(random)]);

/** By name, for messages of all APIs; a name with its message in front goes first. */
const byName: Readonly<Record<string, Draw>> = {
  topic: topicName,
  topicName,
  topicNames: topicName,
  topicId,
  'MetadataRequest.name': topicName,
  'ProduceRequest.name': topicName,
  'ListOffsetsRequest.name': topicName,
  'CreateTopicsRequest.name': (random, world) =>
    random.chance(0.3) ? random.pick(settings) : topicName(random, world),
  // A name that is there seldom: what others need is not always gone.
  'DeleteTopicsRequest.name': (random, world) =>
    random.chance(0.03) ? topicName(random, world) : random.pick(oddNames),
  'DeleteTopicsRequest.topicNames': (random, world) =>
    random.chance(0.03) ? topicName(random, world) : random.pick(oddNames),
  'DeleteTopicsRequest.topicId': (random, world) => (random.chance(0.03) ? topicId(random, world) : anyUuid(random)),
  'CreatePartitionsRequest.name': topicName,
  'CreatePartitionsRequest.count': (random) => random.pick([-1, 0, 1, 2, 3, 4, 5, 1_000_000, 0x7fff_ffff]),
  name: (random, world) =>
    random.chance(0.5) ? random.pick([...settings, ...settingsMore]) : topicName(random, world),
  value: (random) => random.pick(settingValues),
  feature: (random) => random.pick(features),
  resourceName: (random, world) => (random.chance(0.7) ? topicName(random, world) : random.pick(['', '1', '0', 'x'])),
  // Of broker settings only those that limit nobody: `DrawnRequests` sees to it.
  resourceType: (random) => random.pick([2, 2, 2, 2, 4, 8, 16, 32, 0, 1, 3, -1, 127]),
  partitionIndex: partition,
  partition,
  partitionIndexes: partition,
  'FetchRequest.partitions': partition,
  numPartitions: (random) => random.pick([-1, 1, 1, 2, 3, 0, -2, 1_000_000, 0x7fff_ffff]),
  replicationFactor: (random) => random.pick([-1, 1, 1, 1, 0, 2, 0x7fff, -2]),
  brokerIds: (random) => random.pick([1, 1, 1, 0, -1, 2, 0x7fff_ffff]),
  acks: (random) => random.pick([-1, -1, -1, -1, 1, 1, 1, 0, 2, -2]),
  // Else answered at once, with what has not come by then.
  'ProduceRequest.timeoutMs': (random) => (random.chance(0.9) ? 30_000 : random.pick([0, -1, 1, 0x7fff_ffff])),
  maxWaitMs: (random) => random.pick([0, 0, 0, 0, 1, 5, 5, 20, 20, -1, -0x8000_0000, 0x7fff_ffff]),
  minBytes: (random) => random.pick([0, 1, 1, 1, 100, 5000, -1, 0x7fff_ffff]),
  maxBytes: sizes,
  partitionMaxBytes: sizes,
  isolationLevel: (random) => random.pick([0, 1, 2, -1]),
  sessionId: (random, { sessionIds }) =>
    random.chance(0.6) && sessionIds.length > 0 ? random.pick(sessionIds) : random.pick([0, 0, 1, -1, 0x7fff_ffff]),
  sessionEpoch: (random) => random.pick([-1, -1, 0, 0, 1, 1, 2, 3, -2, 0x7fff_ffff]),
  fetchOffset: (random) => random.pick(offsets),
  offset: (random) => random.pick(offsets),
  timestamp: (random) => random.pick([-6n, ...offsets, 1_700_000_000_000n]),
  currentLeaderEpoch: (random) => random.pick([-1, -1, -1, -1, 0, 0, 1, -2, 0x7fff_ffff]),
  leaderEpoch: (random) => random.pick([-1, 0, 0, 1, -2, 0x7fff_ffff]),
  replicaId: (random) => (random.chance(0.85) ? -1 : random.pick([-2, 0, 1, 2, 0x7fff_ffff])),
  transactionalId: (random) => (random.chance(0.9) ? null : random.pick(['t', '', longName])),
  'InitProducerIdRequest.transactionalId': (random) => random.pick([null, null, null, 't', '']),
  endpointType: (random) => random.pick([1, 1, 1, 2, 0, 3]),
  producerId: (random, { producerIds }) => (random.chance(0.5) ? BigInt(random.pick(producerIds)) : random.pick(longs)),
  validateOnly: (random) => random.chance(0.3),
  controlRecord: (random) => random.chance(0.5),
};

/** Draws a whole request of a version. 64-bit numbers are bigints, as `wide` codecs take them. */
export function drawMessage(
  message: Message,
  version: number,
  random: SeededRandom,
  world: DrawnWorld,
): Record<string, unknown> {
  const layout = new Layout(message, version, { wide: true, keepUnknownTags: false });
  return drawStruct(layout, message.fields, random, world);
}

function drawStruct(layout: Layout, fields: Fields, random: SeededRandom, world: DrawnWorld): Record<string, unknown> {
  const value: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(fields)) {
    if (layout.presence(field) === 'absent') continue;
    value[name] = drawField(layout, name, field, random, world);
  }
  return value;
}

function drawField(layout: Layout, name: string, field: AnyField, random: SeededRandom, world: DrawnWorld): unknown {
  if (layout.nullable(field) && random.chance(0.15)) return null;
  if (field.kind === 'array') {
    const count = random.chance(0.97) ? random.pick([0, 1, 1, 1, 2, 3]) : random.between(10, 60);
    return Array.from({ length: count }, () => drawElement(layout, name, field.element!, random, world));
  }
  if (field.kind === 'struct') return drawStruct(layout, field.fields!, random, world);
  return drawScalar(layout, name, field, random, world);
}

function drawElement(layout: Layout, name: string, field: AnyField, random: SeededRandom, world: DrawnWorld): unknown {
  if (field.kind === 'struct') return drawStruct(layout, field.fields!, random, world);
  return drawScalar(layout, name, field, random, world);
}

function drawScalar(layout: Layout, name: string, field: AnyField, random: SeededRandom, world: DrawnWorld): unknown {
  const named = byName[`${layout.message.name}.${name}`] ?? byName[name];
  const value = named === undefined || random.chance(0.05) ? anyScalar(field, random) : named(random, world);
  if (value === null && !layout.nullable(field)) return anyScalar(field, random);
  return fitting(field, value, random);
}

/** The same field name is a text here and a number there. */
function fitting(field: AnyField, value: unknown, random: SeededRandom): unknown {
  switch (field.kind) {
    case 'int64':
    case 'bigInt64':
      return typeof value === 'number' ? BigInt(value) : typeof value === 'bigint' ? value : anyScalar(field, random);
    case 'string':
    case 'uuid':
      return value === null || typeof value === 'string' ? value : anyScalar(field, random);
    case 'bool':
      return value === true;
    case 'bytes':
    case 'records':
      return value instanceof Uint8Array || value === null ? value : anyScalar(field, random);
    case 'int8':
    case 'int16':
    case 'uint16':
    case 'int32':
    case 'uint32': {
      const edges = integers[field.kind]!;
      const isFit = typeof value === 'number' && value >= edges[0]! && value <= edges.at(-1)!;
      return isFit ? value : random.pick(edges);
    }
    default:
      return value;
  }
}

function anyScalar(field: AnyField, random: SeededRandom): unknown {
  switch (field.kind) {
    case 'bool':
      return random.chance(0.5);
    case 'int64':
    case 'bigInt64':
      return random.pick(longs);
    case 'float64':
      return random.pick([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e300]);
    case 'uuid':
      return anyUuid(random);
    case 'string':
      return random.pick(oddTexts);
    case 'bytes':
      return new Uint8Array(random.pick([0, 1, 16, 300]));
    case 'records':
      return drawRecords(random);
    default:
      return random.pick(integers[field.kind]!);
  }
}

function anyUuid(random: SeededRandom): Uuid {
  return uuidOfWords(random.uint32() | 0, random.uint32() | 0, random.uint32() | 0, random.uint32() | 0);
}
