/**
 * The other thread of stress.test.ts: runs the role that it is given until it is done, then posts what it saw. Roles
 * spin instead of sleeping unless sleeping is what they test.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { Channel } from '../../src/shared-memory/channel.ts';
import type { ChannelHandler } from '../../src/shared-memory/channel.ts';
import { ConnectionLimits } from '../../src/shared-memory/connection_limits.ts';
import { Doorbell } from '../../src/shared-memory/doorbell.ts';
import { IndexTailWriter } from '../../src/shared-memory/index_tail.ts';
import { Notices } from '../../src/shared-memory/notices.ts';
import { PartitionColumnsWriter } from '../../src/shared-memory/partition_columns.ts';
import { PartitionTable, replicaState } from '../../src/shared-memory/partition_table.ts';
import { SegmentEntry, SegmentHeap, SegmentListWriter } from '../../src/shared-memory/segment_lists.ts';
import { FollowerTable } from '../../src/shared-memory/follower_table.ts';
import { valuesOf } from './partition_values.ts';
import {
  countConnections,
  fillPayload,
  isIntact,
  listensTo,
  NodeThreads,
  stressPartitions,
  stressPayloadMax,
} from './stress_setup.ts';
import type { StressData } from './stress_setup.ts';

const data = workerData as StressData;
const go = new Int32Array(data.go);

const roles: Record<string, () => unknown> = {
  /** Writes a row whose fields all say the same, and lists, tails and followers that fit it. */
  rowWriter() {
    const table = new PartitionTable(data.rows);
    const row = table.row(0);
    row.state = replicaState.leader;
    row.owner = 1;
    row.publish();
    const heap = new SegmentHeap(data.segments);
    const lists = new SegmentListWriter(heap, row);
    const other = new SegmentListWriter(heap, table.row(1));
    const followers = new FollowerTable(data.followers);
    const tail = new IndexTailWriter(data.tails, 0);
    const entry = new SegmentEntry();
    tail.begin(0, 0, 0);
    let base = 0;
    let relative = 0;
    let writes = 0;
    while (Atomics.load(go, 0) === 0) {
      writes++;
      row.logEndOffset = writes * 0x1_0000_0001;
      row.highWatermark = writes * 0x1_0000_0001;
      row.lastStableOffset = writes * 0x1_0000_0001;
      row.activeSegmentBytes = writes;
      if (writes % 3 === 0) row.leaderEpoch = writes;
      row.publish();
      // The generation of an entry follows from its base offset, in both logs: a mixture shows.
      entry.baseOffset = writes * 2;
      entry.generation = (writes * 2) ^ 0x5555;
      if (lists.count > 6) lists.replaceAll([entry]);
      else lists.append(entry);
      entry.baseOffset++;
      entry.generation = 1;
      if (other.count > 3) other.close();
      other.append(entry);
      followers.write(0, writes & 7, writes, writes * 3, writes * 5, writes * 7);
      if (writes % 5000 === 0) {
        base++;
        relative = 0;
        tail.begin(base * 1000, 0, 0);
      }
      relative += 2;
      while (!tail.addOffset(relative, relative * 3 + base)) tail.filed(300, 0);
      while (!tail.addTime(relative * 0x1_0000_0001, relative)) tail.filed(0, 200);
      if (writes % 7 === 0) {
        relative = Math.max(0, relative - 6);
        tail.truncate(relative, 0, 0);
      }
    }
    return writes;
  },

  /** Writes columns whose fields and lists all follow from one number, and clears some. */
  columnWriter() {
    const writer = new PartitionColumnsWriter(data.columns, data.idLists, stressPartitions);
    let writes = 0;
    while (Atomics.load(go, 0) === 0) {
      writes++;
      const slot = writes % stressPartitions;
      if (writes % 11 === 0) writer.clear(slot);
      else writer.write(slot, Int32Array.of(writes, writes, writes, writes), writes, valuesOf(writes));
    }
    return writes;
  },

  /** Counts connections of few addresses up and down. */
  connections() {
    const limits = new ConnectionLimits(data.limits, 1, 64);
    return countConnections(limits, data.rounds);
  },

  /** Posts notices for slots, and puts a number for each where the taker finds it. */
  poster() {
    const bell = new Doorbell(data.bells, new NodeThreads(1));
    const notices = new Notices(data.notices, 5000, 1, bell);
    const numbers = new Int32Array(data.numbers);
    for (let number = 1; number <= data.rounds; number++) {
      const slot = (number * 7919) % 5000;
      Atomics.store(numbers, slot, number);
      notices.post(0, slot);
      if (number % 16 === 0) notices.flush();
      if (number % 4096 === 0) pause(1);
    }
    notices.flush();
    return bell.notified;
  },

  /** Answers every request, sleeping whenever there is none, until told to end. */
  answerer() {
    const bell = new Doorbell(data.bells, new NodeThreads(1));
    const { incoming, outgoing } = listensTo(data, 1);
    const channel = new Channel(0, { incoming, outgoing, payloadMax: stressPayloadMax }, bell);
    let spoilt = 0;
    let requests = 0;
    let messages = 0;
    const handler: ChannelHandler = {
      request(_peer, kind, correlation, view, start, length) {
        if (!isIntact(view, start, length)) spoilt++;
        if (kind === 2) {
          if (view.getInt32(start, true) !== messages++) spoilt++;
          return;
        }
        requests++;
        const answerLength = view.getInt32(start, true) % (stressPayloadMax + 1);
        fillPayload(channel.view, channel.answer(correlation, answerLength), answerLength, length);
      },
      answer() {
        spoilt++;
      },
      creditReturned() {},
    };
    const turn = (): void => {
      for (;;) {
        bell.disarm();
        channel.drain(3, handler);
        channel.flush();
        if (requests + messages >= data.rounds) {
          parentPort!.postMessage({ spoilt, requests, messages });
          return;
        }
        // A slow consumer now and then: the rings fill up.
        if ((requests + messages) % 997 === 0) pause(0.2);
        if (bell.arm(() => channel.hasWork(), turn)) return;
      }
    };
    turn();
    return undefined;
  },
};

/** Keeps the thread busy. */
function pause(milliseconds: number): void {
  const until = performance.now() + milliseconds;
  while (performance.now() < until);
}

const result = roles[data.role]!();
if (result !== undefined) parentPort!.postMessage(result);
