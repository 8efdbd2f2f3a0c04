import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MetadataFollower } from '../../src/metadata/metadata_follower.ts';
import { MetadataLog, metadataLogPath } from '../../src/metadata/metadata_log.ts';
import { METADATA_WATERMARK_BYTES, MetadataWatermark } from '../../src/metadata/watermark.ts';
import { LogMachine } from '../log/log_machine.ts';
import { simKernels } from '../simulation/sim_kernels.ts';
import { imageWithColumns, NotedChanges, partition, setting, topic, topicId } from './metadata_fixture.ts';

const path = metadataLogPath('/data');

interface Opened {
  readonly log: MetadataLog;
  readonly names: readonly string[];
}

function tryOpen(machine: LogMachine): Opened | string {
  const { image } = imageWithColumns();
  const changes = new NotedChanges();
  const log = MetadataLog.open(machine.disk, simKernels, '/data', (type, version, fields) =>
    image.apply(type, version, fields, changes),
  );
  return typeof log === 'string' ? log : { log, names: [...image.topics()].map(({ name }) => name) };
}

function open(machine: LogMachine): Opened {
  const opened = tryOpen(machine);
  if (typeof opened === 'string') assert.fail(opened);
  return opened;
}

/** A log of four topics, one batch each, and where the batches begin. */
function written(seed = 1): { machine: LogMachine; starts: number[]; bytes: Uint8Array } {
  const machine = new LogMachine(seed);
  const { log } = open(machine);
  const starts: number[] = [];
  for (let number = 0; number < 4; number++) {
    starts.push(log.position);
    const id = topicId(number);
    const name = `topic-${number}`;
    assert.equal(log.append([topic(name, id), partition(id, 0), setting(name, 'segment.bytes', '999')], 1_000), null);
  }
  log.close();
  return { machine, starts, bytes: machine.contents(path) };
}

const names = (count: number): string[] => Array.from({ length: count }, (_, number) => `topic-${number}`);

test('what was appended is there after a loss of power, at once', () => {
  for (let seed = 0; seed < 10; seed++) {
    const { machine, bytes } = written(seed);
    machine.crash(true);
    const { log, names: found } = open(machine);
    assert.deepEqual(found, names(4));
    assert.deepEqual([log.position, log.nextOffset], [bytes.length, 12]);
  }
});

test('a torn tail is cut off, and the log goes on behind the last whole batch', () => {
  const { machine, starts, bytes } = written();
  for (let length = starts[3]! + 1; length < bytes.length; length += 7) {
    for (const isZeroed of [false, true]) {
      const torn = isZeroed ? bytes.slice() : bytes.slice(0, length);
      torn.fill(0, length);
      machine.put(path, torn);
      const { log, names: found } = open(machine);
      assert.deepEqual(found, names(3));
      assert.equal(machine.contents(path).length, starts[3]);
      assert.equal(log.append([topic('next', topicId(50))], 2_000), null);
      log.close();
      assert.deepEqual(open(machine).names, [...names(3), 'next']);
    }
  }
});

test('damage before the last batch is refused, whichever byte it is in, and nothing is cut off', () => {
  const { machine, starts, bytes } = written();
  for (let at = 0; at < starts[3]!; at++) {
    const own = starts.findLast((start) => start <= at)!;
    // The leader epoch of a batch is what no checksum covers.
    if (at - own >= 12 && at - own < 16) continue;
    for (const bit of [1, 0x80]) {
      const damaged = bytes.slice();
      damaged[at]! ^= bit;
      machine.put(path, damaged);
      const opened = tryOpen(machine);
      assert.ok(typeof opened === 'string', `byte ${at}`);
      assert.match(opened, /is damaged, and others follow it/);
      assert.equal(machine.contents(path).length, bytes.length);
    }
  }
});

test('an append that did not fit leaves nothing, and the next one takes its place', () => {
  const { machine } = written();
  const { log } = open(machine);
  const { position, nextOffset } = log;
  const { storage } = machine;
  storage.options = { ...storage.options, capacityBytes: storage.usedBytes + 40 };
  assert.match(log.append([topic('lost', topicId(60))], 1)!, /ENOSPC/);
  assert.deepEqual([log.position, log.nextOffset], [position, nextOffset]);
  assert.equal(machine.contents(path).length, position);
  storage.options = { ...storage.options, capacityBytes: Infinity };
  assert.equal(log.append([topic('kept', topicId(61))], 1), null);
  machine.crash(true);
  assert.deepEqual(open(machine).names, [...names(4), 'kept']);
});

test('after a sync that failed nothing is promised any more', () => {
  const { machine } = written();
  const { log } = open(machine);
  machine.storage.faults.arm({ operations: ['sync'], path, effect: { kind: 'error', code: 'EIO' } });
  assert.match(log.append([topic('lost', topicId(60))], 1)!, /EIO/);
  assert.match(log.append([topic('refused', topicId(61))], 1)!, /EIO.*nothing is written before a restart/);
  machine.restart();
  const found = open(machine).names;
  assert.ok(!found.includes('refused'));
});

test('a thread that follows applies what is committed, and no more', () => {
  const machine = new LogMachine(3);
  const { log } = open(machine);
  const watermark = new MetadataWatermark(new SharedArrayBuffer(METADATA_WATERMARK_BYTES));
  const { image } = imageWithColumns();
  const changes = new NotedChanges();
  const follower = new MetadataFollower(machine.disk, log.path, watermark, image, simKernels);
  assert.equal(follower.isBehind, true);
  assert.equal(follower.catchUp(changes), null);
  assert.equal(follower.isBehind, false);
  for (let number = 0; number < 5; number++) {
    assert.equal(log.append([topic(`topic-${number}`, topicId(number)), partition(topicId(number), 0)], 1), null);
    assert.equal(follower.isBehind, false);
    if (number % 2 === 0) {
      watermark.advance(log.position, log.nextOffset);
      assert.equal(follower.isBehind, true);
      assert.equal(follower.catchUp(changes), null);
      assert.equal(image.topicCount, number + 1);
    } else assert.equal(image.topicCount, number);
  }
});

test('a thread that follows stops at damage instead of guessing', () => {
  const { machine, bytes } = written();
  const damaged = bytes.slice();
  damaged[bytes.length - 3]! ^= 1;
  machine.put(path, damaged);
  const watermark = new MetadataWatermark(new SharedArrayBuffer(METADATA_WATERMARK_BYTES));
  watermark.advance(bytes.length, 12);
  const follower = new MetadataFollower(machine.disk, path, watermark, imageWithColumns().image, simKernels);
  assert.match(follower.catchUp(new NotedChanges())!, /corrupt at/);
  watermark.advance(bytes.length + 5, 13);
  const another = new MetadataFollower(machine.disk, path, watermark, imageWithColumns().image, simKernels);
  assert.match(another.catchUp(new NotedChanges())!, /ends before the committed position/);
});

test('the watermark holds positions above 2^32, and tells that it moved', () => {
  const memory = new SharedArrayBuffer(METADATA_WATERMARK_BYTES);
  const [writer, reader] = [new MetadataWatermark(memory), new MetadataWatermark(memory)];
  let version = reader.version;
  for (const position of [0, 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 40 + 12345]) {
    writer.advance(position, position);
    assert.equal(reader.position(), position);
    assert.notEqual(reader.version, version);
    version = reader.version;
  }
  // As it is while control is storing.
  const words = new Int32Array(memory);
  words[0]! += 1;
  assert.equal(reader.position(), -1);
  assert.equal(reader.version, version);
});
