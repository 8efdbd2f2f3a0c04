import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { uuidOfWords } from '../../src/base/uuid.ts';
import { TopicImage } from '../../src/metadata/topic_image.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import { splitAnswers } from '../shard/small_shard.ts';
import { BATCH_BYTES, FetchMachine, nameOf, PARTITIONS, slotOf, told, TOPICS, type Asked } from './fetch_machine.ts';

const MAX_WAIT_MS = 500;

const place = fc.record({ topic: fc.nat(TOPICS.length - 1), partition: fc.nat(PARTITIONS) });
const asking = fc.array(fc.record({ topic: fc.nat(1), partition: fc.nat(PARTITIONS), fetchOffset: fc.nat(4) }), {
  maxLength: 4,
});

test('a session tells what is new of what is in it, in every version that has sessions (row 31)', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('fetch' as const), asked: asking, forgotten: fc.array(place, { maxLength: 2 }) }),
    fc.record({ kind: fc.constant('grow' as const), at: place }),
    fc.record({ kind: fc.constantFrom('old epoch' as const, 'early epoch' as const) }),
  );
  fc.assert(
    fc.property(
      fc.integer({ min: 7, max: 18 }),
      fc.array(fc.record({ topic: fc.nat(1), partition: fc.nat(PARTITIONS), fetchOffset: fc.nat(4) }), {
        minLength: 1,
        maxLength: 6,
      }),
      fc.array(step, { maxLength: 25 }),
      (version, first, steps) => {
        const machine = new FetchMachine(version);
        // By partition: where the client reads, and the watermark that it was told.
        const ends = new Map<string, number>();
        let members = new Map<string, { topic: number; partition: number; fetchOffset: number; told: number }>();
        /** What a full or incremental answer says now; updates the model. */
        const answerOf = (isFull: boolean): unknown[] => {
          const lines: unknown[] = [];
          const moved: string[] = [];
          for (const [name, member] of members) {
            const isThere = member.partition < PARTITIONS;
            const end = ends.get(name) ?? 0;
            const isBeyond = member.fetchOffset > end;
            const error = !isThere
              ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
              : isBeyond
                ? ErrorCode.OFFSET_OUT_OF_RANGE
                : ErrorCode.NONE;
            const watermark = error === ErrorCode.NONE ? end : -1;
            const bytes = error === ErrorCode.NONE && member.fetchOffset < end ? BATCH_BYTES : 0;
            const isNews = bytes > 0 || error !== ErrorCode.NONE || watermark !== member.told;
            if (isFull || isNews) lines.push([name, error, watermark, bytes]);
            if (bytes > 0) moved.push(name);
            member.told = watermark;
          }
          if (isFull) return lines;
          for (const name of moved) {
            const member = members.get(name)!;
            members.delete(name);
            members.set(name, member);
          }
          return lines;
        };
        const put = ({ topic, partition, fetchOffset }: Asked): void => {
          const name = nameOf(topic, partition);
          const known = members.get(name);
          if (known === undefined) members.set(name, { topic, partition, fetchOffset, told: -2 });
          else known.fetchOffset = fetchOffset;
        };
        const distinct = [...new Map(first.map((one) => [nameOf(one.topic, one.partition), one])).values()];
        distinct.forEach(put);
        const opened = machine.fetch({ id: 0, epoch: 0 }, distinct)!;
        assert.ok(opened.sessionId > 0);
        assert.deepEqual(told(opened), answerOf(true));
        let epoch = 1;
        for (const taken of steps) {
          if (taken.kind === 'grow') {
            const { topic, partition } = taken.at;
            if (partition === PARTITIONS) continue;
            const end = (ends.get(nameOf(topic, partition)) ?? 0) + 1;
            ends.set(nameOf(topic, partition), end);
            machine.shard.moveWatermark(slotOf(topic, partition), end);
          } else if (taken.kind === 'fetch') {
            const forgotten = taken.forgotten.map((one) => ({ ...one, fetchOffset: 0 }));
            const answer = machine.fetch({ id: opened.sessionId, epoch }, taken.asked, forgotten)!;
            taken.asked.forEach(put);
            for (const { topic, partition } of forgotten) members.delete(nameOf(topic, partition));
            if (members.size === 0) {
              assert.deepEqual([answer.errorCode, answer.sessionId, answer.responses], [ErrorCode.NONE, 0, []]);
              const gone = machine.fetch({ id: opened.sessionId, epoch: epoch + 1 }, [])!;
              assert.equal(gone.errorCode, ErrorCode.FETCH_SESSION_ID_NOT_FOUND);
              break;
            }
            assert.deepEqual([answer.errorCode, answer.sessionId], [ErrorCode.NONE, opened.sessionId]);
            assert.deepEqual(told(answer), answerOf(false));
            epoch++;
          } else {
            const wrong = taken.kind === 'old epoch' ? epoch - 1 : epoch + 1;
            if (wrong === 0) continue;
            const answer = machine.fetch({ id: opened.sessionId, epoch: wrong }, distinct)!;
            assert.equal(answer.errorCode, ErrorCode.INVALID_FETCH_SESSION_EPOCH);
            assert.deepEqual(answer.responses, []);
          }
        }
        members = new Map();
        machine.socket.close();
        machine.shard.assertIdle();
      },
    ),
    { numRuns: 150 },
  );
});

