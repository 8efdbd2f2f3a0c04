import assert from 'node:assert/strict';
import { appliedTo } from '../../src/metadata/metadata_follower.ts';
import type { MetadataImage } from '../../src/metadata/metadata_image.ts';
import { METADATA_TOPIC_DIRECTORY, MetadataLog, type MetadataLogOptions } from '../../src/metadata/metadata_log.ts';
import type { MetadataRecord } from '../../src/metadata/records.ts';
import { segmentPath } from '../../src/log/segment_names.ts';
import type { LogMachine } from '../log/log_machine.ts';
import { SimEntropy } from '../simulation/sim_entropy.ts';
import { simKernels } from '../simulation/sim_kernels.ts';
import { imageWithColumns, NotedChanges, partition, setting, topic, topicId } from './metadata_fixture.ts';

export const directory = `/data/${METADATA_TOPIC_DIRECTORY}`;
export const segment = (baseOffset: number): string => segmentPath(directory, baseOffset, '.log');
export const voter = { id: 1, directoryId: topicId(77), endpoints: [{ name: 'CONTROLLER', host: 'here', port: 9093 }] };

export interface Opened {
  readonly log: MetadataLog;
  readonly image: MetadataImage;
  readonly names: readonly string[];
}

export function tryOpen(machine: LogMachine, overrides: Partial<MetadataLogOptions> = {}): Opened | string {
  const { image } = imageWithColumns(1000);
  const options: MetadataLogOptions = {
    disk: machine.disk,
    kernels: simKernels,
    clock: machine.clock,
    entropy: new SimEntropy(machine.world.random),
    config: { segmentBytes: 1_000_000, segmentMs: 1_000_000_000, fileDeleteDelayMs: 0 },
    dataDirectory: '/data',
    isClean: false,
    voter,
    kraftVersion: 1,
    ...overrides,
  };
  const log = MetadataLog.open(options, appliedTo(image, new NotedChanges()));
  return typeof log === 'string' ? log : { log, image, names: [...image.topics()].map(({ name }) => name) };
}

export function open(machine: LogMachine, overrides: Partial<MetadataLogOptions> = {}): Opened {
  const opened = tryOpen(machine, overrides);
  if (typeof opened === 'string') assert.fail(opened);
  return opened;
}

/** The segments of the log, by their base offsets. */
export function segments(machine: LogMachine): number[] {
  return machine.names(directory).flatMap((name) => (name.endsWith('.log') ? [Number.parseInt(name, 10)] : []));
}

/** A topic, as one batch of three records. */
export function topicRecords(number: number): MetadataRecord[] {
  const id = topicId(number);
  const name = `topic-${number}`;
  return [topic(name, id), partition(id, 0), setting(name, 'segment.bytes', '999')];
}

export function appendTopics(log: MetadataLog, from: number, to: number): void {
  for (let number = from; number < to; number++) assert.equal(log.append(topicRecords(number), 1_000 + number), null);
}

export const names = (count: number): string[] => Array.from({ length: count }, (_, number) => `topic-${number}`);
