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

/** The rules as Kafka has them: each session says when it was touched last whether it may be driven out, and by whom. */
class NaiveCache {
  sessions: {
    id: number;
    size: number;
    isPrivileged: boolean;
    createdMs: number;
    lastUsedMs: number;
    yieldsTo: 'nobody' | 'followers' | 'all';
  }[] = [];

  touch(id: number, size: number, nowMs: number): void {
    const session = this.sessions.find((one) => one.id === id)!;
    Object.assign(session, { size, lastUsedMs: nowMs });
    if (nowMs - session.createdMs > 2 * MINUTE) session.yieldsTo = 'all';
    else session.yieldsTo = session.isPrivileged ? 'nobody' : 'followers';
    this.sessions = [...this.sessions.filter((one) => one !== session), session];
  }

  /** The id of the session whose place it took, 0 when there was room, null when there is none. */
  create(id: number, size: number, isPrivileged: boolean, nowMs: number, slots: number): number | null {
    let gone = 0;
    if (this.sessions.length >= slots) {
      const stale = this.sessions[0]!;
      const open = this.sessions.filter(
        ({ yieldsTo }) => yieldsTo === 'all' || (isPrivileged && yieldsTo !== 'nobody'),
      );
      const [least] = open.toSorted((a, b) => Number(a.isPrivileged) - Number(b.isPrivileged) || a.size - b.size);
      const isWorth = least !== undefined && (isPrivileged === least.isPrivileged ? size > least.size : isPrivileged);
      if (nowMs - stale.lastUsedMs > 2 * MINUTE) gone = stale.id;
      else if (isWorth) gone = least.id;
      else return null;
      this.remove(gone);
    }
    this.sessions.push({ id, size, isPrivileged, createdMs: nowMs, lastUsedMs: nowMs, yieldsTo: 'nobody' });
    this.touch(id, size, nowMs);
    return gone;
  }

  remove(id: number): void {
    this.sessions = this.sessions.filter((one) => one.id !== id);
  }
}

test('sessions give way to each other as the rules say, whatever comes in whatever order (row 31)', () => {
  const step = fc.record({
    kind: fc.constantFrom('create', 'create', 'touch', 'touch', 'remove'),
    which: fc.nat(5),
    isPrivileged: fc.boolean(),
    waitMs: fc.constantFrom(0, 1, MINUTE, 2 * MINUTE, 2 * MINUTE + 1),
  });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4 }), fc.array(step, { maxLength: 40 }), (slots, steps) => {
      const cache = cacheOf(slots);
      const model = new NaiveCache();
      let nowMs = 0;
      /** No two of one size, so that there is always one least. */
      let size = 1;
      for (const { kind, which, isPrivileged, waitMs } of steps) {
        nowMs += waitMs;
        const one = model.sessions[which % Math.max(1, model.sessions.length)];
        if (kind === 'create') {
          // Now one smaller than all, now one larger.
          size = which % 2 === 0 ? 500 - model.sessions.length - (nowMs % 7) - (size % 50) : size + 1;
          size = Math.max(1, Math.min(size, 600));
          while (model.sessions.some((other) => other.size === size)) size++;
          const before = model.sessions.map(({ id }) => id);
          const made = make(cache, size, nowMs, isPrivileged);
          const gone = model.create(made?.id ?? -1, size, isPrivileged, nowMs, slots);
          assert.equal(made !== null, gone !== null);
          for (const id of before) assert.equal(cache.get(id) !== null, id !== gone, `session ${id}`);
        } else if (one !== undefined && kind === 'touch') {
          touch(cache, cache.get(one.id)!, nowMs);
          model.touch(one.id, one.size, nowMs);
        } else if (one !== undefined) {
          cache.remove(one.id);
          model.remove(one.id);
        }
        assert.equal(cache.count, model.sessions.length);
      }
    }),
    { numRuns: 400 },
  );
});

test('the epoch behind the largest is the first (row 31)', () => {
  const session = new FetchSession(1, true, false, 0);
  session.epoch = 0x7fff_ffff;
  assert.ok(session.isNext(0x7fff_ffff) && !session.isNext(-0x8000_0000) && !session.isNext(0));
  session.advanceEpoch();
  assert.ok(session.isNext(1) && !session.isNext(0) && !session.isNext(-0x8000_0000));
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
