/** The machine runs out of something: disk space, file descriptors (RELIABILITY: I1, I13, I21, rows 19, 81 and 82). */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { test } from 'node:test';
import { BrokerProcess, skipOnKafka, temporaryDirectory } from './broker_process.ts';
import { RawConnection } from './raw_connection.ts';
import { recordBatch } from './record_batch.ts';
import {
  ApiKey,
  apiVersionsRequest,
  createTopicBody,
  createTopicsVersion,
  ErrorCode,
  readApiVersionsAnswer,
} from './wire.ts';
import { WireClient } from './wire_client.ts';

/** Against hanging only. */
const limited = { timeout: 120_000 };
const limitedMillrace = { ...limited, skip: skipOnKafka };
const mebibyte = 1 << 20;
const kafkaStorageError = 56;
/** The disk is to become full, and soon. */
const withoutBrake = { 'millrace.disk.brake.percent': 100 };

/** A file system of that size, gone with the test; null where this user may not mount. */
function smallFileSystem(bytes: number): (Disposable & { readonly path: string }) | null {
  const path = temporaryDirectory();
  const remove = (): void => rmSync(path, { recursive: true, force: true });
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', path]).status !== 0) {
    remove();
    return null;
  }
  return {
    path,
    [Symbol.dispose]() {
      spawnSync('umount', ['--lazy', path]);
      remove();
    },
  };
}

test(
  'row 19: a full disk refuses, loses nothing, and serves again with the space',
  limitedMillrace,
  async (context) => {
    using files = smallFileSystem(24 * mebibyte);
    if (files === null) return context.skip('needs the right to mount');
    const ballast = join(files.path, 'ballast');
    const dataDirectory = join(files.path, 'data');
    mkdirSync(dataDirectory);
    writeFileSync(ballast, Buffer.alloc(8 * mebibyte));
    const overrides = { 'log.segment.bytes': 4 * mebibyte, ...withoutBrake };
    const partitions = [0, 1];
    const acknowledged = partitions.map((): string[] => []);
    {
      await using broker = await BrokerProcess.start({ dataDirectory, overrides });
      using client = await WireClient.connect(broker.port);
      await client.createTopic('full', partitions.length);
      const produce = async (partition: number, value: string): Promise<number> => {
        const { errorCode, baseOffset } = await client.produce('full', partition, recordBatch([value]));
        const there = acknowledged[partition] as string[];
        if (errorCode === ErrorCode.none) assert.equal(baseOffset, there.push(value) - 1);
        return errorCode;
      };
      const refused = new Set<number>();
      // Each is larger than what a batch of index entries or a checkpoint needs: those find room to the end.
      for (let count = 0; count < 400; count++) {
        const errorCode = await produce(count % 2, `${count} ${'x'.repeat(100_000)}`);
        if (errorCode !== ErrorCode.none) refused.add(errorCode);
      }
      assert.deepEqual([...refused], [kafkaStorageError]);
      for (const partition of partitions) {
        const values = (await client.readAll('full', partition)).map(({ value }) => value.toString());
        assert.deepEqual(values, acknowledged[partition]);
      }
      rmSync(ballast);
      for (const partition of partitions) {
        // It is looked whether there is room every now and then.
        let errorCode = await produce(partition, 'space again');
        for (; errorCode === kafkaStorageError; errorCode = await produce(partition, 'space again')) await pause(50);
        assert.equal(errorCode, ErrorCode.none);
      }
      await client.createTopic('made-later');
      await broker.stop();
    }
    await using broker = await BrokerProcess.start({ dataDirectory, overrides });
    using client = await WireClient.connect(broker.port);
    for (const partition of partitions) {
      const values = (await client.readAll('full', partition)).map(({ value }) => value.toString());
      assert.deepEqual(values, acknowledged[partition]);
    }
    await broker.stop();
  },
);

