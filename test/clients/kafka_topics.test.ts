/** kafka-topics and kafka-get-offsets: every option that the served requests carry. */
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { BrokerProcess, temporaryDirectory } from '../processes/broker_process.ts';
import { recordBatch } from '../processes/record_batch.ts';
import { WireClient } from '../processes/wire_client.ts';
import { KafkaTools, linesOf } from './kafka_tools.ts';
import { skipKafkaTools } from './runtimes.ts';

const limited = { timeout: 120_000 };

describe('kafka-topics', { skip: skipKafkaTools }, () => {
  let broker: BrokerProcess;
  let tools: KafkaTools;
  const topics = (...given: readonly string[]): Promise<string> => tools.run('kafka-topics', ...given);
  const fails = (...given: readonly string[]): Promise<string> => tools.fail('kafka-topics', ...given);
  /** What `--describe` says of each partition, by topic and number. */
  const partitionsOf = async (...given: readonly string[]): Promise<string[]> =>
    linesOf(await topics('--describe', ...given)).flatMap((line) => {
      const [, topic, partition, leader, replicas, isr] =
        /^Topic: (\S+)\s+Partition: (\d+)\s+Leader: (\S+)\s+Replicas: (\S*)\s+Isr: (\S*)/.exec(line) ?? [];
      return topic === undefined ? [] : [`${topic}-${partition} leader ${leader} of ${replicas}, in sync ${isr}`];
    });

  before(async () => {
    tools = new KafkaTools();
    broker = await BrokerProcess.start({ overrides: { 'delete.topic.enable': true } });
    tools.bootstrap = ['--bootstrap-server', `127.0.0.1:${broker.port}`];
  });

  after(async () => {
    await tools[Symbol.asyncDispose]();
    await broker.stop();
    await broker[Symbol.asyncDispose]();
  });

  test('--create: partitions, configs, a replica assignment, defaults', limited, async () => {
    assert.match(await topics('--create', '--topic', 'plain', '--partitions', '3'), /Created topic plain/);
    await topics('--create', '--topic', 'factored', '--partitions', '1', '--replication-factor', '1');
    const settings = ['--config', 'retention.ms=86400000', '--config', 'cleanup.policy=compact'];
    await topics('--create', '--topic', 'configured', ...settings);
    await topics('--create', '--topic', 'assigned', '--replica-assignment', '1,1,1,1');
    await topics('--create', '--topic', '__consumer_offsets', '--partitions', '1');
    await topics('--create', '--topic', 'plain', '--if-not-exists');
    assert.match(await fails('--create', '--topic', 'plain'), /already exists/);
    assert.match(await fails('--create', '--topic', 'bad/name'), /invalid/i);
    assert.match(await fails('--create', '--topic', 'b', '--replication-factor', '3'), /replication factor/i);
    assert.match(await fails('--create', '--topic', 'b', '--replica-assignment', '1:2'), /broker 2/);
    assert.match(await fails('--create', '--topic', 'b', '--config', 'nonsense=1'), /Unknown topic config name/);
    assert.match(await fails('--create', '--topic', 'b', '--partitions', '0'), /partitions/i);
  });

  test('--list: all, without internal ones, by an expression', limited, async () => {
    const all = ['__consumer_offsets', 'assigned', 'configured', 'factored', 'plain'];
    assert.deepEqual(linesOf(await topics('--list')), all);
    assert.deepEqual(linesOf(await topics('--list', '--exclude-internal')), all.slice(1));
    assert.deepEqual(linesOf(await topics('--list', '--topic', 'pl.*|fact.*')), ['factored', 'plain']);
  });

  test('--describe: all, one, by an id, page by page, every filter', limited, async () => {
    const place = (topic: string, count: number): string[] =>
      Array.from({ length: count }, (_, partition) => `${topic}-${partition} leader 1 of 1, in sync 1`);
    const byName = [...place('assigned', 4), ...place('configured', 1), ...place('factored', 1), ...place('plain', 3)];
    const all = [...place('__consumer_offsets', 1), ...byName];
    assert.deepEqual((await partitionsOf()).sort(), all);
    assert.deepEqual((await partitionsOf('--exclude-internal')).sort(), byName);
    assert.deepEqual(await partitionsOf('--topic', 'assigned'), place('assigned', 4));
    assert.deepEqual(
      await partitionsOf('--topic', 'assigned', '--partition-size-limit-per-response', '1'),
      place('assigned', 4),
    );
    const described = await topics('--describe', '--topic', 'configured');
    assert.match(described, /PartitionCount: 1\s+ReplicationFactor: 1\s+Configs: .*cleanup\.policy=compact/);
    const [, id] = /TopicId: (\S{22})/.exec(described) as unknown as [string, string];
    assert.match(await topics('--describe', '--topic-id', id), new RegExp(`Topic: configured\\s+TopicId: ${id}`));
    for (const filter of ['--under-replicated-partitions', '--unavailable-partitions', '--under-min-isr-partitions']) {
      assert.deepEqual(linesOf(await topics('--describe', filter)), []);
    }
    assert.deepEqual((await partitionsOf('--at-min-isr-partitions')).sort(), all);
    const overridden = await topics('--describe', '--topics-with-overrides');
    assert.match(overridden, /Topic: configured\s.*retention\.ms=86400000/);
    assert.doesNotMatch(overridden, /Partition: /);
    assert.match(await fails('--describe', '--topic', 'none'), /does not exist/);
    assert.deepEqual(linesOf(await topics('--describe', '--topic', 'none', '--if-exists')), []);
    const unknown = 'AAAAAAAAAAAAAAAAAAAAAw';
    assert.match(await fails('--describe', '--topic-id', unknown), new RegExp(`${unknown}.*does not exist`));
    assert.deepEqual(linesOf(await topics('--describe', '--topic-id', unknown, '--if-exists')), []);
  });

  test('--alter: more partitions, also assigned ones', limited, async () => {
    await topics('--alter', '--topic', 'plain', '--partitions', '5');
    assert.equal((await partitionsOf('--topic', 'plain')).length, 5);
    const assignment = ['--partitions', '6', '--replica-assignment', '1,1,1,1,1,1'];
    await topics('--alter', '--topic', 'assigned', ...assignment);
    assert.equal((await partitionsOf('--topic', 'assigned')).length, 6);
    assert.match(await fails('--alter', '--topic', 'plain', '--partitions', '2'), /would not be an increase/);
    assert.match(await fails('--alter', '--topic', 'none', '--partitions', '2'), /does not exist/);
    await topics('--alter', '--topic', 'none', '--partitions', '2', '--if-exists');
  });

  test('--delete', limited, async () => {
    await topics('--delete', '--topic', 'assigned');
    assert.ok(!linesOf(await topics('--list')).includes('assigned'));
    assert.match(await fails('--delete', '--topic', 'assigned'), /does not exist/);
    await topics('--delete', '--topic', 'assigned', '--if-exists');
    await topics('--create', '--topic', 'assigned', '--partitions', '2');
    assert.equal((await partitionsOf('--topic', 'assigned')).length, 2);
    await topics('--delete', '--topic', 'assigned|factored');
    assert.deepEqual(linesOf(await topics('--list', '--exclude-internal')), ['configured', 'plain']);
  });

  test('kafka-get-offsets: all special times; kafka-delete-records', limited, async () => {
    const directory = temporaryDirectory();
    try {
      await topics('--create', '--topic', 'timed', '--partitions', '2');
      const settings = join(directory, 'admin.properties');
      writeFileSync(settings, 'client.id=offsets\n');
      const firstMs = 1_700_000_000_000;
      using client = await WireClient.connect(broker.port);
      for (let index = 0; index < 7; index++) {
        await client.produce('timed', 1, recordBatch([`value ${index}`], firstMs + index));
      }
      const offsets = async (...given: readonly string[]): Promise<string[]> =>
        linesOf(await tools.run('kafka-get-offsets', '--topic', 'timed', ...given));
      const at = (offset: number): string => `timed:1:${offset}`;
      const both = (offset: number): string[] => ['timed:0:0', at(offset)];
      for (const latest of ['-1', 'latest']) assert.deepEqual(await offsets('--time', latest), both(7));
      for (const earliest of ['-2', 'earliest', '-4', 'earliest-local']) {
        assert.deepEqual(await offsets('--time', earliest), both(0));
      }
      for (const youngest of ['-3', 'max-timestamp']) assert.deepEqual(await offsets('--time', youngest), [at(6)]);
      for (const tiered of ['-5', 'latest-tiered', '-6', 'earliest-pending-upload']) {
        assert.deepEqual(await offsets('--time', tiered), []);
      }
      assert.deepEqual(await offsets('--time', String(firstMs + 3)), [at(3)]);
      assert.deepEqual(await offsets('--time', String(firstMs + 7)), []);
      assert.deepEqual(await offsets('--partitions', '1', '--command-config', settings), [at(7)]);
      const byPartition = ['--topic-partitions', 'timed:0-2,plain:4', '--exclude-internal-topics'];
      assert.deepEqual(linesOf(await tools.run('kafka-get-offsets', ...byPartition)), ['plain:4:0', ...both(7)]);
      assert.match(await tools.fail('kafka-get-offsets', '--topic', 'none'), /Could not match any/);

      const orders = join(directory, 'delete.json');
      const remove = async (offset: number): Promise<string> => {
        const partitions = [{ topic: 'timed', partition: 1, offset }];
        writeFileSync(orders, JSON.stringify({ version: 1, partitions }));
        return tools.run('kafka-delete-records', '--offset-json-file', orders);
      };
      assert.match(await remove(3), /partition: timed-1\s+low_watermark: 3/);
      assert.deepEqual(await offsets('--time', 'earliest'), both(3));
      assert.match(await remove(2), /partition: timed-1\s+low_watermark: 3/);
      assert.match(await remove(99), /error: .*range/);
      assert.match(await remove(-1), /partition: timed-1\s+low_watermark: 7/);
      assert.deepEqual(await offsets('--time', 'earliest'), both(7));
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
