/**
 * One of several log directories is in trouble: its partitions are, and no others (RELIABILITY: I1, I13, I18, I21,
 * rows 18, 19 and, as far as one node can, 22 and 25). Errors of the disk are injected by strace, a full one is a small
 * file system; where neither is allowed the tests are skipped.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { test } from 'node:test';
import { BrokerProcess, skipOnKafka, temporaryDirectory } from './broker_process.ts';
import { recordBatch } from './record_batch.ts';
import { ErrorCode } from './wire.ts';
import { WireClient } from './wire_client.ts';

/** Against hanging only. */
const limited = { timeout: 120_000, skip: skipOnKafka };
const mebibyte = 1 << 20;
const kafkaStorageError = 56;
const topic = 'spread';
const partitions = 6;

/** Three log directories, the metadata log in the first; whatever is mounted in them goes with them. */
class Directories implements Disposable {
  readonly root = temporaryDirectory();
  readonly paths = ['a', 'b', 'c'].map((name) => join(this.root, name));
  readonly #mounted: string[] = [];

  constructor() {
    for (const path of this.paths) mkdirSync(path);
  }

  /** False where this user may not mount. */
  mountSmall(index: number, bytes: number): boolean {
    const path = this.paths[index]!;
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', path]).status !== 0) return false;
    this.#mounted.push(path);
    return true;
  }

  start(overrides: Readonly<Record<string, string | number>> = {}): Promise<BrokerProcess> {
    return BrokerProcess.start({
      dataDirectory: this.root,
      // Disks are to become full, and soon.
      overrides: { ...overrides, 'millrace.disk.brake.percent': 100, 'log.dirs': this.paths.join(',') },
    });
  }

  /** The partitions of the topic that lie in a directory. */
  partitionsIn(index: number): number[] {
    const names = readdirSync(this.paths[index]!).filter((name) => /^spread-\d+$/.test(name));
    return names.map((name) => Number(name.slice(topic.length + 1)));
  }

