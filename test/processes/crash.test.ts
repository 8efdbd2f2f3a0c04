/**
 * `kill -9` under load, and one thread that fails: what was acknowledged is there after the restart, once, in order
 * (RELIABILITY: I1, I2, I19, rows 7, 13 and 50). `MILLRACE_CRASH_ROUNDS=20` for the long form.
 *
 * The page cache outlives the process, so the flush policy changes nothing here; both are run because the paths
 * from append to answer differ.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { BrokerProcess, skipOnKafka, within } from './broker_process.ts';
import { armed, faultMessage, orderFault } from './faulty_entry.ts';
import { ProducerLoad } from './producer_load.ts';
import { RawConnection } from './raw_connection.ts';
import { recordBatch } from './record_batch.ts';
import { apiVersionsRequest, ErrorCode } from './wire.ts';
import { WireClient } from './wire_client.ts';

const rounds = Number(process.env['MILLRACE_CRASH_ROUNDS'] ?? 5);
const topic = 'crash';
const partitions = 4;
/** Against hanging only. */
const limited = { timeout: 60_000 + 30_000 * rounds };
const limitedMillrace = { ...limited, skip: skipOnKafka };

async function createTopic(broker: BrokerProcess): Promise<void> {
  using client = await WireClient.connect(broker.port);
  await client.createTopic(topic, partitions);
}

for (const policy of ['never', 'acknowledged']) {
  test(`kill -9 under load, ${rounds} times, flush policy ${policy}`, limited, async () => {
    // The smallest segments that Apache Kafka takes: the kill hits rolls as well.
    const overrides = { 'millrace.flush.policy': policy, 'log.segment.bytes': 1 << 20 };
    await using brokers = new AsyncDisposableStack();
    let broker = brokers.use(await BrokerProcess.start({ overrides }));
    const { dataDirectory } = broker;
    await createTopic(broker);
    using load = new ProducerLoad(topic, partitions);
    for (let round = 0; round < rounds; round++) {
      // Not the same moment each time.
      await load.run(broker.port, 200 + 137 * round, () => broker.kill());
      broker = brokers.use(await BrokerProcess.start({ overrides, dataDirectory }));
      await load.check(broker.port);
    }
    // A clean stop and another start change nothing either.
    await broker.stop();
    broker = brokers.use(await BrokerProcess.start({ overrides, dataDirectory }));
    await load.check(broker.port);
    await broker.stop();
  });
}

for (const thread of [1, 2]) {
  test(
    `row 50: shard ${thread} throws: the process ends with 70, nothing acknowledged is lost`,
    limitedMillrace,
    async () => {
      await using directory = await BrokerProcess.start();
      const { dataDirectory } = directory;
      await createTopic(directory);
      await directory.stop();
      const faultFile = join(dataDirectory, 'fault');
      await using broker = await BrokerProcess.start({ dataDirectory, ...armed(faultFile, thread) });
      using load = new ProducerLoad(topic, partitions);
      await load.run(broker.port, 300, async () => {
        orderFault(faultFile, 'throw');
        assert.deepEqual(await broker.end(), { code: 70, signal: null }, broker.output);
      });
      assert.match(await broker.line((line) => line.includes(faultMessage)), new RegExp(`shard ${thread}`));
      await using restarted = await BrokerProcess.start({ dataDirectory });
      await load.check(restarted.port);
      using client = await WireClient.connect(restarted.port);
      assert.equal((await client.produce(topic, 0, recordBatch(['after']))).errorCode, ErrorCode.none);
      await restarted.stop();
    },
  );
}

test('a broker that stood still goes on as if nothing had been', limited, async () => {
  await using broker = await BrokerProcess.start();
  await createTopic(broker);
  using load = new ProducerLoad(topic, partitions);
  await load.run(broker.port, 200, async () => {
    broker.pause();
    // The kernel takes connections and bytes for a process that stands still.
    using meanwhile = await RawConnection.open(broker.port);
    meanwhile.write(apiVersionsRequest(1));
    broker.resume();
    await within(30_000, meanwhile.answer(), () => 'no answer after the pause');
    load.finish();
  });
  await load.check(broker.port);
  await broker.stop();
});

test('SIGTERM under load: clean end, nothing acknowledged is lost', limited, async () => {
  await using broker = await BrokerProcess.start();
  const { dataDirectory } = broker;
  await createTopic(broker);
  using load = new ProducerLoad(topic, partitions);
  await load.run(broker.port, 300, () => broker.stop());
  await using restarted = await BrokerProcess.start({ dataDirectory });
  await load.check(restarted.port);
  await restarted.stop();
});
