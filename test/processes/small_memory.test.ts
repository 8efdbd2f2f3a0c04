/** A machine with little memory, and clients that want much of it (RELIABILITY: I14, I18, row 80). */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { test } from 'node:test';
import { BrokerProcess, skipOnKafka } from './broker_process.ts';
import { RawConnection } from './raw_connection.ts';
import { recordBatch } from './record_batch.ts';
import { ApiKey, ErrorCode, produceBody, produceVersion, readProduceAnswer, requestFrame } from './wire.ts';
import { WireClient } from './wire_client.ts';

/** Against hanging only. */
const limited = { timeout: 120_000, skip: skipOnKafka };
const mebibyte = 1 << 20;
const messageTooLarge = 10;
const topic = 'many';
const partitions = 1000;

/** A control group with so much memory, where this user may make one (version 1 or 2); else null. */
class MemoryGroup implements Disposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static make(bytes: number): MemoryGroup | null {
    for (const [root, limit] of [
      ['/sys/fs/cgroup/memory', 'memory.limit_in_bytes'],
      ['/sys/fs/cgroup', 'memory.max'],
    ] as const) {
      const path = join(root, `millrace-test-${process.pid}`);
      try {
        mkdirSync(path);
      } catch {
        continue;
      }
      try {
        writeFileSync(join(path, limit), String(bytes));
        return new MemoryGroup(path);
      } catch {
        rmdirSync(path);
      }
    }
    return null;
  }

  /** How often the kernel has killed something in it for want of memory. */
  get kills(): number {
    for (const name of ['memory.oom_control', 'memory.events']) {
      try {
        return Number(/^oom_kill (\d+)/m.exec(readFileSync(join(this.path, name), 'utf8'))?.[1]);
      } catch {
        // The other version.
      }
    }
    return Number.NaN;
  }

  /** The processes in it have ended by now. */
  [Symbol.dispose](): void {
    rmdirSync(this.path);
  }
}

test('row 80: 256 MiB, 1,000 partitions, batches of 100 MB: definite errors and no kill', limited, async (context) => {
  using group = MemoryGroup.make(256 * mebibyte);
  if (group === null) return context.skip('needs the right to make a control group');
  await using broker = await BrokerProcess.start({
    preparedBy: `echo $$ > ${join(group.path, 'cgroup.procs')}`,
  });
  using client = await WireClient.connect(broker.port);
  await client.createTopic(topic, partitions);
  for (let partition = 3; partition < partitions; partition += 100) {
    assert.equal((await client.produce(topic, partition, recordBatch(['before']))).errorCode, ErrorCode.none);
  }
  const records = recordBatch([Buffer.alloc(100_000_000, 7)]);
  const request = requestFrame(ApiKey.produce, produceVersion, 1, produceBody(-1, [{ topic, partition: 3, records }]));
  const outcomes: string[] = [];
  const send = async (): Promise<void> => {
    const connection = await RawConnection.open(broker.port);
    connection.write(request);
    const outcome = await connection.outcome();
    if (outcome.kind === 'closed') outcomes.push('closed');
    else outcomes.push(String(readProduceAnswer(outcome.answer)[0]?.errorCode));
    connection.socket.destroy();
  };
  for (let round = 0; round < 2; round++) {
    const sent = Promise.all(Array.from({ length: 4 }, send));
    // Those with small ones are served beside them.
    for (let count = 0; count < 20; count++) {
      const { errorCode } = await client.produce(topic, count, recordBatch(['beside']));
      assert.equal(errorCode, ErrorCode.none);
      await pause(10);
    }
    await sent;
  }
  // A batch is refused for its size; a connection is closed for a frame that no memory is kept for.
  assert.ok(
    outcomes.every((outcome) => outcome === String(messageTooLarge) || outcome === 'closed'),
    outcomes.join(', '),
  );
  assert.equal(group.kills, 0);
  assert.equal((await client.readAll(topic, 3)).length, 3);
  await broker.stop();
});