  [Symbol.dispose](): void {
    for (const path of this.#mounted) spawnSync('umount', ['--lazy', path]);
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** Makes system calls of a process on a path fail; null where this user may not trace. */
async function failCalls(pid: number, calls: string, when: string, path: string): Promise<Strace | null> {
  if (spawnSync('strace', ['-o', '/dev/null', 'true']).status !== 0) return null;
  const inject = `inject=${calls}:error=EIO:when=${when}`;
  const child = spawn('strace', ['-f', '-p', String(pid), '-P', path, '-e', `trace=${calls}`, '-e', inject], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const strace = new Strace(child);
  return (await strace.attached()) ? strace : null;
}

class Strace implements AsyncDisposable {
  readonly lines: string[] = [];
  readonly #child: ChildProcess;
  #heard = Promise.withResolvers<boolean>();

  constructor(child: ChildProcess) {
    this.#child = child;
    createInterface({ input: child.stderr as Readable }).on('line', (line) => {
      this.lines.push(line);
      if (line.includes('attached')) this.#heard.resolve(true);
    });
    child.on('error', () => this.#heard.resolve(false));
    child.on('close', () => this.#heard.resolve(false));
  }

  attached(): Promise<boolean> {
    return this.#heard.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const closed = once(this.#child, 'close');
    this.#child.kill('SIGINT');
    await closed;
  }
}

/** What was acknowledged, by partition, and the errors that were not. */
class Written {
  readonly acknowledged = Array.from({ length: partitions }, (): string[] => []);

  async produce(client: WireClient, partition: number, value: string): Promise<number> {
    const { errorCode, baseOffset } = await client.produce(topic, partition, recordBatch([value]));
    if (errorCode === ErrorCode.none) assert.equal(baseOffset, this.acknowledged[partition]!.push(value) - 1);
    return errorCode;
  }

  async check(client: WireClient, partition: number): Promise<void> {
    const values = (await client.readAll(topic, partition)).map(({ value }) => value.toString());
    assert.deepEqual(values, this.acknowledged[partition]);
  }
}

for (const { calls, promise } of [
  { calls: 'fdatasync', promise: 'row 18: a sync that fails once takes its log directory offline' },
  { calls: 'pwritev,pwrite64,write,writev', promise: 'row 22: a write that fails takes its log directory offline' },
]) {
  test(`${promise}, for good, and no other`, limited, async (context) => {
    using directories = new Directories();
    const overrides = { 'millrace.flush.policy': 'acknowledged' };
    const written = new Written();
    {
      await using broker = await directories.start(overrides);
      using client = await WireClient.connect(broker.port);
      await client.createTopic(topic, partitions);
      for (let partition = 0; partition < partitions; partition++) {
        assert.equal(await written.produce(client, partition, 'before'), ErrorCode.none);
      }
      const [broken, neighbour] = directories.partitionsIn(1) as [number, number];
      const others = [...directories.partitionsIn(0), ...directories.partitionsIn(2)];
      {
        const path = join(directories.paths[1]!, `${topic}-${broken}`, '00000000000000000000.log');
        await using strace = await failCalls(broker.pid, calls, '1', path);
        if (strace === null) return context.skip('needs the right to trace');
        assert.equal(await written.produce(client, broken, 'lost'), kafkaStorageError);
        assert.equal(strace.lines.filter((line) => line.includes('INJECTED')).length, 1);
      }
      const line = await broker.line(/a log directory is offline until the node starts again/);
      assert.match(line, /EIO/);
      // The disk answers again, and is not believed: neither here nor in the next partition.
      for (const partition of [broken, neighbour, broken]) {
        assert.equal(await written.produce(client, partition, 'refused'), kafkaStorageError);
      }
      for (const partition of others) {
        assert.equal(await written.produce(client, partition, 'goes on'), ErrorCode.none);
        await written.check(client, partition);
      }
      assert.equal(broker.lines.filter((said) => said.includes('a log directory is offline')).length, 1);
      await broker.stop();
    }
    await using broker = await directories.start(overrides);
    using client = await WireClient.connect(broker.port);
    for (let partition = 0; partition < partitions; partition++) {
      // Refused as nobody could know whether it is there; what was acknowledged before is.
      const values = (await client.readAll(topic, partition)).map(({ value }) => value.toString());
      assert.deepEqual(
        values.filter((value) => value !== 'lost'),
        written.acknowledged[partition],
      );
      const { errorCode } = await client.produce(topic, partition, recordBatch(['after']));
      assert.equal(errorCode, ErrorCode.none);
    }
    await broker.stop();
  });
}

test('row 18: without a log directory that works the node ends, with the reason', limited, async (context) => {
  await using broker = await BrokerProcess.start({ overrides: { 'millrace.flush.policy': 'acknowledged' } });
  using client = await WireClient.connect(broker.port);
  await client.createTopic(topic, 1);
  const path = join(broker.dataDirectory, `${topic}-0`, '00000000000000000000.log');
  await using strace = await failCalls(broker.pid, 'fdatasync', '1', path);
  if (strace === null) return context.skip('needs the right to trace');
  void client.produce(topic, 0, recordBatch(['lost'])).catch(() => {});
  assert.deepEqual(await broker.end(), { code: 1, signal: null }, broker.output);
  assert.match(broker.output, /directory .*failed.*EIO|no log directory is left.*EIO/);
});

test('row 19: a full log directory refuses until there is room, others serve', limited, async (context) => {
  using directories = new Directories();
  if (!directories.mountSmall(1, 12 * mebibyte)) return context.skip('needs the right to mount');
  const ballast = join(directories.paths[1]!, 'ballast');
  writeFileSync(ballast, Buffer.alloc(4 * mebibyte));
  await using broker = await directories.start();
  using client = await WireClient.connect(broker.port);
  await client.createTopic(topic, partitions);
  const written = new Written();
  const [full, neighbour] = directories.partitionsIn(1) as [number, number];
  const others = [...directories.partitionsIn(0), ...directories.partitionsIn(2)];
  const value = 'x'.repeat(500_000);
  let errorCode: number = ErrorCode.none;
  for (let count = 0; count < 100 && errorCode === ErrorCode.none; count++) {
    errorCode = await written.produce(client, full, `${count} ${value}`);
  }
  assert.equal(errorCode, kafkaStorageError);
  await broker.line(/a log directory is full/);
  assert.equal(await written.produce(client, neighbour, 'small'), kafkaStorageError);
  for (const partition of others) assert.equal(await written.produce(client, partition, value), ErrorCode.none);
  // What is there is served, and nothing of what was refused.
  await written.check(client, full);
  rmSync(ballast);
  for (let partition = 0; partition < partitions; partition++) {
    // It is looked whether there is room every now and then.
    const again = (): Promise<number> => written.produce(client, partition, 'room again');
    for (errorCode = await again(); errorCode === kafkaStorageError; errorCode = await again()) await pause(50);
    assert.equal(errorCode, ErrorCode.none);
    await written.check(client, partition);
  }
  await broker.line(/a log directory has room again/);
  await broker.stop();
});

test('row 25: a topic made anew under the same name has nothing of the one before', limited, async () => {
  using directories = new Directories();
  await using broker = await directories.start({ 'log.segment.delete.delay.ms': 0 });
  using client = await WireClient.connect(broker.port);
  for (let life = 0; life < 5; life++) {
    await client.createTopic(topic, partitions);
    for (let partition = 0; partition < partitions; partition++) {
      assert.deepEqual(await client.readAll(topic, partition), []);
      const { errorCode, baseOffset } = await client.produce(topic, partition, recordBatch([`life ${life}`]));
      assert.deepEqual([errorCode, baseOffset], [ErrorCode.none, 0]);
    }
    await client.deleteTopic(topic);
  }
  let removed = 0;
  await broker.line((line) => line.includes('of a deleted partition was removed') && ++removed === 5 * partitions);
  for (const path of directories.paths) {
    assert.deepEqual(
      readdirSync(path).filter((name) => name.startsWith(topic)),
      [],
    );
  }
  await broker.stop();
});

test('I13: a directory of a partition that nobody knows is set aside, not removed', limited, async () => {
  using directories = new Directories();
  {
    await using broker = await directories.start();
    await broker.stop();
  }
  const unknown = join(directories.paths[2]!, 'somebodys-7');
  mkdirSync(unknown);
  writeFileSync(join(unknown, '00000000000000000000.log'), 'kept');
  await using broker = await directories.start();
  assert.equal(existsSync(unknown), false);
  const names = readdirSync(directories.paths[2]!).filter((name) => name.startsWith('somebodys-7.'));
  assert.equal(names.length, 1);
  assert.match(names[0]!, /^somebodys-7\.[0-9a-f]{32}-stray$/);
  assert.equal(existsSync(join(directories.paths[2]!, names[0]!, '00000000000000000000.log')), true);
  await broker.stop();
});
