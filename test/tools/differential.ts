import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ZERO_UUID } from '../../src/base/uuid.ts';
import { SeededRandom } from '../../src/base/random.ts';
import { ApiKey } from '../../src/protocol/api_keys.ts';
import { responseHeaderVersion } from '../../src/protocol/headers.ts';
import { differences } from './conformance_compare.ts';
import { Connection, parseAddress, type Address } from './conformance_connection.ts';
import { isArray, isObject, shown, type Json, type JsonObject } from './conformance_json.ts';
import { decodeAnswer, encodeRequest } from './conformance_messages.ts';
import { fillIn } from './conformance_templates.ts';
import { drawRequest, REMEMBERED, TOPICS, type DrawnRequest } from './differential_requests.ts';

const HELP = `Sends the same drawn requests to two brokers, and says where their answers differ.

  npm run -s differential -- --bootstrap HOST:PORT --against HOST:PORT [options]

  --bootstrap HOST:PORT   the broker under test
  --against HOST:PORT     the one that is right: Apache Kafka
  --seed N                of the drawing; printed, and the same requests with the same seed
  --requests N            how many; 1000 if not said
  --only TEXT             only APIs whose name contains it
  -h, --help              this text

Both are single brokers with the node id 1, newly formatted and set up alike: topics of fixed names come and go. What
each chose for itself (ids, addresses, directories, times) is not compared, nor is the order of topics and partitions. An
answer that may only be early is asked for again. Ends with 1 if any answer differed.
`;

const ANSWER_LIMIT_MS = 15_000;
/** Another image of the metadata comes a moment later: so often an answer is asked for again, and so long apart. */
const REPETITIONS = 20;
const REPETITION_PAUSE_MS = 50;

type Outcome = JsonObject | 'closed' | 'silent' | 'not decodable';

/** One of the two: its connection, and what it chose under the names of requests. */
class Side {
  readonly chosen = new Map<string, Json>();
  readonly #address: Address;
  /** By their ids, also of topics that are gone. */
  readonly #names = new Map<string, string>();
  #connection: Connection | null = null;
  #correlationId = 0;

  constructor(address: Address) {
    this.#address = address;
    for (let at = 0; at < REMEMBERED; at++) {
      this.chosen.set(`producer${at}`, 3_000_000 + at);
      this.chosen.set(`session${at}`, 77_000 + at);
      this.chosen.set(`sessionEpoch${at}`, 1);
    }
    // A topic that was never there.
    for (const [at, topic] of TOPICS.entries()) this.chosen.set(`id:${topic}`, `AAAAAAAAAAAAAAAAAAA${at}Zw`);
  }

  async ask({ api, version, body }: DrawnRequest): Promise<Outcome> {
    this.#connection ??= await Connection.open(this.#address);
    const filled = fillIn(body, this.chosen) as JsonObject;
    this.#connection.send(encodeRequest(api, version, ++this.#correlationId, 'differential', filled));
    const arrival = await this.#connection.next(ANSWER_LIMIT_MS);
    if (typeof arrival === 'string') {
      this.close();
      return arrival;
    }
    const answer = decodeAnswer(arrival, api, version, responseHeaderVersion(api, version));
    return answer.body === null || answer.bytesLeft > 0 ? 'not decodable' : answer.body;
  }

