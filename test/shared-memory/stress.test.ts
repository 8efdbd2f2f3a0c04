/**
 * Two real threads on the same memory: what one loop and one memory order can't show. RELIABILITY row 51 (ring full,
 * consumer slow; wrap at 2^32): back-pressure, no overwrite, no lost wake-up.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Channel } from '../../src/shared-memory/channel.ts';
import type { ChannelHandler } from '../../src/shared-memory/channel.ts';
import { ConnectionLimits } from '../../src/shared-memory/connection_limits.ts';
import { Doorbell } from '../../src/shared-memory/doorbell.ts';
import { FollowerSnapshot, FollowerTable } from '../../src/shared-memory/follower_table.ts';
import { IndexTailReader } from '../../src/shared-memory/index_tail.ts';
import { Notices } from '../../src/shared-memory/notices.ts';
import { PartitionColumns, PartitionState } from '../../src/shared-memory/partition_columns.ts';
import { PartitionTable, RowSnapshot } from '../../src/shared-memory/partition_table.ts';
import { SegmentEntry, SegmentListReader } from '../../src/shared-memory/segment_lists.ts';
import { valuesIn, valuesOf } from './partition_values.ts';
import {
  countConnections,
  fillPayload,
  isIntact,
  listensTo,
  NodeThreads,
  startRole,
  stressData,
  stressPartitions,
  stressPayloadMax,
} from './stress_setup.ts';

test('row 51: requests and messages through rings of two, over 2^32, with sleepers on both sides', async (context) => {
  const rounds = 40_000;
  const data = stressData('answerer', rounds);
  const result = startRole(context, data);
  const bell = new Doorbell(data.bells, new NodeThreads(0));
  const { incoming, outgoing } = listensTo(data, 0);
  const channel = new Channel(1, { incoming, outgoing, payloadMax: stressPayloadMax }, bell);
  let sent = 0;
  let requests = 0;
  let messages = 0;
  let answered = 0;
  let spoilt = 0;
  let refused = 0;
  const wanted = new Map<number, number>();
  const handler: ChannelHandler = {
    request: () => assert.fail('nobody asks'),
    answer(_peer, tag, kind, view, start, length) {
      if (kind !== 1 || length !== wanted.get(tag) || (length >= 4 && !isIntact(view, start, length))) spoilt++;
      wanted.delete(tag);
      answered++;
    },
    creditReturned() {},
  };
  const sendOne = (): boolean => {
    const length = 4 + (sent % (stressPayloadMax - 3));
    if (sent % 4 === 3) {
      const position = channel.send(2, length);
      if (position < 0) return false;
      fillPayload(channel.view, position, length, messages++);
    } else {
      const answerLength = (sent * 13) % (stressPayloadMax + 1);
      const position = channel.request(1, sent, length, stressPayloadMax);
      if (position < 0) return false;
      fillPayload(channel.view, position, length, answerLength);
      wanted.set(sent, answerLength);
      requests++;
    }
    sent++;
    return true;
  };
  await new Promise<void>((resolve) => {
    const turn = (): void => {
      for (;;) {
        bell.disarm();
        channel.drain(2, handler);
        while (sent < rounds && sendOne());
        if (sent < rounds) refused++;
        channel.flush();
        if (sent === rounds && answered === requests) {
          resolve();
          return;
        }
        if (bell.arm(() => channel.hasWork(), turn)) return;
      }
    };
    turn();
  });
  assert.deepEqual(await result, { spoilt: 0, requests, messages });
  assert.equal(spoilt, 0);
  assert.equal(wanted.size, 0);
  assert.ok(refused > 0, 'the ring was full at times');
});

test('I4: rows, lists, tails and followers are never read torn', async (context) => {
  const data = stressData('rowWriter', 0);
  const result = startRole(context, data);
  const table = new PartitionTable(data.rows);
  const lists = new SegmentListReader([data.segments]);
  const followers = new FollowerTable(data.followers);
  const tails = new IndexTailReader(data.tails);
  const snapshot = new RowSnapshot();
  const entry = new SegmentEntry();
  const follower = new FollowerSnapshot();
  const unit = 0x1_0000_0001;
  let latest = 0;
  let read = 0;
  let overtaken = 0;
  const seen = { lists: 0, tails: 0, followers: 0 };
  const until = performance.now() + 5000;
  while (read < 200_000 && performance.now() < until) {
    if (!table.snapshot(0, snapshot)) continue;
    read++;
    const writes = snapshot.logEndOffset / unit;
    assert.equal(snapshot.highWatermark, writes * unit);
    assert.equal(snapshot.lastStableOffset, writes * unit);
    assert.equal(snapshot.activeSegmentBytes, writes);
    if (writes >= 3) assert.equal(snapshot.leaderEpoch, writes - (writes % 3));
    assert.ok(writes >= latest, 'what is seen does not go back');
    latest = writes;
    if (snapshot.segmentCount > 0) {
      const index = lists.floor(snapshot, Infinity);
      let entryIsSound = false;
      if (index >= 0) {
        lists.read(snapshot, index, entry);
        entryIsSound = entry.generation === (entry.baseOffset ^ 0x5555) && index === snapshot.segmentCount - 1;
      }
      if (table.hasSameSegments(snapshot)) {
        assert.ok(entryIsSound, 'an entry of this log');
        seen.lists++;
      } else {
        overtaken++;
      }
    }
    if (tails.floorOffset(0, (read * 37) % 10_000)) {
      assert.ok(tails.relativeOffset <= (read * 37) % 10_000);
      assert.equal(tails.position, tails.relativeOffset * 3 + tails.baseOffset / 1000);
      seen.tails++;
    }
    if (tails.floorTime(0, ((read * 37) % 10_000) * unit)) {
      assert.equal(tails.timestamp, tails.relativeOffset * unit);
    }
    if (followers.read(0, read & 7, follower) && follower.nodeId > 0) {
      assert.equal(follower.logEndOffset, follower.nodeId * 3);
      assert.equal(follower.lastFetchMs, follower.nodeId * 5);
      assert.equal(follower.lastCaughtUpMs, follower.nodeId * 7);
      seen.followers++;
    }
  }
  Atomics.store(new Int32Array(data.go), 0, 1);
  assert.ok(((await result) as number) > 1000, 'the writer wrote all the while');
  assert.ok(latest > 0 && overtaken > 0, 'reader and writer met');
  assert.ok(seen.lists > 0 && seen.tails > 0 && seen.followers > 0);
});

test('I4: what is known of a partition is never read torn, nor its lists', async (context) => {
  const data = stressData('columnWriter', 0);
  const result = startRole(context, data);
  const columns = new PartitionColumns(data.columns, data.idLists, stressPartitions);
  const state = new PartitionState();
  const latest = new Int32Array(stressPartitions);
  let read = 0;
  let moved = 0;
  const until = performance.now() + 5000;
  while (read < 100_000 && performance.now() < until) {
    const slot = read % stressPartitions;
    const { version } = state;
    const isThere = columns.read(slot, state);
    if (state.version === 0) continue;
    read++;
    if (state.version !== version) moved++;
    if (!isThere) continue;
    const number = state.leader;
    assert.deepEqual(valuesIn(state), valuesOf(number));
    assert.ok(state.isOf(Int32Array.of(number, number, number, number), number), 'of one partition');
    assert.ok(number >= latest[slot]!, 'what is seen does not go back');
    latest[slot] = number;
  }
  Atomics.store(new Int32Array(data.go), 0, 1);
  assert.ok(((await result) as number) > 1000, 'the writer wrote all the while');
  assert.ok(moved > 1000, 'reader and writer met');
});

test('notices wake the sleeper, who finds what it was told of', async (context) => {
  const rounds = 100_000;
  const data = stressData('poster', rounds);
  const result = startRole(context, data);
  const bell = new Doorbell(data.bells, new NodeThreads(0));
  const notices = new Notices(data.notices, 5000, 0, bell);
  const numbers = new Int32Array(data.numbers);
  const taken = new Int32Array(5000);
  const last = new Int32Array(5000);
  for (let number = 1; number <= rounds; number++) last[(number * 7919) % 5000] = number;
  const isComplete = (): boolean => taken.every((number, slot) => number === last[slot]);
  await new Promise<void>((resolve) => {
    const turn = (): void => {
      for (;;) {
        bell.disarm();
        notices.take((slot) => (taken[slot] = Atomics.load(numbers, slot)));
        if (isComplete()) {
          resolve();
          return;
        }
        if (bell.arm(() => notices.hasWork(), turn)) return;
      }
    };
    turn();
  });
  assert.ok(((await result) as number) >= 0);
});

test('connections of the same addresses, counted by two threads, come to nothing in the end', async (context) => {
  const data = stressData('connections', 100_000);
  const result = startRole(context, data);
  const limits = new ConnectionLimits(data.limits, 1, 64);
  assert.ok(countConnections(limits, data.rounds) >= 0, 'the cap held');
  assert.ok(((await result) as number) >= 0, 'the cap held there too');
  assert.equal(limits.total, 0);
  for (let address = 0; address < 5; address++) assert.equal(limits.ofAddress(address), 0);
});
