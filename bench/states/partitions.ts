/** A topic of many partitions: made, and every partition written once. */
import { Connection, type AnswerSink } from '../load/connection.ts';
import {
  checkCreateTopic,
  createTopicFrame,
  metadataFrame,
  PRODUCE_TAIL,
  produceErrorAt,
  produceHead,
  readMetadata,
  type TopicName,
} from '../load/frames.ts';
import { buildBatch } from '../load/record_batch.ts';
import { deleteTopic, exchange, negotiate, type BrokerAddress } from '../load/session.ts';

const IN_FLIGHT = 64;
const POLL_MS = 50;
const LIMIT_MS = 180_000;
/** Unknown topic, leader not available, not the leader: the partition is on its way, the write is tried again. */
const TRY_AGAIN: readonly number[] = [3, 5, 6];
const RETRY_MS = 10;

export interface MadePartitions {
  readonly createdMs: number;
  readonly writtenMs: number;
  remove(): Promise<void>;
}

export async function makeAndWritePartitions(address: BrokerAddress, count: number): Promise<MadePartitions> {
  const name = `bench-partitions-${process.pid}-${Date.now()}`;
  const versions = await negotiate(address);
  const startMs = performance.now();
  checkCreateTopic(await exchange(address, createTopicFrame(0, name, count, { 'file.delete.delay.ms': '1' })));
  const topic = await leaders(address, name, count, startMs + LIMIT_MS);
  const createdMs = performance.now() - startMs;
  await writeEach(address, versions.produce, topic, count);
  const writtenMs = performance.now() - startMs - createdMs;
  const remove = async (): Promise<void> => {
    if (versions.deletesTopics) await deleteTopic(address, name);
  };
  return { createdMs, writtenMs, remove };
}

async function leaders(address: BrokerAddress, name: string, count: number, untilMs: number): Promise<TopicName> {
  for (;;) {
    const metadata = readMetadata(await exchange(address, metadataFrame(0, name)));
    if (metadata.error === 0 && metadata.ready === count) return metadata;
    if (performance.now() > untilMs) throw new Error(`topic ${name} is not ready (error ${metadata.error})`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** One record of 200 B to each partition over one connection. */
function writeEach(address: BrokerAddress, version: number, topic: TopicName, count: number): Promise<void> {
  const { bytes } = buildBatch({ recordBytes: 200, batchBytes: 200 }, Date.now());
  const errorAt = produceErrorAt(version, topic);
  const left = Array.from({ length: count }, (_, partition) => count - 1 - partition);
  let inFlight = 0;
  let acknowledged = 0;
  return new Promise((resolve, reject) => {
    let connection: Connection | null = null;
    const late = setTimeout(() => fail(new Error('not every partition took its record in time')), LIMIT_MS);
    const fail = (error: Error): void => {
      clearTimeout(late);
      connection?.close();
      reject(error);
    };
    const send = (): void => {
      const { socket } = connection!;
      socket.cork();
      for (; inFlight < IN_FLIGHT && left.length > 0; inFlight++) {
        const partition = left.pop()!;
        socket.write(produceHead(version, partition, topic, partition, -1, bytes.length));
        socket.write(bytes);
        socket.write(PRODUCE_TAIL);
      }
      socket.uncork();
    };
    const sink: AnswerSink = {
      answered(answer, at) {
        inFlight--;
        const error = answer.readInt16BE(at + errorAt);
        const partition = answer.readInt32BE(at + 4);
        if (error === 0) acknowledged++;
        else if (TRY_AGAIN.includes(error)) setTimeout(() => (left.push(partition), send()), RETRY_MS);
        else fail(new Error(`Produce was answered with error ${error}`));
      },
      turn() {
        if (acknowledged < count) return send();
        clearTimeout(late);
        connection!.close();
        resolve();
      },
      closed: (error) => {
        if (acknowledged < count) fail(error ?? new Error('the broker closed the connection'));
      },
    };
    Connection.open(address.host, address.port, errorAt + 2, sink).then((opened) => {
      connection = opened;
      send();
    }, reject);
  });
}