  /** The answer with names of topics where it has ids of those that are known. */
  named<T extends Json>(value: T): T;
  named(value: Json): Json {
    if (isArray(value)) return value.map((each) => this.named(each));
    if (!isObject(value)) return value;
    const entries = Object.entries(value).map(([name, each]) => [
      name,
      name === 'topicId'
        ? (this.#names.get(each as string) ?? (each === ZERO_UUID ? each : 'an id'))
        : this.named(each),
    ]);
    return Object.fromEntries(entries) as JsonObject;
  }

  /** Takes the ids of all topics; those that are gone keep theirs. */
  async learnTopics(): Promise<string[]> {
    const metadata = await this.ask({ ...ALL_TOPICS, version: 12 });
    if (typeof metadata === 'string') throw new Error(`no metadata: ${metadata}`);
    const topics = metadata['topics'] as readonly JsonObject[];
    for (const { name, topicId } of topics) {
      this.chosen.set(`id:${name as string}`, topicId!);
      this.#names.set(topicId as string, `id of ${name as string}`);
    }
    return topics
      .filter(({ name }) => (name as string).startsWith('df'))
      .map(({ name, partitions }) => `${name as string} ${JSON.stringify(neutral(partitions!))}`)
      .toSorted();
  }

  /** Deletes what another run has left. */
  async clear(): Promise<void> {
    const topicNames = (await this.learnTopics()).map((line) => line.split(' ')[0]!);
    const request = { api: ApiKey.DeleteTopics, name: 'DeleteTopics', version: 5, changes: true } as const;
    if (topicNames.length > 0) await this.ask({ ...request, body: { topicNames, timeoutMs: 5000 } });
  }

  /** What later requests may name. */
  learn(api: number, outcome: Outcome, at: number): void {
    if (typeof outcome === 'string' || outcome['errorCode'] !== 0) return;
    if (api === ApiKey.InitProducerId) this.chosen.set(`producer${at}`, outcome['producerId']!);
    if (api !== ApiKey.Fetch || typeof outcome['sessionId'] !== 'number' || outcome['sessionId'] === 0) return;
    const isKnown = this.chosen.get('session0') === outcome['sessionId'];
    this.chosen.set('sessionEpoch0', isKnown ? (this.chosen.get('sessionEpoch0') as number) + 1 : 1);
    this.chosen.set('session0', outcome['sessionId']);
  }

  close(): void {
    this.#connection?.close();
    this.#connection = null;
  }
}

const ALL_TOPICS: DrawnRequest = {
  api: ApiKey.Metadata,
  name: 'Metadata',
  version: 12,
  body: { topics: null, allowAutoTopicCreation: false },
  changes: false,
};

/** Fields that each broker fills as it likes. */
const OWN: ReadonlySet<string> = new Set([
  'host',
  'port',
  'clusterId',
  'rack',
  'logDir',
  'totalBytes',
  'usableBytes',
  'partitionSize',
  'replicaDirectoryId',
  'startTimestamp',
  'lastTimestamp',
  'lastFetchTimestamp',
  'lastCaughtUpTimestamp',
  'producerId',
  'finalizedFeaturesEpoch',
  'documentation',
  'controllerId',
  'logEndOffset',
]);
/** Times that a broker sets: whether there is one counts. */
const TIMES: ReadonlySet<string> = new Set(['logAppendTimeMs', 'maxTimestamp']);
/** Told by Kafka in the order of hash tables. */
const NAMES = [
  'name',
  'topic',
  'topicName',
  'partitionIndex',
  'index',
  'partition',
  'resourceName',
  'resourceType',
  'apiKey',
  'feature',
];

/** The answer without what the broker chose, arrays in the order of names. */
function neutral(value: Json): Json {
  if (isArray(value)) {
    const each = value.map(neutral);
    return each.every(isObject) ? each.toSorted((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1)) : each;
  }
  if (!isObject(value)) return value;
  const kept: Record<string, Json> = {};
  for (const [name, each] of Object.entries(value)) {
    if (OWN.has(name)) continue;
    if (name === 'sessionId') kept[name] = each === 0 ? 0 : 1;
    else if (TIMES.has(name)) kept[name] = each === -1 ? -1 : 1;
    else kept[name] = neutral(each);
  }
  return kept;
}

function keyOf(value: Json): string {
  const object = value as JsonObject;
  return `${NAMES.map((name) => shown(object[name] ?? '')).join(' ')} ${JSON.stringify(value)}`;
}

/** The topics of an answer, each once with all its partitions: Kafka groups what it tells as it comes to it. */
function merged(topics: readonly JsonObject[]): Json {
  const byName = new Map<string, Record<string, Json>>();
  for (const topic of topics) {
    const key = shown(topic['name'] ?? topic['topic'] ?? topic['topicName'] ?? topic['topicId']);
    const lists = Object.entries(topic).filter(([, each]) => isArray(each) && each.every(isObject));
    const before = byName.get(key);
    if (before === undefined) byName.set(key, { ...topic });
    else for (const [name, each] of lists) before[name] = [...(before[name] as Json[]), ...(each as Json[])];
  }
  return [...byName.values()];
}

function shape(api: number, outcome: Outcome, known: ReadonlySet<number>): Json {
  if (typeof outcome === 'string') return outcome;
  let { ...body } = outcome as Record<string, Json>;
  if (api === ApiKey.ApiVersions && isArray(body['apiKeys'])) {
    body['apiKeys'] = body['apiKeys'].filter((each) => known.has((each as JsonObject)['apiKey'] as number));
  }
  if (api === ApiKey.DescribeLogDirs && isArray(body['results'])) body = inOneDirectory(body);
  if (api === ApiKey.DescribeQuorum) body = withoutQuorum(body) as Record<string, Json>;
  for (const name of ['responses', 'topics']) {
    if (isArray(body[name]) && api !== ApiKey.Metadata) body[name] = merged(body[name] as readonly JsonObject[]);
  }
  return neutral(body);
}

/** In which of its directories a broker puts a partition is its own affair. */
function inOneDirectory(body: Record<string, Json>): Record<string, Json> {
  const topics = (body['results'] as readonly JsonObject[]).flatMap((each) => each['topics'] as readonly JsonObject[]);
  const results = (body['results'] as readonly JsonObject[]).map((each) => ({ ...each, topics: [] }));
  return { ...body, results, topics };
}

function withoutQuorum(value: Json): Json {
  if (isArray(value)) return value.map(withoutQuorum);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, each]) =>
      name === 'highWatermark' || name === 'leaderEpoch' ? [] : [[name, withoutQuorum(each)]],
    ),
  );
}