test('a session sees its topic go, and does not take another of its name for it', () => {
  const machine = new FetchMachine(17);
  const opened = machine.fetch({ id: 0, epoch: 0 }, [{ topic: 0, partition: 0, fetchOffset: 0 }])!;
  const { image } = machine.shard;
  const errorAt = (epoch: number): unknown =>
    (told(machine.fetch({ id: opened.sessionId, epoch }, [])!)[0] as unknown[])[1];
  const gone = image.topicByName(TOPICS[0]!)!;
  image.index.remove(gone);
  assert.equal(errorAt(1), ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  image.index.add(
    new TopicImage(gone.name, gone.nameBytes, uuidOfWords(9, 9, 9, 9), Int32Array.of(9, 9, 9, 9), new Map()),
  );
  assert.equal(errorAt(2), ErrorCode.INCONSISTENT_TOPIC_ID);
});

test('a session begun with ids takes no names', () => {
  const machine = new FetchMachine(17);
  const opened = machine.fetch({ id: 0, epoch: 0 }, [{ topic: 0, partition: 0, fetchOffset: 0 }])!;
  const older = new FetchMachine(12);
  Object.assign(older, { shard: machine.shard, socket: machine.socket });
  assert.equal(older.fetch({ id: opened.sessionId, epoch: 1 }, [])!.errorCode, ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR);
});

test('a full request ends the session that it names', () => {
  const machine = new FetchMachine(17);
  const asked = [{ topic: 0, partition: 0, fetchOffset: 0 }];
  for (const epoch of [-1, 0]) {
    const { sessionId: id } = machine.fetch({ id: 0, epoch: 0 }, asked)!;
    const answer = machine.fetch({ id, epoch }, asked)!;
    assert.equal(answer.errorCode, ErrorCode.NONE);
    assert.equal(answer.sessionId === 0, epoch === -1);
    assert.equal(machine.fetch({ id, epoch: 1 }, [])!.errorCode, ErrorCode.FETCH_SESSION_ID_NOT_FOUND);
  }
});

test('a fetch waits until all partitions together have min.bytes, each counted up to its own limit', () => {
  const partition = fc.record({
    bytes: fc.constantFrom(0, 0, 1, 50, 400),
    maxBytes: fc.constantFrom(0, 30, 400, 10_000),
    isKnown: fc.boolean(),
  });
  fc.assert(
    fc.property(
      fc.array(partition, { minLength: 1, maxLength: PARTITIONS }),
      fc.integer({ min: 0, max: 1500 }),
      fc.constantFrom(100, 700, 1_000_000),
      (partitions, minBytes, maxBytes) => {
        const machine = new FetchMachine(12);
        const asked = partitions.map((one, index) => {
          if (one.isKnown) machine.reader.bytesOf.set(slotOf(0, index), one.bytes);
          if (one.isKnown && one.bytes > 0) machine.shard.moveWatermark(slotOf(0, index), 1);
          return { topic: 0, partition: one.isKnown ? index : index + 100, fetchOffset: 0, maxBytes: one.maxBytes };
        });
        const known = partitions.filter(({ isKnown }) => isKnown);
        const there = known.reduce((sum, one) => sum + Math.min(one.bytes, Math.max(one.maxBytes, 1)), 0);
        // With a minimum of one byte nobody looks how much there is.
        const enough = minBytes <= 1 ? there >= minBytes : there >= Math.min(minBytes, maxBytes);
        const wanted = { minBytes, maxBytes, maxWaitMs: MAX_WAIT_MS };
        const answer = machine.fetch({ id: 0, epoch: -1 }, asked, [], wanted);
        assert.equal(answer !== null, known.length === 0 || enough);
        machine.shard.nowMs += MAX_WAIT_MS;
        machine.shard.settle();
        assert.equal(machine.takeAnswer() !== null, answer === null, 'it is answered once');
        machine.socket.close();
        machine.shard.assertIdle();
      },
    ),
    { numRuns: 300 },
  );
});

test('pipelined fetches are read in one turn, but a large answer leaves before the next is read', () => {
  for (const [bytes, writes] of [
    [10_000, 1],
    [200_000, 4],
  ] as const) {
    const machine = new FetchMachine(12);
    const { shard, reader, socket } = machine;
    const slot = slotOf(0, 0);
    reader.bytesOf.set(slot, bytes);
    shard.moveWatermark(slot, 9);
    let takenMax = 0;
    reader.reading = () => (takenMax = Math.max(takenMax, shard.buffers.takenBytes));
    const asked = [{ topic: 0, partition: 0, fetchOffset: 0 }];
    for (let sent = 0; sent < 4; sent++) machine.send({ id: 0, epoch: -1 }, asked);
    shard.settle();
    assert.equal(socket.writes, writes, `${bytes} bytes each`);
    assert.equal(splitAnswers(socket.takeSent()).length, 4);
    assert.ok(takenMax < 2 * 262_144, `${takenMax} bytes of answers at once`);
    shard.assertIdle();
  }
});
