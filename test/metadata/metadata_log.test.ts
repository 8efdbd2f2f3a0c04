import assert from 'node:assert/strict';
import { test } from 'node:test';
import { METADATA_TOPIC_ID } from '../../src/metadata/metadata_log.ts';
import { LogMachine } from '../log/log_machine.ts';
import { topic, topicId } from './metadata_fixture.ts';
import { appendTopics, directory, names, open, segment, segments, tryOpen, voter } from './metadata_log_fixture.ts';

/** The quorum's own records at the beginning of a new log: LeaderChange, KRaftVersion, Voters. */
const QUORUM_RECORDS = 3;

/** A log of four topics, one batch each, and where the batches begin. */
function written(seed = 1): { machine: LogMachine; starts: number[]; bytes: Uint8Array } {
  const machine = new LogMachine(seed);
  const { log } = open(machine);
  const starts: number[] = [];
  for (let number = 0; number < 4; number++) {
    starts.push(machine.contents(segment(0)).length);
    appendTopics(log, number, number + 1);
  }
  log.close(false);
  return { machine, starts, bytes: machine.contents(segment(0)) };
}

const textOf = (machine: LogMachine, name: string): string =>
  Buffer.from(machine.contents(`${directory}/${name}`)).toString();

test('a new log is laid out as Apache Kafka lays it out', () => {
  const machine = new LogMachine(1);
  open(machine);
  machine.world.runAll();
  assert.equal(textOf(machine, 'partition.metadata'), `version: 0\ntopic_id: ${METADATA_TOPIC_ID}`);
  assert.equal(METADATA_TOPIC_ID, 'AAAAAAAAAAAAAAAAAAAAAQ');
  const state =
    '"leaderId":1,"leaderEpoch":1,"votedId":-1,"votedDirectoryId":"AAAAAAAAAAAAAAAAAAAAAA","data_version":1';
  assert.equal(textOf(machine, 'quorum-state'), `{${state}}`);
  assert.equal(textOf(machine, 'leader-epoch-checkpoint'), '0\n1\n1 0\n');
});

test('what was appended is there after a loss of power, at once; each start is an epoch of its own', () => {
  for (let seed = 0; seed < 10; seed++) {
    const { machine } = written(seed);
    for (let start = 2; start < 5; start++) {
      machine.crash(true);
      const { log, names: found } = open(machine);
      assert.deepEqual(found, names(4));
      assert.equal(log.leaderEpoch, start);
      // Topics, and one LeaderChange for each start.
      assert.equal(log.nextOffset, QUORUM_RECORDS + 12 + start - 1);
    }
  }
});

test('an epoch is never used twice: quorum-state and the log are both asked', () => {
  const { machine } = written();
  machine.crash(false);
  assert.equal(machine.disk.unlink(`${directory}/quorum-state`), null);
  assert.equal(open(machine).log.leaderEpoch, 2, 'by the log');
  machine.crash(false);
  machine.put(
    `${directory}/quorum-state`,
    Buffer.from('{"leaderId":-1,"leaderEpoch":41,"votedId":1,"data_version":0}'),
  );
  assert.equal(open(machine).log.leaderEpoch, 42, 'by the vote');
  machine.crash(false);
  machine.put(`${directory}/quorum-state`, Buffer.from('{"leaderId":-1,"leader'));
  assert.match(tryOpen(machine) as string, /quorum-state is damaged/);
  machine.put(`${directory}/quorum-state`, Buffer.from('{"leaderId":-1,"leaderEpoch":1,"votedId":1,"data_version":2}'));
  assert.match(tryOpen(machine) as string, /version 2/);
});

test('a quorum whose voters the configuration names has none of them in its log', () => {
  const machine = new LogMachine(1);
  assert.equal(open(machine, { kraftVersion: 0 }).log.nextOffset, 1);
  const state = '"leaderId":1,"leaderEpoch":1,"votedId":-1,"appliedOffset":0,"currentVoters":[{"voterId":1}]';
  assert.equal(textOf(machine, 'quorum-state'), `{"clusterId":"",${state},"data_version":0}`);
  machine.crash(true);
  const { log } = open(machine, { kraftVersion: 1 });
  assert.deepEqual([log.leaderEpoch, log.nextOffset, log.quorum.kraftVersion], [2, 2, 0], 'it stays as it began');
});

test('the log names its voters from when kraft.version is raised, whatever the configuration says', () => {
  const machine = new LogMachine(1);
  const raised = open(machine, { kraftVersion: 0 }).log;
  appendTopics(raised, 0, 1);
  assert.equal(raised.nameVoters(1_000), null);
  assert.deepEqual([raised.nextOffset, raised.kraftVersion, raised.quorum.voters], [6, 1, [voter]]);
  machine.crash(true);
  const { log, names: found } = open(machine, { kraftVersion: 0 });
  assert.deepEqual([log.nextOffset, log.kraftVersion, log.quorum.voters], [7, 1, [voter]]);
  assert.deepEqual(found, names(1));
  assert.match(textOf(machine, 'quorum-state'), /"data_version":1/);
  machine.crash(true);
  assert.match(tryOpen(machine, { kraftVersion: 0, voter: { ...voter, id: 2 } }) as string, /belongs to a quorum of 1/);
});

