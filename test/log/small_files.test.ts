import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AtomicFile, replaceFile } from '../../src/log/atomic_file.ts';
import { formatLines, parseLines, readOffsetCheckpoint, writeOffsetCheckpoint } from '../../src/log/checkpoint_file.ts';
import { readCleanShutdown, removeCleanShutdown, writeCleanShutdown } from '../../src/log/clean_shutdown.ts';
import { formatDirectoryName, parseDirectoryName } from '../../src/log/directory_name.ts';
import { LeaderEpochs } from '../../src/log/leader_epochs.ts';
import { readLogDirectory } from '../../src/log/log_directory.ts';
import { LogFailure } from '../../src/log/log_failure.ts';
import { readPartitionMetadata, writePartitionMetadata } from '../../src/log/partition_metadata.ts';
import { ProcessEnded } from '../simulation/world.ts';
import { simKernels } from '../simulation/sim_kernels.ts';
import { unpack } from './kafka_directories.ts';
import { LogMachine } from './log_machine.ts';

const text = (machine: LogMachine, path: string): string => new TextDecoder().decode(machine.contents(path));
const bytesOf = (value: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(value);

test('checkpoints are written and read as Apache Kafka does', () => {
  const machine = new LogMachine(1);
  unpack('clean', machine);
  for (const name of [
    'recovery-point-offset-checkpoint',
    'log-start-offset-checkpoint',
    'replication-offset-checkpoint',
  ] as const) {
    const before = text(machine, `/d1/${name}`);
    const offsets = readOffsetCheckpoint(machine.disk, simKernels, '/d1', name);
    assert.ok(!(offsets instanceof LogFailure));
    assert.equal(writeOffsetCheckpoint(machine.disk, simKernels, '/data', name, offsets), null);
    assert.equal(text(machine, `/data/${name}`), before);
  }
  assert.deepEqual(readOffsetCheckpoint(machine.disk, simKernels, '/data', 'cleaner-offset-checkpoint'), new Map());
  const shutdown = readCleanShutdown(machine.disk, simKernels, '/d1');
  assert.deepEqual(shutdown, { isClean: true, brokerEpoch: 204 });
  assert.equal(writeCleanShutdown(machine.disk, simKernels, '/data', 204), null);
  assert.equal(text(machine, '/data/.kafka_cleanshutdown'), text(machine, '/d1/.kafka_cleanshutdown'));
  const topicId = readPartitionMetadata(machine.disk, simKernels, '/d1/txn-0');
  assert.ok(typeof topicId === 'string');
  assert.equal(writePartitionMetadata(machine.disk, simKernels, '/data/txn-0', topicId), null);
  assert.equal(text(machine, '/data/txn-0/partition.metadata'), text(machine, '/d1/txn-0/partition.metadata'));
  const epochs = LeaderEpochs.parse(simKernels, machine.contents('/d1/txn-0/leader-epoch-checkpoint'))!;
  assert.deepEqual([epochs.size, epochs.latestEpoch, epochs.startOffsetAt(1)], [2, 2, 84]);
  assert.deepEqual(epochs.format(simKernels), machine.contents('/d1/txn-0/leader-epoch-checkpoint'));
});

test('a damaged checkpoint is seen as such, wherever it is cut (row 15, I13)', () => {
  const whole = formatLines(['topic 0 12', 'topic 1 345']);
  assert.deepEqual(parseLines(whole), ['topic 0 12', 'topic 1 345']);
  for (let cut = 0; cut < whole.length; cut++) assert.equal(parseLines(whole.slice(0, cut)), null, `cut at ${cut}`);
  const machine = new LogMachine(1);
  for (const damaged of [
    `${whole}x`,
    '1\n0\n',
    '0\n1\ntopic 0\n',
    '0\n1\ntopic 0 -1\n',
    '0\n1\ntopic x 1\n',
    '0\n2\nt 0 1\nt 0 2\n',
    '0\n-1\n',
    '0\n1\ntopic 0 1e3\n',
  ]) {
    machine.put('/data/recovery-point-offset-checkpoint', bytesOf(damaged));
    const read = readOffsetCheckpoint(machine.disk, simKernels, '/data', 'recovery-point-offset-checkpoint');
    assert.ok(read instanceof LogFailure && read.kind === 'corrupt', JSON.stringify(damaged));
  }
  const directory = readLogDirectory(machine.disk, simKernels, '/data');
  assert.ok(!(directory instanceof LogFailure));
  assert.equal(directory.damagedCheckpoints.length, 1);
  machine.put('/data/partition.metadata', bytesOf('version: 0\ntopic_id: short'));
  assert.ok(readPartitionMetadata(machine.disk, simKernels, '/data') instanceof LogFailure);
});

test('a data directory is listed with what its checkpoints say', () => {
  const machine = new LogMachine(1);
  unpack('clean', machine);
  machine.disk.makeDirectory('/d1/not a partition');
  machine.disk.makeDirectory('/d1/txn-1/inner-0');
  const read = readLogDirectory(machine.disk, simKernels, '/d1');
  assert.ok(!(read instanceof LogFailure));
  assert.equal(read.isClean, true);
  assert.equal(read.brokerEpoch, 204);
  assert.deepEqual(read.unknownDirectories, ['not a partition']);
  const trimmed = read.partitions.find(({ name }) => name.topic === 'trimmed')!;
  assert.deepEqual([trimmed.recoveryPoint, trimmed.logStartOffset, trimmed.highWatermark], [120, 95, 120]);
  const other = readLogDirectory(machine.disk, simKernels, '/d2');
  assert.ok(!(other instanceof LogFailure));
  assert.deepEqual(
    other.partitions.filter(({ name }) => name.state !== 'current').map(({ name }) => name),
    [{ topic: 'to-delete', partition: 0, state: 'delete', uniqueId: '8f06e6d2a1d9454da21fbc5ae652bbcf' }],
  );
  assert.ok(readLogDirectory(machine.disk, simKernels, '/nowhere') instanceof LogFailure);
});

test('a replaced file has its old or its new contents after a crash at any call, whole', () => {
  for (const power of [true, false]) {
    for (let call = 0; call < 12; call++) {
      const machine = new LogMachine(call);
      assert.equal(replaceFile(machine.disk, '/data/file', bytesOf('old contents')), null);
      machine.storage.faults.arm({ after: call, effect: { kind: 'kill', bytes: 3 } });
      let killed = false;
      try {
        replaceFile(machine.disk, '/data/file', bytesOf('new'));
      } catch (thrown) {
        assert.ok(thrown instanceof ProcessEnded);
        killed = true;
      }
      machine.storage.faults.disarm();
      machine.crash(power);
      const found = text(machine, '/data/file');
      assert.ok(found === 'new' || (killed && found === 'old contents'), `call ${call}: ${found}`);
    }
  }
});

test('a file replaced in the background gets the last contents, one replacement at a time', () => {
  const machine = new LogMachine(3);
  const failures: string[] = [];
  const file = new AtomicFile(machine.disk, '/data/file', (error) => failures.push(error.code));
  for (let round = 0; round < 5; round++) file.replaceLater(bytesOf(`contents ${round}`));
  assert.ok(machine.world.runUntil(() => file.isIdle, 10_000));
  assert.equal(text(machine, '/data/file'), 'contents 4');
  machine.storage.faults.arm({ operations: ['sync'], effect: { kind: 'error', code: 'EIO' } });
  file.replaceLater(bytesOf('lost'));
  assert.ok(machine.world.runUntil(() => file.isIdle, 10_000));
  assert.deepEqual(failures, ['EIO']);
  assert.equal(text(machine, '/data/file'), 'contents 4');
});

test('the mark of a clean stop goes before the directory is written, for good', () => {
  const machine = new LogMachine(4);
  writeCleanShutdown(machine.disk, simKernels, '/data', -1);
  assert.deepEqual(readCleanShutdown(machine.disk, simKernels, '/data'), { isClean: true, brokerEpoch: -1 });
  machine.put('/data/.kafka_cleanshutdown', bytesOf(''));
  assert.deepEqual(readCleanShutdown(machine.disk, simKernels, '/data'), { isClean: true, brokerEpoch: -1 });
  assert.equal(removeCleanShutdown(machine.disk, '/data'), null);
  machine.crash(true);
  assert.deepEqual(readCleanShutdown(machine.disk, simKernels, '/data'), { isClean: false, brokerEpoch: -1 });
  assert.equal(removeCleanShutdown(machine.disk, '/data'), null);
});

test('names of partition directories', () => {
  const uniqueId = '0123456789abcdef0123456789abcdef';
  fc.assert(
    fc.property(
      fc.stringMatching(/^[a-zA-Z0-9._-]{1,180}$/).filter((topic) => topic !== '.' && topic !== '..'),
      fc.nat({ max: 0x7fff_ffff }),
      fc.constantFrom('current' as const, 'future' as const, 'delete' as const, 'stray' as const),
      (topic, partition, state) => {
        const id = state === 'current' ? '' : uniqueId;
        const name = formatDirectoryName(topic, partition, state, id);
        // A topic may be named like another one's marked directory; the mark is then read.
        if (state === 'current' && /\.[0-9a-f]{32}-/.test(topic)) return;
        assert.deepEqual(parseDirectoryName(name), { topic, partition, state, uniqueId: id });
      },
    ),
  );
  for (const name of [
    'topic',
    'topic-',
    'topic-01',
    '-1',
    'to pic-1',
    'topic-2147483648',
    'topic-0.xyz-delete',
    '..-0',
  ]) {
    assert.equal(parseDirectoryName(name), null, name);
  }
  assert.equal(formatDirectoryName('x'.repeat(249), 12, 'delete', uniqueId).length, 255);
});

/** The epochs as a plain list that is searched from its beginning. */
class NaiveEpochs {
  entries: [number, number][] = [];

  assign(epoch: number, start: number): void {
    const last = this.entries.at(-1);
    if (last !== undefined && last[0] === epoch && last[1] <= start) return;
    this.entries = this.entries.filter(([known, at]) => known < epoch && at < start);
    this.entries.push([epoch, start]);
  }

  endOffsetFor(epoch: number, logEndOffset: number): [number, number] {
    const last = this.entries.at(-1);
    if (last === undefined || epoch < 0 || epoch > last[0]) return [-1, -1];
    if (epoch === last[0]) return [epoch, logEndOffset];
    const next = this.entries.find(([known]) => known > epoch)!;
    const floor = this.entries.findLast(([known]) => known <= epoch);
    return [floor === undefined ? epoch : floor[0], next[1]];
  }
}

test('leader epochs answer as a naive list does', () => {
  const epoch = fc.nat({ max: 12 });
  const offset = fc.nat({ max: 40 });
  const operation = fc.oneof(
    fc.tuple(fc.constant('assign' as const), epoch, offset),
    fc.tuple(fc.constant('fromEnd' as const), epoch, offset),
    fc.tuple(fc.constant('fromStart' as const), epoch, offset),
  );
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 20 }), (operations) => {
      const epochs = new LeaderEpochs();
      const naive = new NaiveEpochs();
      const answer = { epoch: 0, endOffset: 0 };
      for (const [kind, number, at] of operations) {
        if (kind === 'assign') {
          epochs.assign(number, at);
          naive.assign(number, at);
        } else if (kind === 'fromEnd') {
          epochs.truncateFromEnd(at);
          naive.entries = naive.entries.filter(([, start]) => start < at);
        } else {
          epochs.truncateFromStart(at);
          const kept = naive.entries.findLast(([, start]) => start <= at);
          naive.entries = naive.entries.filter(([, start]) => start > at);
          if (kept !== undefined) naive.entries.unshift([kept[0], at]);
        }
        const entries = Array.from({ length: epochs.size }, (_, index) => [
          epochs.epochAt(index),
          epochs.startOffsetAt(index),
        ]);
        assert.deepEqual(entries, naive.entries);
        for (let asked = -1; asked < 14; asked++) {
          epochs.endOffsetFor(asked, 50, answer);
          assert.deepEqual([answer.epoch, answer.endOffset], naive.endOffsetFor(asked, 50));
        }
        const again = LeaderEpochs.parse(simKernels, epochs.format(simKernels));
        assert.deepEqual(again?.format(simKernels), epochs.format(simKernels));
      }
    }),
  );
  assert.equal(LeaderEpochs.parse(simKernels, bytesOf('0\n2\n1 5\n1 9\n')), null);
  assert.equal(LeaderEpochs.parse(simKernels, bytesOf('0\n2\n1 5\n2 5\n')), null);
});
