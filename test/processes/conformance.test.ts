import { deepEqual, equal, ok } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { BrokerProcess, ChildProgram, skipOnKafka, temporaryDirectory } from './broker_process.ts';
import { freePort } from './kafka_process.ts';

const tests = join(import.meta.dirname, '..');
const fixtures = join(tests, 'fixtures/behaviour');
const tool = join(tests, 'tools/conformance.ts');

/** Where the recorded broker was not set up as brokers are by default. */
const recordedSettings = {
  'log.retention.ms': -1,
  'log.index.size.max.bytes': 65_536,
  'num.io.threads': 4,
  'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
};

test(
  'recorded conversations with Apache Kafka go the same way, but for the differences that are listed',
  {
    skip: skipOnKafka,
  },
  async () => {
    const dataDirectory = temporaryDirectory();
    const controller = `127.0.0.1:${await freePort()}`;
    const overrides = {
      ...recordedSettings,
      'log.dirs': `${dataDirectory}/d1,${dataDirectory}/d2`,
      listeners: `PLAINTEXT://127.0.0.1:0,CONTROLLER://${controller}`,
      'controller.listener.names': 'CONTROLLER',
    };
    await using broker = await BrokerProcess.start({ dataDirectory, overrides });
    broker.removeLater(dataDirectory);
    const programArguments = [
      '--fresh',
      '--bootstrap',
      `127.0.0.1:${broker.port}`,
      '--controller',
      controller,
      join(fixtures, 'transcripts.jsonl.gz'),
    ];
    await using replay = new ChildProgram({ program: process.execPath, arguments: [tool, ...programArguments] });
    const { code } = await replay.end();
    const counts = /^(\d+) passed, (\d+) failed, (\d+) skipped$/.exec(replay.lines.at(-1) ?? '');
    ok(counts !== null, replay.output);
    equal(code, Number(counts[2]) === 0 ? 0 : 1, replay.output);
    ok(Number(counts[1]) > 500, replay.output);
    const failed = replay.lines.flatMap((line) => /^FAILED (\S+ step \d+) /.exec(line)?.[1] ?? []);
    const listed = JSON.parse(readFileSync(join(fixtures, 'differences.json'), 'utf8')) as Record<string, string>;
    deepEqual(failed, Object.keys(listed), replay.output);
  },
);