test('a log of another quorum is not written', () => {
  const { machine, bytes } = written();
  for (const other of [
    { ...voter, id: 2 },
    { ...voter, directoryId: topicId(78) },
  ]) {
    machine.crash(false);
    assert.match(tryOpen(machine, { voter: other }) as string, /belongs to a quorum of 1 \(directory /);
    assert.deepEqual(machine.contents(segment(0)), bytes);
  }
});

test('a voter that has moved says so in the log, once', () => {
  const { machine } = written();
  machine.crash(false);
  const moved = { ...voter, endpoints: [{ name: 'CONTROLLER', host: 'there', port: 9093 }] };
  const before = QUORUM_RECORDS + 12;
  assert.equal(open(machine, { voter: moved }).log.nextOffset, before + 3);
  machine.crash(false);
  assert.equal(open(machine, { voter: moved }).log.nextOffset, before + 4);
});

test('a torn tail is cut off, and the log goes on behind the last whole batch (row 13)', () => {
  const { machine, starts, bytes } = written();
  for (let length = starts[3]! + 1; length < bytes.length; length += 7) {
    for (const isZeroed of [false, true]) {
      const torn = isZeroed ? bytes.slice() : bytes.slice(0, length);
      torn.fill(0, length);
      machine.crash(false);
      machine.put(segment(0), torn);
      const { log, names: found } = open(machine);
      assert.deepEqual(found, names(3));
      assert.equal(log.append([topic('next', topicId(50))], 2_000), null);
      log.close(false);
      assert.deepEqual(open(machine).names, [...names(3), 'next']);
    }
  }
});

test('damage of what is known to have been synced is refused, be it in the last batch', () => {
  const { machine, bytes, starts } = written();
  const { log } = open(machine);
  assert.equal(log.writeRecoveryPoint(), null);
  const noted = log.nextOffset;
  log.close(false);
  const whole = machine.contents(segment(0));
  for (let at = bytes.length + 16; at < whole.length; at += 3) {
    for (const damaged of [whole.slice(0, at), whole.map((byte, place) => (place === at ? byte ^ 4 : byte))]) {
      machine.crash(false);
      machine.put(segment(0), damaged);
      assert.match(tryOpen(machine) as string, /is damaged, and it was on stable storage; restore the file/);
      assert.deepEqual(machine.contents(segment(0)), damaged);
    }
  }
  machine.crash(false);
  machine.put(segment(0), whole.slice(0, starts[3]));
  assert.match(tryOpen(machine) as string, new RegExp(`but was synced up to its recovery point ${noted}`));
  // A note that is not whole says nothing.
  machine.crash(false);
  machine.put(`${directory}/recovery-point-offset-checkpoint`, Buffer.from('0\n1\n__clus'));
  machine.put(segment(0), whole.slice(0, -1));
  assert.deepEqual(open(machine).names, names(4));
});

test('a damaged batch that ends before the file does is no torn one', () => {
  const { machine, starts, bytes } = written();
  const damaged = bytes.slice();
  for (const start of starts.slice(2)) damaged.fill(0, start + 61);
  machine.crash(false);
  machine.put(segment(0), damaged);
  assert.match(tryOpen(machine) as string, /is damaged, and others follow it/);
  assert.deepEqual(machine.contents(segment(0)), damaged);
  machine.put(segment(0), damaged.slice(0, starts[3]));
  assert.deepEqual(open(machine).names, names(2), 'nothing follows it');
});

test('a clean stop notes how far the log is synced', () => {
  const { machine } = written();
  machine.crash(false);
  const { log } = open(machine);
  assert.equal(log.close(true), null);
  assert.equal(textOf(machine, 'recovery-point-offset-checkpoint'), `0\n1\n__cluster_metadata 0 ${log.nextOffset}\n`);
});

test('damage before the last batch is refused, whichever byte it is in, and nothing is cut off', () => {
  const { machine, starts, bytes } = written();
  for (let at = 0; at < starts[3]!; at++) {
    const own = [0, ...starts].findLast((start) => start <= at)!;
    // The leader epoch of a batch is what no checksum covers.
    if (at - own >= 12 && at - own < 16) continue;
    for (const bit of [1, 0x80]) {
      const damaged = bytes.slice();
      damaged[at]! ^= bit;
      machine.put(segment(0), damaged);
      assert.match(tryOpen(machine) as string, /is damaged, and others follow it/, `byte ${at}`);
      assert.deepEqual(machine.contents(segment(0)), damaged);
    }
  }
});

test('damage in a segment that others follow is refused, and so is a segment that is gone', () => {
  const machine = new LogMachine(1);
  const config = { segmentBytes: 700, segmentMs: 1_000_000_000, fileDeleteDelayMs: 0 };
  const { log } = open(machine, { config });
  appendTopics(log, 0, 12);
  log.close(false);
  const bases = segments(machine);
  assert.ok(bases.length >= 3, bases.join());
  machine.crash(false);
  const path = segment(bases[1]!);
  const bytes = machine.contents(path);
  const damaged = bytes.slice();
  damaged[damaged.length - 1]! ^= 1;
  machine.put(path, damaged);
  assert.match(tryOpen(machine, { config }) as string, /corrupt/);
  machine.put(path, bytes);
  assert.deepEqual(open(machine, { config }).names, names(12));
  machine.crash(false);
  machine.disk.unlink(path);
  assert.match(tryOpen(machine, { config }) as string, /missing/);
});

test('an append that did not fit leaves nothing, not even after a loss of power, and the next one takes its place', () => {
  for (let seed = 0; seed < 20; seed++) {
    const { machine } = written(seed);
    const { log } = open(machine);
    const { nextOffset } = log;
    const bytes = machine.contents(segment(0));
    const { storage } = machine;
    storage.options = { ...storage.options, capacityBytes: storage.usedBytes + 40 };
    assert.equal(log.append([topic('lost', topicId(60))], 1)?.isNoSpace, true);
    assert.equal(log.failure, null);
    assert.equal(log.nextOffset, nextOffset);
    assert.deepEqual(machine.contents(segment(0)), bytes);
    storage.options = { ...storage.options, capacityBytes: Infinity };
    if (seed % 2 === 0) assert.equal(log.append([topic('kept', topicId(61))], 1), null);
    machine.crash(true);
    assert.deepEqual(open(machine).names, seed % 2 === 0 ? [...names(4), 'kept'] : names(4));
  }
});

test('after a sync that failed nothing is promised any more (row 19)', () => {
  const { machine } = written();
  const { log } = open(machine);
  machine.storage.faults.arm({ operations: ['sync'], path: segment(0), effect: { kind: 'error', code: 'EIO' } });
  assert.equal(log.append([topic('lost', topicId(60))], 1)?.error?.code, 'EIO');
  assert.match(log.failure!, /EIO/);
  assert.equal(log.append([topic('refused', topicId(61))], 1)?.kind, 'failed');
  machine.restart();
  assert.ok(!open(machine).names.includes('refused'));
});

test('after a clean stop nothing is scanned or lost', () => {
  const machine = new LogMachine(1);
  const { log } = open(machine);
  appendTopics(log, 0, 5);
  assert.equal(log.close(true), null);
  machine.crash(true);
  const again = open(machine, { isClean: true });
  assert.deepEqual(again.names, names(5));
  assert.equal(again.log.leaderEpoch, 2);
});

test('after a clean stop a damaged tail is no crash: it is refused, and nothing is cut off (I13)', () => {
  const machine = new LogMachine(1);
  const { log } = open(machine);
  appendTopics(log, 0, 2);
  const last = machine.contents(segment(0)).length;
  appendTopics(log, 2, 3);
  assert.equal(log.close(true), null);
  const bytes = machine.contents(segment(0));
  const refuses = (damaged: Uint8Array, what: string): void => {
    machine.restart();
    machine.put(segment(0), damaged);
    const problem = tryOpen(machine, { isClean: true });
    assert.equal(typeof problem, 'string', what);
    assert.ok((problem as string).includes(directory), problem as string);
    assert.deepEqual(machine.contents(segment(0)), damaged, what);
  };
  for (let at = last; at < bytes.length; at++) {
    refuses(bytes.slice(0, at), `cut at ${at}`);
    if (bytes.subarray(at).some((byte) => byte !== 0)) refuses(bytes.slice().fill(0, at), `zeros from ${at}`);
    // The leader epoch of a batch is what no checksum covers.
    if (at - last >= 12 && at - last < 16) continue;
    for (const bit of [1, 0x80]) {
      const damaged = bytes.slice();
      damaged[at]! ^= bit;
      refuses(damaged, `bit ${bit} of byte ${at}`);
    }
  }
  machine.put(segment(0), bytes);
  assert.deepEqual(open(machine, { isClean: true }).names, names(3));
});

test('the log goes on over segments, and begins later when snapshots have its front', () => {
  const machine = new LogMachine(1);
  const config = { segmentBytes: 700, segmentMs: 1_000_000_000, fileDeleteDelayMs: 0 };
  const { log } = open(machine, { config });
  appendTopics(log, 0, 12);
  const bases = segments(machine);
  assert.equal(log.removeBelow(bases[2]! - 1), null);
  assert.deepEqual([segments(machine), log.logStartOffset], [bases.slice(1), bases[1]]);
  assert.equal(log.removeBelow(log.nextOffset), null);
  assert.deepEqual(segments(machine), bases.slice(-1), 'the active segment stays');
  log.close(false);
  // Nothing has the front now.
  machine.crash(true);
  assert.match(tryOpen(machine, { config }) as string, /reaches from offset .* no snapshot/);
});