const { values } = parseArgs({
  options: {
    bootstrap: { type: 'string' },
    against: { type: 'string' },
    seed: { type: 'string' },
    requests: { type: 'string' },
    only: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
});
if (values.help === true) {
  process.stdout.write(HELP);
  process.exit(0);
}
if (values.bootstrap === undefined || values.against === undefined) {
  process.stderr.write('differential: --bootstrap and --against are needed; --help says how it is used\n');
  process.exit(2);
}
const seed = Number(values.seed ?? 1);
const random = new SeededRandom(seed);
const tested = new Side(parseAddress(values.bootstrap));
const right = new Side(parseAddress(values.against));
const known = await servedByTested();
let differing = 0;
const count = Number(values.requests ?? 1000);
await Promise.all([tested.clear(), right.clear()]);
await settle();
for (let at = 0; at < count; at++) {
  const request = drawRequest(random, values.only ?? '');
  await compare(at, request);
  if (request.changes) await settle();
}
process.stdout.write(`seed ${seed}: ${count} requests, ${differing} answers differed\n`);
process.exit(differing === 0 ? 0 : 1);

async function servedByTested(): Promise<ReadonlySet<number>> {
  const answer = await tested.ask({
    api: ApiKey.ApiVersions,
    name: 'ApiVersions',
    version: 0,
    body: {},
    changes: false,
  });
  if (typeof answer === 'string') throw new Error(`no answer to ApiVersions: ${answer}`);
  return new Set((answer['apiKeys'] as readonly JsonObject[]).map(({ apiKey }) => apiKey as number));
}

/** Waits until both know the same topics. */
async function settle(): Promise<void> {
  for (let repetition = 0; ; repetition++) {
    const [here, there] = [await tested.learnTopics(), await right.learnTopics()];
    const isSame = here.join('\n') === there.join('\n') && !here.some((topic) => topic.includes('"leaderId":-1'));
    if (isSame) return;
    if (repetition === 5 * REPETITIONS) throw new Error(`topics differ:\n${here.join('\n')}\n---\n${there.join('\n')}`);
    await sleep(REPETITION_PAUSE_MS);
  }
}

async function compare(at: number, request: DrawnRequest): Promise<void> {
  const isRead = !request.changes && request.api !== ApiKey.Produce && request.api !== ApiKey.Fetch;
  for (let repetition = 0; ; repetition++) {
    const [got, expected] = [await tested.ask(request), await right.ask(request)];
    const found = differences(
      shape(request.api, right.named(expected), known),
      shape(request.api, tested.named(got), known),
    );
    if (found.length > 0 && isRead && repetition < REPETITIONS) {
      await sleep(REPETITION_PAUSE_MS);
      continue;
    }
    const slot = at % REMEMBERED;
    tested.learn(request.api, got, slot);
    right.learn(request.api, expected, slot);
    if (found.length === 0) return;
    differing++;
    process.stdout.write(`DIFFERS ${at} ${request.name} v${request.version} ${shown(request.body, 1500)}\n`);
    for (const { pointer, expected: one, got: other } of found.slice(0, 6)) {
      process.stdout.write(`  ${pointer}\n    expected ${shown(one)}\n    got      ${shown(other)}\n`);
    }
    return;
  }
}
