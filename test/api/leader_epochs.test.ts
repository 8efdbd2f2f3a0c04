/** What a partition that had several leaders answers: ListOffsets tells epochs, Fetch where two logs part. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ByteReader } from '../../src/base/bytes.ts';
import { codecOf } from '../../src/protocol/codec.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import { fetchRequest, fetchResponse } from '../../src/protocol/schema/01_fetch.ts';
import { listOffsetsRequest, listOffsetsResponse } from '../../src/protocol/schema/02_list_offsets.ts';
import { decodeText } from '../metadata/metadata_fixture.ts';
import { frameOf, HERE, SmallShard, TOPIC } from '../shard/small_shard.ts';

const START = 5;
const STABLE = 8;
const WATERMARK = 9;
const END = 12;

/** Its first partition: epoch 0 up to offset 4, 2 up to 7, and 4 to the end; the log begins at 5. */
function shard(): SmallShard {
  const small = new SmallShard();
  const row = small.memory.table.row(HERE);
  row.leaderEpoch = 4;
  row.logStartOffset = START;
  row.localLogStartOffset = START;
  row.lastStableOffset = STABLE;
  row.highWatermark = WATERMARK;
  row.logEndOffset = END;
  row.publish();
  const { leaderEpochs } = small.ownLog;
  small.ownLog.logEndOffset = END;
  leaderEpochs.assign(0, 0);
  leaderEpochs.assign(2, 4);
  leaderEpochs.assign(4, 7);
  return small;
}

/** The body of the one answer, or null while there is none. */
function ask(small: SmallShard, frame: Uint8Array, headerBytes: number): ByteReader | null {
  const socket = small.connect();
  socket.deliver(frame);
  small.settle();
  const sent = socket.takeSent();
  return sent.length === 0 ? null : new ByteReader(decodeText).resetTo(sent.subarray(headerBytes));
}

suite('ListOffsets', () => {
  const flexibleFrom = 6;

  function listed(timestamp: number, version: number, isolationLevel = 0): unknown[] {
    const partition = { partitionIndex: HERE, timestamp: BigInt(timestamp) };
    const frame = frameOf(listOffsetsRequest, version, 3, {
      replicaId: -1,
      isolationLevel: version >= 2 ? isolationLevel : 0,
      topics: [{ name: TOPIC, partitions: [partition] }],
    });
    const reader = ask(shard(), frame, version >= flexibleFrom ? 9 : 8)!;
    const {
      errorCode,
      offset,
      leaderEpoch,
      timestamp: found,
    } = codecOf(listOffsetsResponse).decode(reader, version)!.topics[0]!.partitions[0]!;
    assert.equal(found, -1);
    return [errorCode, offset, leaderEpoch];
  }

  test('tells the epoch of the first offset, and the leader’s for the end, from version 4 on', () => {
    for (let version = 1; version <= 11; version++) {
      const known = version >= 4;
      assert.deepEqual(listed(-2, version), [ErrorCode.NONE, START, known ? 2 : -1], `earliest, version ${version}`);
      assert.deepEqual(listed(-1, version), [ErrorCode.NONE, WATERMARK, known ? 4 : -1], `latest, version ${version}`);
      const committed = version >= 2 ? STABLE : WATERMARK;
      assert.deepEqual(listed(-1, version, 1), [ErrorCode.NONE, committed, known ? 4 : -1]);
    }
  });

  test('knows each special timestamp from its version on', () => {
    const unsupported = [ErrorCode.UNSUPPORTED_VERSION, -1, -1];
    for (let version = 1; version <= 11; version++) {
      const from = (first: number, told: unknown[]): unknown[] => (version >= first ? told : unsupported);
      assert.deepEqual(listed(-4, version), from(8, [ErrorCode.NONE, START, 2]), `earliest local, ${version}`);
      assert.deepEqual(listed(-5, version), from(9, [ErrorCode.NONE, -1, -1]), `latest tiered, ${version}`);
      assert.deepEqual(listed(-6, version), from(11, [ErrorCode.NONE, -1, -1]), `earliest pending upload, ${version}`);
      for (const timestamp of [-7, -100]) assert.deepEqual(listed(timestamp, version), unsupported);
      if (version < 7) assert.deepEqual(listed(-3, version), unsupported);
    }
  });
});

suite('Fetch with the epoch that was fetched last (KIP-595)', () => {
  interface Told {
    readonly errorCode: number;
    readonly diverging: readonly number[] | null;
    readonly watermark: number;
  }

  /** At once, or null. */
  function fetched(small: SmallShard, lastFetchedEpoch: number, fetchOffset: number, version = 17): Told | null {
    const partition = { partition: HERE, fetchOffset, lastFetchedEpoch, partitionMaxBytes: 1000 };
    const topic = version >= 13 ? { topicId: small.image.topicByName(TOPIC)!.id } : { topic: TOPIC };
    const frame = frameOf(fetchRequest, version, 3, {
      maxWaitMs: 500,
      minBytes: 1,
      sessionEpoch: -1,
      topics: [{ ...topic, partitions: [partition] }],
      forgottenTopicsData: [],
    });
    const reader = ask(small, frame, 9);
    if (reader === null) return null;
    const { errorCode, divergingEpoch, highWatermark } = codecOf(fetchResponse).decode(reader, version)!.responses[0]!
      .partitions[0]!;
    const { epoch, endOffset } = divergingEpoch;
    return { errorCode, diverging: epoch < 0 ? null : [epoch, endOffset], watermark: highWatermark };
  }

  const diverges = (epoch: number, endOffset: number): Told => ({
    errorCode: ErrorCode.NONE,
    diverging: [epoch, endOffset],
    watermark: WATERMARK,
  });
  const outOfRange: Told = { errorCode: ErrorCode.OFFSET_OUT_OF_RANGE, diverging: null, watermark: -1 };

  test('is told at once where the logs part', () => {
    for (const version of [12, 17]) {
      assert.deepEqual(fetched(shard(), 4, 13, version), diverges(4, 12), 'beyond the end, in the leader’s epoch');
      assert.deepEqual(fetched(shard(), 2, 8, version), diverges(2, 7), 'beyond the end of an epoch');
      assert.deepEqual(fetched(shard(), 3, 7, version), diverges(2, 7), 'an epoch that this log does not have');
      assert.deepEqual(fetched(shard(), 1, 6, version), diverges(0, 4), 'an epoch that ended below the start');
    }
  });

  test('is told nothing where they agree', () => {
    assert.equal(fetched(shard(), 4, 12), null, 'it waits for more');
    assert.equal(fetched(shard(), 4, WATERMARK), null);
  });

  test('is out of range below the start, behind an epoch to come, and beyond the end without an epoch', () => {
    assert.deepEqual(fetched(shard(), 2, 4), outOfRange);
    assert.deepEqual(fetched(shard(), 4, 4), outOfRange);
    assert.deepEqual(fetched(shard(), 5, 9), outOfRange);
    assert.deepEqual(fetched(shard(), -1, 13), outOfRange);
  });

  test('leaves nothing behind when its connection goes', () => {
    const small = shard();
    assert.equal(fetched(small, 4, 12), null);
    assert.deepEqual(fetched(small, 2, 8), diverges(2, 7));
    small.nowMs += 501;
    small.settle();
    small.assertIdle();
  });
});
