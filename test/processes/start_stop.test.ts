/** Starting and stopping as an operator sees it: one sentence, one exit code (RELIABILITY: I13, I19). */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import {
  BrokerProcess,
  type ChildProgram,
  launchMillrace,
  launchWithArguments,
  skipOnKafka,
  temporaryDirectory,
} from './broker_process.ts';
import { armed, orderFault } from './faulty_entry.ts';
import { RawConnection } from './raw_connection.ts';
import { recordBatch } from './record_batch.ts';
import { ApiKey, ErrorCode, fetchBody, fetchVersion, readFetchAnswer, requestFrame } from './wire.ts';
import { WireClient } from './wire_client.ts';

/** Against hanging only. */
const limited = { timeout: 60_000 };
const limitedMillrace = { ...limited, skip: skipOnKafka };
const nobody = 65_534;

/** The start fails with 1, and exactly one line speaks of `subject`; no stack trace. */
async function failsAboutOneThing(program: ChildProgram, subject: RegExp): Promise<void> {
  assert.deepEqual(await program.end(), { code: 1, signal: null }, program.output);
  const about = program.lines.filter((line) => subject.test(line));
  assert.equal(about.length, 1, `one line about ${subject.source}:\n${program.output}`);
  assert.doesNotMatch(program.output, /^\s+at .*:\d+:\d+\)?$/m, 'no stack trace for what the operator can mend');
}

function newDirectory(stack: AsyncDisposableStack, program: ChildProgram, directory: string): ChildProgram {
  program.removeLater(directory);
  return stack.use(program);
}

describe('a start that cannot succeed', limitedMillrace, () => {
  test('the port is another program’s', async () => {
    await using stack = new AsyncDisposableStack();
    const server = stack.adopt(createServer().listen(0, '127.0.0.1'), async (held) => {
      held.close();
      await once(held, 'close');
    });
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const directory = temporaryDirectory();
    const program = newDirectory(stack, launchMillrace({ dataDirectory: directory, port }), directory);
    await failsAboutOneThing(program, new RegExp(`\\b${port}\\b`));
  });

  test('the port is another Millrace’s', async () => {
    await using first = await BrokerProcess.start();
    await using stack = new AsyncDisposableStack();
    const directory = temporaryDirectory();
    const program = newDirectory(stack, launchMillrace({ dataDirectory: directory, port: first.port }), directory);
    await failsAboutOneThing(program, new RegExp(`\\b${first.port}\\b`));
    using client = await WireClient.connect(first.port);
    assert.equal((await client.apiVersions()).errorCode, 0);
    await first.stop();
  });

  test('the data directory is held by another Millrace, which goes on', async () => {
    await using first = await BrokerProcess.start();
    await using second = launchMillrace({ dataDirectory: first.dataDirectory });
    await failsAboutOneThing(second, new RegExp(first.dataDirectory));
    using client = await WireClient.connect(first.port);
    await client.createTopic('held');
    assert.equal((await client.produce('held', 0, recordBatch(['still here']))).errorCode, 0);
    await first.stop();
  });

  test('a data directory whose holder was killed is free again', async () => {
    await using first = await BrokerProcess.start();
    await first.kill();
    await using second = await BrokerProcess.start({ dataDirectory: first.dataDirectory });
    await second.stop();
  });

  test('the data directory may not be written', async () => {
    await using stack = new AsyncDisposableStack();
    const directory = temporaryDirectory();
    const dataDirectory = join(directory, 'read-only');
    mkdirSync(dataDirectory);
    chmodSync(directory, 0o755);
    chmodSync(dataDirectory, 0o555);
    // Root may write everywhere.
    const uid = process.getuid?.() === 0 ? { uid: nobody } : {};
    const program = newDirectory(stack, launchMillrace({ dataDirectory, ...uid }), directory);
    await failsAboutOneThing(program, /read-only/);
  });

  test('the data directory is a file', async () => {
    await using stack = new AsyncDisposableStack();
    const directory = temporaryDirectory();
    const dataDirectory = join(directory, 'a-file');
    writeFileSync(dataDirectory, 'not a directory');
    const program = newDirectory(stack, launchMillrace({ dataDirectory }), directory);
    await failsAboutOneThing(program, /a-file/);
  });

  test('the data directory is of another node, of two clusters, or of a newer version', async () => {
    await using stack = new AsyncDisposableStack();
    const directory = temporaryDirectory();
    const formatted = (name: string, node: number, cluster: string, version = 1): string => {
      mkdirSync(join(directory, name));
      const lines = [`node.id=${node}`, `version=${version}`, `cluster.id=${cluster}`, ''];
      writeFileSync(join(directory, name, 'meta.properties'), lines.join('\n'));
      return join(directory, name);
    };
    // They start at the same time: none may hold a directory of another.
    const twoClusters = [formatted('ours', 7, 'ours'), formatted('theirs', 7, 'theirs')];
    const overrides = { 'node.id': 7, 'log.dirs': twoClusters.join() };
    const ofNode7 = formatted('seven', 7, 'ours');
    const newer = formatted('newer', 1, 'ours', 2);
    await Promise.all(
      [
        { program: launchMillrace({ dataDirectory: ofNode7 }), about: /\/seven belongs to node 7, but node\.id is 1/ },
        { program: launchMillrace({ dataDirectory: newer }), about: /meta\.properties has version 2/ },
        {
          program: launchMillrace({ dataDirectory: directory, overrides }),
          about: /\/theirs belongs to cluster theirs, but .*\/ours to ours/,
        },
      ].map(({ program, about }) => failsAboutOneThing(newDirectory(stack, program, directory), about)),
    );
  });

  test('the data directory has no room for a cluster', async () => {
    await using stack = new AsyncDisposableStack();
    const directory = temporaryDirectory();
    const preparedBy = 'ulimit -f 1';
    const program = newDirectory(stack, launchMillrace({ dataDirectory: directory, preparedBy }), directory);
    await failsAboutOneThing(program, /may write no file as long as it needs/);
  });

  test('a start file with several mistakes: all of them are told, each with its line', async () => {
    await using stack = new AsyncDisposableStack();
    const directory = temporaryDirectory();
    const file = join(directory, 'server.properties');
    const lines = [
      'listeners=PLAINTEXT://127.0.0.1:0,FOO://127.0.0.1:0',
      'advertised.listeners=PLAINTEXT://a:1,BAR://b:1',
      'num.partitions=many',
    ];
    writeFileSync(file, lines.join('\n'));
    const program = newDirectory(stack, launchWithArguments(['--config', file]), directory);
    await failsAboutOneThing(program, /must give the listener FOO a security protocol/);
    await failsAboutOneThing(
      program,
      /server\.properties:2\) must name only listeners that there are, which BAR is not/,
    );
    await failsAboutOneThing(program, /num\.partitions = many .*server\.properties:3\)/);
  });

  test('an override that no configuration may have', async () => {
    await using stack = new AsyncDisposableStack();
    const directory = temporaryDirectory();
    const overrides = { 'connections.max.idle.ms': 'soon' };
    const program = newDirectory(stack, launchMillrace({ dataDirectory: directory, overrides }), directory);
    await failsAboutOneThing(program, /connections\.max\.idle\.ms/);
  });

  test('an option that does not exist', async () => {
    await using program = launchWithArguments(['--prot', '0']);
    await failsAboutOneThing(program, /--prot/);
  });
});

