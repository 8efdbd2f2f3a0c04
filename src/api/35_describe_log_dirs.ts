import { codecOf } from '../protocol/codec.ts';
import { ErrorCode } from '../protocol/errors.ts';
import {
  describeLogDirsRequest,
  describeLogDirsResponse,
  type DescribeLogDirsRequest,
} from '../protocol/schema/35_describe_log_dirs.ts';
import type { Encodable } from '../protocol/schema_language.ts';
import { RowSnapshot } from '../shared-memory/partition_table.ts';
import type { TopicImage } from '../metadata/topic_image.ts';
import type { ApiHandler, ApiHost } from './host.ts';
import type { Request } from './request.ts';

type Directory = Encodable<typeof describeLogDirsResponse>['results'][number];
type Topic = { readonly name: string; readonly partitions: Partition[] };
type Partition = Directory['topics'][number]['partitions'][number];

/**
 * DescribeLogDirs (35), versions 1 to 5: KIP-113, KIP-827 (space of the volume).
 *
 * Runs on the receiving shard, out of rows and lists of segments. Does not wait. Not done yet: replicas that move
 * between directories, cordoned directories.
 *
 *     served by  this shard alone
 *     bound      the frame
 *     errors     KAFKA_STORAGE_ERROR
 */
export class DescribeLogDirsHandler implements ApiHandler {
  readonly #row = new RowSnapshot();

  handle(request: Request, host: ApiHost): void {
    const body = codecOf(describeLogDirsRequest).decode(host.body(request), request.apiVersion);
    if (body === null) return host.refuse(request, 'a malformed DescribeLogDirs request');
    const topicsOf: Topic[][] = host.logDirectories.map(() => []);
    for (const [topic, partitions] of wanted(body, host)) this.#addTopic(topic, partitions, host, topicsOf);
    const isTold = request.apiVersion >= SPACE_FROM;
    const results = host.logDirectories.map((directory, index): Directory => {
      const logDir = directory.path;
      if (directory.isOffline()) return { errorCode: ErrorCode.KAFKA_STORAGE_ERROR, logDir, topics: [] };
      const volume = isTold ? directory.space() : null;
      return {
        errorCode: ErrorCode.NONE,
        logDir,
        topics: topicsOf[index]!,
        totalBytes: volume?.totalBytes ?? -1,
        usableBytes: volume?.usableBytes ?? -1,
      };
    });
    codecOf(describeLogDirsResponse).encode(host.beginAnswer(request), request.apiVersion, {
      throttleTimeMs: 0,
      errorCode: ErrorCode.NONE,
      results,
    });
    host.complete(request);
  }

  /** Adds the partitions to the directories in which their replicas lie. */
  #addTopic(topic: TopicImage, partitions: Iterable<number>, host: ApiHost, topicsOf: readonly Topic[][]): void {
    for (const partition of partitions) {
      const described = this.#describe(topic.slotOf(partition), partition, host);
      if (described === null) continue;
      const topics = topicsOf[this.#row.logDirectory]!;
      if (topics.at(-1)?.name !== topic.name) topics.push({ name: topic.name, partitions: [] });
      topics.at(-1)!.partitions.push(described);
    }
  }

  /** Null: no replica of it is here. Else `#row` is its row. */
  #describe(slot: number, partitionIndex: number, host: ApiHost): Partition | null {
    const row = this.#row;
    for (let reading = 0; reading < READINGS_MAX; reading++) {
      if (slot < 0 || !host.table.snapshot(slot, row)) return null;
      const partitionSize = host.reader.logBytes(row);
      if (partitionSize === null) continue;
      const offsetLag = Math.max(0, row.highWatermark - row.logEndOffset);
      return { partitionIndex, partitionSize, offsetLag, isFutureKey: false };
    }
    return null;
  }
}

/** The topics that are asked for and exist, each with partitions; all of them for null. */
function* wanted({ topics }: DescribeLogDirsRequest, host: ApiHost): Iterable<[TopicImage, Iterable<number>]> {
  if (topics === null) {
    for (const topic of host.image.index.topics()) yield [topic, topic.slots.keys()];
    return;
  }
  for (const { topic, partitions } of topics) {
    const known = host.image.topicByName(topic);
    if (known !== undefined) yield [known, new Set(partitions)];
  }
}

const SPACE_FROM = 4;
/** A list of segments that moves under each of so many readings is not to be had. */
const READINGS_MAX = 100;
