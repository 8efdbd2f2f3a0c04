/** What happens before a run: versions, a topic, and for fetches a log to read. */
import { connect } from 'node:net';
import {
  ApiKey,
  apiVersionsFrame,
  checkCreateTopic,
  checkDeleteTopic,
  createTopicFrame,
  deleteTopicFrame,
  fetchAnswerPlaces,
  fetchFrame,
  FETCH_VERSIONS,
  metadataFrame,
  PRODUCE_VERSIONS,
  readApiVersions,
  readMetadata,
  type TopicMetadata,
} from './frames.ts';

const READY_WAIT_MS = 20_000;
const POLL_MS = 20;

export interface BrokerAddress {
  readonly host: string;
  readonly port: number;
}

export interface BrokerVersions {
  readonly produce: number;
  readonly fetch: number;
  readonly deletesTopics: boolean;
}

/** The highest versions that both sides speak. */
export async function negotiate(broker: BrokerAddress): Promise<BrokerVersions> {
  const offered = readApiVersions(await exchange(broker, apiVersionsFrame(0)));
  const highest = (key: number, ours: { readonly min: number; readonly max: number }, name: string) => {
    const version = Math.min(offered.get(key) ?? -1, ours.max);
    if (version < ours.min) throw new Error(`the broker offers no version of ${name} from ${ours.min} on`);
    return version;
  };
  return {
    produce: highest(ApiKey.produce, PRODUCE_VERSIONS, 'Produce'),
    fetch: highest(ApiKey.fetch, FETCH_VERSIONS, 'Fetch'),
    deletesTopics: (offered.get(ApiKey.deleteTopics) ?? -1) >= 6,
  };
}

/** Creates a topic and waits until each partition has a leader that answers for it. */
export async function createTopic(broker: BrokerAddress, name: string, partitions: number): Promise<TopicMetadata> {
  // Deleted topics are to give their disk space back between two runs, not a minute later.
  const configs = { 'file.delete.delay.ms': '1', 'max.message.bytes': String(16 << 20) };
  checkCreateTopic(await exchange(broker, createTopicFrame(0, name, partitions, configs)));
  const untilMs = performance.now() + READY_WAIT_MS;
  for (;;) {
    const metadata = readMetadata(await exchange(broker, metadataFrame(0, name)));
    if (metadata.error === 0 && metadata.ready === partitions && (await leads(broker, metadata))) return metadata;
    if (performance.now() > untilMs) throw new Error(`topic ${name} is not ready (error ${metadata.error})`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Metadata may name a leader before that has heard of it. */
async function leads(broker: BrokerAddress, topic: TopicMetadata): Promise<boolean> {
  const version = FETCH_VERSIONS.min;
  const places = fetchAnswerPlaces(version, topic);
  const nothing = { maxWaitMs: 0, minBytes: 0, maxBytes: 1, partitionMaxBytes: 1 };
  for (let partition = 0; partition < topic.ready; partition++) {
    const answer = await exchange(broker, fetchFrame(version, 0, topic, partition, 0, nothing));
    if (answer.readInt16BE(places.errorAt) !== 0 || answer.readInt16BE(places.partitionErrorAt) !== 0) return false;
  }
  return true;
}

export async function deleteTopic(broker: BrokerAddress, name: string): Promise<void> {
  checkDeleteTopic(await exchange(broker, deleteTopicFrame(0, name)));
}

/** One request on a connection of its own; the whole answer, its size first. */
export function exchange(broker: BrokerAddress, frame: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: broker.host, port: broker.port, noDelay: true });
    let received: Buffer = Buffer.alloc(0);
    socket.on('connect', () => socket.write(frame));
    socket.on('data', (bytes: Buffer) => {
      received = Buffer.concat([received, bytes]);
      if (received.length < 4 || received.length < 4 + received.readInt32BE(0)) return;
      resolve(received);
      socket.destroy();
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the broker closed the connection without an answer')));
  });
}