test(
  'row 82: producers are slowed down before the disk is full, say so in their answers, and go on with the space',
  limitedMillrace,
  async (context) => {
    using files = smallFileSystem(40 * mebibyte);
    if (files === null) return context.skip('needs the right to mount');
    const ballast = join(files.path, 'ballast');
    const dataDirectory = join(files.path, 'data');
    mkdirSync(dataDirectory);
    await using broker = await BrokerProcess.start({ dataDirectory });
    using client = await WireClient.connect(broker.port);
    await client.createTopic('slow');
    const written: string[] = [];
    const produce = async (): Promise<number> => {
      const value = `${written.length} ${'x'.repeat(1000)}`;
      const { part, throttleTimeMs } = await client.produceThrottled('slow', 0, recordBatch([value]));
      assert.deepEqual([part.errorCode, part.baseOffset], [ErrorCode.none, written.push(value) - 1]);
      return throttleTimeMs;
    };
    assert.equal(await produce(), 0);
    const { bavail, bsize } = statfsSync(files.path);
    writeFileSync(ballast, Buffer.alloc(bavail * bsize - mebibyte));
    const line = await broker.line(/a log directory is nearly full/);
    assert.match(line, / freeBytes=\d+/);
    for (let count = 0; count < 3; count++) {
      const sentMs = performance.now();
      const throttleTimeMs = await produce();
      assert.ok(throttleTimeMs > 0, 'an answer says for how long');
      await client.logEndOffset('slow', 0);
      // It was not even read before, whatever this client makes of what it was told.
      assert.ok(performance.now() - sentMs >= throttleTimeMs);
    }
    rmSync(ballast);
    await broker.line(/has room again: its producers/);
    await produce();
    assert.equal(await produce(), 0);
    assert.equal(broker.lines.filter((said) => said.includes('is nearly full')).length, 1);
    const values = (await client.readAll('slow', 0)).map(({ value }) => value.toString());
    assert.deepEqual(values, written);
    await broker.stop();
  },
);

test(
  'row 81: out of file descriptors, those that are connected are served, and others later',
  limitedMillrace,
  async () => {
    await using broker = await BrokerProcess.start({ preparedBy: 'ulimit -n 200' });
    using client = await WireClient.connect(broker.port);
    await client.createTopic('few', 4);
    const produce = async (partition: number): Promise<void> => {
      assert.equal((await client.produce('few', partition, recordBatch(['value']))).errorCode, ErrorCode.none);
    };
    {
      using flood = new DisposableStack();
      const connections: RawConnection[] = [];
      // Some fifty more than there are descriptors: they are closed, or wait with the kernel, which has room for them.
      for (let count = 0; count < 210; count++) {
        const connection = flood.use(await RawConnection.open(broker.port));
        connection.write(apiVersionsRequest(1));
        connections.push(connection);
        if (count % 10 === 0) await produce(count % 4);
      }
      await (connections[0] as RawConnection).answer();
      await broker.line(/refused a connection.*open files of the process \(ulimit -n\)/);
      assert.ok(
        connections.some((connection) => connection.bytesReceived === 0),
        'not all of them can be served',
      );
    }
    for (;;) {
      using later = await RawConnection.open(broker.port);
      later.write(apiVersionsRequest(2));
      const outcome = await later.outcome();
      if (outcome.kind === 'answer') {
        assert.equal(readApiVersionsAnswer(outcome.answer).errorCode, ErrorCode.none);
        break;
      }
      await pause(10);
    }
    await client.createTopic('later');
    await produce(3);
    let records = 0;
    for (let partition = 0; partition < 4; partition++) records += (await client.readAll('few', partition)).length;
    assert.equal(records, 22);
    await broker.stop();
  },
);

test(
  'row 81: out of file descriptors, logs that cannot be opened or rolled say so, and go on when there are some again',
  limitedMillrace,
  async () => {
    await using broker = await BrokerProcess.start({ preparedBy: 'ulimit -n 160' });
    using client = await WireClient.connect(broker.port);
    const taken: number[] = [];
    const produce = async (topic: string, partition: number, bytes: number): Promise<number> =>
      (await client.produce(topic, partition, recordBatch([Buffer.alloc(bytes, taken.length)]))).errorCode;
    const append = async (): Promise<number> => {
      const errorCode = await produce('rolling', 0, 300_000);
      if (errorCode === ErrorCode.none) taken.push(taken.length);
      return errorCode;
    };
    await client.createTopic('rolling', 1, { 'segment.bytes': '1048576' });
    await client.createTopic('first', 70);
    // One descriptor for each at least: not all of them can be had.
    await client.request(ApiKey.createTopics, createTopicsVersion, createTopicBody('second', 70, {}));
    await broker.line(/a partition is offline topic=second .*EMFILE, too many open files \(ulimit -n\)/);
    while ((await append()) === ErrorCode.none);
    assert.equal(await append(), kafkaStorageError);
    await broker.line(/appends were refused.*EMFILE, too many open files \(ulimit -n\)/);

    await client.deleteTopic('first');
    for (let partition = 0; partition < 70; partition++) {
      while ((await produce('second', partition, 1)) !== ErrorCode.none);
    }
    while ((await append()) !== ErrorCode.none);
    for (let count = 0; count < 8; count++) assert.equal(await append(), ErrorCode.none);
    const values = (await client.readAll('rolling', 0)).map(({ value }) => value[0]);
    assert.deepEqual(values, taken);
    await broker.stop();
  },
);
