import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FetchSession } from '../../src/api/fetch_session.ts';
import { FetchSessions, shareOfShard } from '../../src/api/fetch_sessions.ts';

const MINUTE = 60_000;

/** A cache with so many slots, whose sessions get the ids 1, 2, 3, … */
function cacheOf(slots: number): FetchSessions {
  let next = 0;
  return new FetchSessions({ slots, idMin: 1, idMax: 1_000_000 }, { fill: () => {}, uint32: () => next++ });
}

function make(cache: FetchSessions, size: number, nowMs: number, isPrivileged = false): FetchSession | null {
  return cache.create(size, true, isPrivileged, nowMs, (session) => {
    const topic = session.topicOfId(1, 2, 3, 4);
    for (let partition = 0; partition < size; partition++) session.put(topic, partition);
  });
}

const touch = (cache: FetchSessions, session: FetchSession, nowMs: number): void =>
  void cache.update(session, nowMs, () => {});

test('the shares of the shards are all slots of the node, and no id is of two shards', () => {
  for (const shards of [1, 2, 3, 7]) {
    const shares = Array.from({ length: shards }, (_, shard) => shareOfShard(1000, shards, shard));
    assert.equal(
      shares.reduce((sum, { slots }) => sum + slots, 0),
      1000,
    );
    let before = 0;
    for (const { idMin, idMax } of shares) {
      assert.equal(idMin, before + 1);
      assert.ok(idMax > idMin && idMax <= 0x7fff_ffff);
      before = idMax;
    }
  }
});

test('without slots there are no sessions', () => {
  assert.equal(make(cacheOf(0), 1, 0), null);
});

test('a session that was used within two minutes gives way to none of its size', () => {
  const cache = cacheOf(2);
  const old = make(cache, 3, 0)!;
  const other = make(cache, 4, 0)!;
  assert.equal(make(cache, 100, MINUTE), null, 'both are young');
  touch(cache, old, 2.5 * MINUTE);
  touch(cache, other, 2.5 * MINUTE);
  assert.equal(make(cache, 3, 3 * MINUTE), null, 'one of the same size is not larger');
  assert.notEqual(make(cache, 4, 3 * MINUTE), null, 'a larger one takes the place of the smallest');
  assert.equal(cache.get(old.id), null);
  assert.equal(cache.get(other.id), other);
  assert.equal(cache.count, 2);
});

test('a session that was not used for two minutes gives way to any', () => {
  const cache = cacheOf(2);
  const idle = make(cache, 50, 0)!;
  const used = make(cache, 1, 0)!;
  touch(cache, used, 2 * MINUTE);
  assert.notEqual(make(cache, 1, 2 * MINUTE + 1), null);
  assert.equal(cache.get(idle.id), null);
  assert.equal(cache.get(used.id), used);
});

test('a follower takes the place of any consumer, and a consumer never that of a follower who is used', () => {
  const cache = cacheOf(1);
  make(cache, 90, 0);
  const follower = make(cache, 1, 0, true)!;
  assert.notEqual(follower, null);
  assert.equal(make(cache, 2, MINUTE, true), null, 'a young follower stays');
  touch(cache, follower, 3 * MINUTE);
  assert.equal(make(cache, 90, 3 * MINUTE), null);
  assert.notEqual(make(cache, 2, 3 * MINUTE, true), null, 'a larger follower takes the place of an old one');
});

test('sessions hold a bounded amount of memory, whatever clients put into them', () => {
  const cache = cacheOf(10_000);
  const session = make(cache, 1, 0)!;
  let isKept = true;
  let partitions = 0;
  while (isKept && partitions < 2_000_000) {
    isKept = cache.update(session, 0, (changed) => {
      const topic = changed.topicOfId(1, 2, 3, 4);
      for (let index = 0; index < 100_000; index++) changed.put(topic, partitions++);
    });
  }
  assert.ok(!isKept && partitions <= 900_000, `${partitions} partitions`);
  assert.equal(cache.get(session.id), null, 'it is gone, and its client begins anew');
  assert.notEqual(make(cache, 1, 0), null, 'with its memory');
});

test('a session has what was put and not forgotten, in the order of reading, as a model says', () => {
  const step = fc.record({
    kind: fc.constantFrom('put', 'put', 'put', 'forget', 'move'),
    topic: fc.integer({ min: 0, max: 3 }),
    partition: fc.integer({ min: 0, max: 4 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const session = new FetchSession(1, true, false, 0);
      let model: string[] = [];
      for (const { kind, topic: number, partition } of steps) {
        const topic = session.topicOfId(number, 0, 0, 0);
        const name = `${number}/${partition}`;
        if (kind === 'put') {
          session.put(topic, partition);
          if (!model.includes(name)) model.push(name);
        } else if (kind === 'forget') {
          session.forget(topic, partition);
          model = model.filter((one) => one !== name);
        } else {
          const known = topic.partitions.get(partition);
          if (known !== undefined) {
            session.moveToEnd(known);
            model = [...model.filter((one) => one !== name), name];
          }
        }
        session.dropIfEmpty(topic);
      }
      const found: string[] = [];
      for (let at = session.first; at !== null; at = at.next) found.push(`${at.topic.idWords[0]}/${at.partitionIndex}`);
      assert.deepEqual(found, model);
      assert.equal(session.size, model.length);
      for (let at = session.first; at !== null; at = session.first) session.forget(at.topic, at.partitionIndex);
      assert.equal(session.size, 0);
    }),
  );
});

test('names that are no text stay apart', () => {
  const session = new FetchSession(1, false, false, 0);
  const first = session.topicOfName(Uint8Array.of(0, 0xff, 0), 1, 2);
  assert.notEqual(session.topicOfName(Uint8Array.of(0xfe), 0, 1), first);
  assert.equal(session.topicOfName(Uint8Array.of(0xff), 0, 1), first);
  assert.deepEqual(first.nameBytes, Uint8Array.of(0xff));
});