test('--help names the options and succeeds', limitedMillrace, async () => {
  await using program = launchWithArguments(['--help']);
  assert.deepEqual(await program.end(), { code: 0, signal: null }, program.output);
  for (const option of ['--port', '--data-dir', '--shards', '--override']) assert.ok(program.output.includes(option));
});

describe('stopping', () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    test(`${signal} stops cleanly`, limitedMillrace, async () => {
      await using broker = await BrokerProcess.start();
      using connection = await RawConnection.open(broker.port);
      broker.signal(signal);
      assert.deepEqual(await broker.end(), { code: 0, signal: null }, broker.output);
      await connection.closed();
    });
  }

  test('a stop does not wait for a fetch that waits', limitedMillrace, async () => {
    await using broker = await BrokerProcess.start();
    using client = await WireClient.connect(broker.port);
    await client.createTopic('empty');
    using waiting = await RawConnection.open(broker.port);
    const body = fetchBody([{ topic: 'empty', partition: 0, offset: 0, maxBytes: 1000 }], 50_000, 1);
    waiting.write(requestFrame(ApiKey.fetch, fetchVersion, 1, body));
    // What is behind it has been seen when this is answered; the fetch came first, to whichever shard.
    assert.equal((await client.apiVersions()).errorCode, 0);
    await broker.stop();
    const outcome = await waiting.outcome();
    if (outcome.kind === 'answer') assert.equal(readFetchAnswer(outcome.answer)[0]?.records.length, 0);
  });

  test('a second SIGINT ends at once, even with a shard that hangs', limitedMillrace, async () => {
    const directory = temporaryDirectory();
    const faultFile = join(directory, 'fault');
    await using broker = await BrokerProcess.start({ dataDirectory: join(directory, 'data'), ...armed(faultFile, 2) });
    broker.removeLater(directory);
    orderFault(faultFile, 'hang');
    const lines = broker.lines.length;
    broker.signal('SIGINT');
    // It has said that it stops, which it now cannot.
    await broker.line(/SIGINT|stopping/i, lines);
    assert.equal(broker.hasExited, false);
    broker.signal('SIGINT');
    const exit = await broker.end();
    assert.notEqual(exit.code, 0, 'an end that was forced does not look like a clean one');
  });

  test('a restart keeps topics and records, also with another number of shards', limited, async () => {
    await using first = await BrokerProcess.start({ shards: 2 });
    const { dataDirectory } = first;
    const partitions = 5;
    {
      using client = await WireClient.connect(first.port);
      await client.createTopic('kept', partitions);
      for (let partition = 0; partition < partitions; partition++) {
        for (const value of ['one', 'two', 'three']) {
          const { errorCode } = await client.produce('kept', partition, recordBatch([`${value}-${partition}`]));
          assert.equal(errorCode, ErrorCode.none);
        }
      }
    }
    await first.stop();
    for (const [round, shards] of [1, 3, 2].entries()) {
      await using broker = await BrokerProcess.start({ dataDirectory, shards });
      using client = await WireClient.connect(broker.port);
      const { topics } = await client.metadata(null);
      const kept = topics.find(({ name }) => name === 'kept');
      assert.equal(kept?.partitions.length, partitions);
      for (let partition = 0; partition < partitions; partition++) {
        const values = (await client.readAll('kept', partition)).map(({ value }) => value.toString());
        const before = ['one', 'two', 'three'].map((value) => `${value}-${partition}`);
        assert.deepEqual(values, [...before, ...Array.from({ length: round }, (_, index) => `again-${index}`)]);
        assert.equal((await client.produce('kept', partition, recordBatch([`again-${round}`]))).errorCode, 0);
      }
      await broker.stop();
    }
  });
});
