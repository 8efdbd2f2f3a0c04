/**
 * The real code of ring, doorbell, channel, notices and row under all interleavings of small programs (see
 * explorer.ts), and planted bugs that the same programs must show.
 *
 * RELIABILITY row 51 (ring full, consumer slow; wrap at 2^32): back-pressure, no overwrite, no lost wake-up. I1, I4.
 */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Channel } from '../../src/shared-memory/channel.ts';
import { ConnectionClaim, ConnectionLimits, limitsBytes } from '../../src/shared-memory/connection_limits.ts';
import { Doorbell, doorbellStride } from '../../src/shared-memory/doorbell.ts';
import { IndexTailReader, indexTailStride, IndexTailWriter } from '../../src/shared-memory/index_tail.ts';
import { Notices, noticesBytes } from '../../src/shared-memory/notices.ts';
import { PartitionTable, RowPlacement, RowSnapshot, rowStride } from '../../src/shared-memory/partition_table.ts';
import { RingReader, ringStride, RingWriter } from '../../src/shared-memory/ring.ts';
import { explore } from './explorer.ts';
import type { Exploration, ModelThread, Program, Scenario } from './explorer.ts';
import { startRingAt } from './ring_start.ts';

const justBelowWrap = 2 ** 32 - 32;

function mustHold(exploration: Exploration): void {
  assert.equal(exploration.failure, null);
  assert.ok(exploration.endings > 0, 'some interleaving ends');
}

function mustFail(exploration: Exploration, how: RegExp): void {
  assert.match(exploration.failure ?? 'nothing was found', how);
}

suite('ring and doorbell', () => {
  /** Thread 0 publishes two messages, one by one, and rings; thread 1 takes both and sleeps when there is none. */
  function scenario(
    makeBell: (memory: SharedArrayBuffer, thread: ModelThread) => Pick<Doorbell, 'arm' | 'disarm' | 'ring'>,
    makeWriter: (place: { memory: SharedArrayBuffer; start: number; ringBytes: number }) => RingWriter,
    ringFirst = false,
    otherEvents = 0,
  ): Scenario {
    const bells = new SharedArrayBuffer(2 * doorbellStride);
    const memory = new SharedArrayBuffer(ringStride(64));
    const place = { memory, start: 0, ringBytes: 64 };
    startRingAt(place, justBelowWrap);
    const producer: Program = (thread) => {
      const writer = makeWriter(place);
      const bell = makeBell(bells, thread);
      for (const value of [7, 8]) {
        const position = writer.begin(1, value, 4);
        assert.ok(position >= 0, 'two messages fit');
        writer.view.setInt32(position, value, true);
        if (ringFirst) bell.ring(1);
        writer.publish();
        if (!ringFirst) bell.ring(1);
      }
    };
    const consumer: Program = (thread) => {
      const reader = new RingReader(place);
      const bell = makeBell(bells, thread);
      const got: number[] = [];
      let events = otherEvents;
      const handler = {
        message: (_kind: number, correlation: number, _extra: number, start: number) =>
          got.push(correlation, reader.view.getInt32(start, true)),
      };
      while (got.length < 4) {
        bell.disarm();
        reader.drain(10, handler);
        const asleep =
          got.length < 4 &&
          bell.arm(
            () => !reader.isEmpty(),
            () => {},
          );
        if (asleep && events-- <= 0) thread.sleep();
      }
      return got;
    };
    return {
      buffers: [bells, memory],
      programs: [producer, consumer],
      plainAccesses: 'separate',
      check: (results) => assert.deepEqual(results[1], [7, 7, 8, 8]),
    };
  }

  const realBell = (memory: SharedArrayBuffer, thread: ModelThread): Doorbell => new Doorbell(memory, thread.port);
  const realWriter = (place: ConstructorParameters<typeof RingWriter>[0]): RingWriter => new RingWriter(place);

  test('row 51: every message arrives, in order, and no wake-up is lost', () => {
    mustHold(explore(scenario(realBell, realWriter)));
  });

  test('row 51: so it is when another event takes the consumer out of its sleep while its wait is pending', () => {
    mustHold(explore(scenario(realBell, realWriter, false, 1), 2));
  });

  test('planted: the flag is set after looking', () => {
    const lateFlag = (memory: SharedArrayBuffer, thread: ModelThread) => {
      const words = new Int32Array(memory);
      const own = (thread.port.self * doorbellStride) / 4;
      const real = new Doorbell(memory, thread.port);
      return {
        disarm: () => real.disarm(),
        ring: (to: number) => real.ring(to),
        arm: (hasWork: () => boolean, woken: () => void) => {
          if (hasWork()) return false;
          Atomics.store(words, own, 1);
          return thread.port.wait(words, own, 1, woken);
        },
      };
    };
    mustFail(explore(scenario(lateFlag, realWriter)), /nobody can go on/);
  });

  test('planted: the bell is rung before the message is published', () => {
    mustFail(explore(scenario(realBell, realWriter, true)), /nobody can go on/);
  });

  test('planted: the tail is published before the payload is written', () => {
    class PublishesEarly extends RingWriter {
      override begin(kind: number, correlation: number, payloadLength: number, extra = 0): number {
        const position = super.begin(kind, correlation, payloadLength, extra);
        super.publish();
        return position;
      }
    }
    mustFail(explore(scenario(realBell, (place) => new PublishesEarly(place))), /deep-equal/);
  });

  test('planted: the tail is a plain store, which may arrive before the payload', () => {
    class PublishesPlainly extends RingWriter {
      readonly #words: DataView;
      #tail: number;
      constructor(place: ConstructorParameters<typeof RingWriter>[0]) {
        super(place);
        this.#words = new DataView(place.memory, place.start);
        this.#tail = justBelowWrap;
      }
      override publish(): boolean {
        this.#tail += 32;
        this.#words.setInt32(0, this.#tail | 0, true);
        return true;
      }
    }
    const found = explore(scenario(realBell, (place) => new PublishesPlainly(place)));
    mustFail(found, /deep-equal/);
  });
});

suite('full ring', () => {
  /** Three messages through a ring that holds two: the producer tries until there is room. */
  function scenario(readsLater: boolean): Scenario {
    const memory = new SharedArrayBuffer(ringStride(64));
    const place = { memory, start: 0, ringBytes: 64 };
    startRingAt(place, justBelowWrap);
    const producer: Program = () => {
      const writer = new RingWriter(place);
      let refused = 0;
      for (let value = 1; value <= 3; value++) {
        const position = writer.begin(1, value, 4);
        if (position < 0) {
          // Once is enough: the interleavings in which it goes on trying are the same again.
          if (refused++ === 1) return;
          value--;
          continue;
        }
        writer.view.setInt32(position, value, true);
        writer.publish();
      }
    };
    const consumer: Program = () => {
      const reader = new RingReader(place);
      const got: number[] = [];
      let start = -1;
      const handler = {
        message: (_kind: number, _correlation: number, _extra: number, at: number) => {
          start = at;
          if (!readsLater) got.push(reader.view.getInt32(at, true));
        },
      };
      for (let round = 0; round < 3; round++) {
        if (reader.drain(1, handler) === 1 && readsLater) got.push(reader.view.getInt32(start, true));
      }
      return got;
    };
    return {
      buffers: [memory],
      programs: [producer, consumer],
      plainAccesses: 'separate',
      check: (results) => {
        const got = results[1] as number[];
        assert.deepEqual(got, [1, 2, 3].slice(0, got.length));
      },
    };
  }

  test('row 51: a full ring refuses, and nothing that is still read is overwritten', () => {
    mustHold(explore(scenario(false)));
  });

  test('planted: the bytes are given back before they are read', () => {
    mustFail(explore(scenario(true)), /deep-equal/);
  });
});

suite('channel', () => {
  /** Thread 0 sends messages where one fits at a time; it sleeps without credit. Thread 1 takes them. */
  function scenario(messages: number): Scenario {
    const ringBytes = 128;
    const bells = new SharedArrayBuffer(2 * doorbellStride);
    const memory = new SharedArrayBuffer(2 * ringStride(ringBytes));
    const to1 = { memory, start: 0, ringBytes };
    const to0 = { memory, start: ringStride(ringBytes), ringBytes };
    startRingAt(to1, justBelowWrap);
    const sender: Program = (thread) => {
      const bell = new Doorbell(bells, thread.port);
      const channel = new Channel(1, { outgoing: to1, incoming: to0, payloadMax: 16 }, bell);
      let returned = 0;
      const handler = {
        request: () => assert.fail('nobody asks'),
        answer: () => assert.fail('nobody answers'),
        creditReturned: () => returned++,
      };
      for (let value = 1; value <= messages;) {
        bell.disarm();
        channel.drain(1, handler);
        const position = channel.send(5, 4);
        if (position >= 0) {
          channel.view.setInt32(position, value++, true);
          channel.flush();
          continue;
        }
        const asleep = bell.arm(
          () => channel.hasWork(),
          () => {},
        );
        if (asleep) thread.sleep();
      }
    };
    const receiver: Program = (thread) => {
      const bell = new Doorbell(bells, thread.port);
      const channel = new Channel(0, { outgoing: to0, incoming: to1, payloadMax: 16 }, bell);
      const got: number[] = [];
      const handler = {
        request: (_peer: number, _kind: number, _correlation: number, view: DataView, start: number) =>
          got.push(view.getInt32(start, true)),
        answer: () => assert.fail('nobody answers'),
        creditReturned: () => assert.fail('nobody was refused'),
      };
      while (got.length < messages) {
        bell.disarm();
        channel.drain(10, handler);
        const asleep =
          got.length < messages &&
          bell.arm(
            () => channel.hasWork(),
            () => {},
          );
        if (asleep) thread.sleep();
      }
      return got;
    };
    return {
      buffers: [bells, memory],
      programs: [sender, receiver],
      plainAccesses: 'joined',
      check: (results) => assert.deepEqual(results[1], [1, 2, 3].slice(0, messages)),
    };
  }

  function withPatched<K extends keyof RingWriter>(name: K, patch: RingWriter[K], run: () => void): void {
    const original = RingWriter.prototype[name];
    RingWriter.prototype[name] = patch;
    try {
      run();
    } finally {
      RingWriter.prototype[name] = original;
    }
  }

  test('row 51: a sender without credit is woken when there is room', () => {
    mustHold(explore(scenario(2)));
    mustHold(explore(scenario(3), 2));
  });

  test('planted: the wish to be rung is never made', () => {
    withPatched(
      'declareStarved',
      () => {},
      () => mustFail(explore(scenario(2)), /nobody can go on/),
    );
  });

  test('planted: the room is not looked at again after the wish', () => {
    const real = RingWriter.prototype.loadRefunded;
    const wish = RingWriter.prototype.declareStarved;
    const lastSeen = new WeakMap<RingWriter, { value: number; wished: boolean }>();
    const stale = function (this: RingWriter): number {
      const seen = lastSeen.get(this) ?? { value: 0, wished: false };
      lastSeen.set(this, seen);
      if (seen.wished) seen.wished = false;
      else seen.value = real.call(this);
      return seen.value;
    };
    const wishes = function (this: RingWriter): void {
      wish.call(this);
      const seen = lastSeen.get(this);
      if (seen !== undefined) seen.wished = true;
    };
    withPatched('declareStarved', wishes, () => {
      withPatched('loadRefunded', stale, () => mustFail(explore(scenario(3)), /nobody can go on/));
    });
  });
});

suite('row', () => {
  /** The writer publishes three times with both offsets alike; the reader takes two snapshots. */
  function scenario(makeTable: (memory: SharedArrayBuffer) => PartitionTable): Scenario {
    const memory = new SharedArrayBuffer(rowStride);
    const row = new PartitionTable(memory).row(0);
    row.state = 3;
    row.publish();
    const writer: Program = () => {
      const mine = makeTable(memory).row(0);
      for (let offset = 1; offset <= 3; offset++) {
        mine.readEpoch = offset;
        mine.leaderEpoch = offset;
        mine.publish();
      }
    };
    const reader: Program = () => {
      const table = makeTable(memory);
      const snapshot = new RowSnapshot();
      const seen: number[] = [];
      for (let reading = 0; reading < 2; reading++) {
        assert.ok(table.snapshot(0, snapshot), 'the row is in use');
        seen.push(snapshot.readEpoch, snapshot.leaderEpoch);
      }
      return seen;
    };
    return {
      buffers: [memory],
      programs: [writer, reader],
      plainAccesses: 'separate',
      check: (results) => {
        const [firstEpoch, firstLeader, secondEpoch, secondLeader] = results[1] as number[];
        assert.equal(firstEpoch, firstLeader === 0 ? 0 : firstLeader, 'a snapshot is of one publication');
        assert.equal(secondEpoch, secondLeader, 'a snapshot is of one publication');
        assert.ok(secondEpoch! >= firstEpoch!, 'I4: what is seen does not go back');
      },
    };
  }

  /** Reads the two fields as the table does, then asks `accepts` about the versions before and after. */
  function tableThatAccepts(accepts: (before: number, after: number) => boolean) {
    return (memory: SharedArrayBuffer): PartitionTable => {
      const words = new Int32Array(memory);
      const table = new PartitionTable(memory);
      table.snapshot = (_slot, into) => {
        for (;;) {
          const version = Atomics.load(words, 0);
          const half = 4 + (version & 1) * 32;
          into.leaderEpoch = Atomics.load(words, half + 4);
          into.readEpoch = Atomics.load(words, half + 5);
          if (accepts(version, Atomics.load(words, 0))) return true;
        }
      };
      return table;
    };
  }

  test('I4: a snapshot is of one publication, and snapshots do not go back', () => {
    mustHold(explore(scenario((memory) => new PartitionTable(memory))));
  });

  test('I4: a placement is of one publication', () => {
    const memory = new SharedArrayBuffer(rowStride);
    const row = new PartitionTable(memory).row(0);
    row.state = 3;
    row.publish();
    const writer: Program = () => {
      const mine = new PartitionTable(memory).row(0);
      for (let owner = 1; owner <= 3; owner++) {
        mine.incarnation = owner;
        mine.logDirectory = owner;
        mine.publish();
      }
    };
    const reader: Program = () => {
      const placement = new RowPlacement();
      assert.ok(new PartitionTable(memory).placement(0, placement), 'the row is in use');
      return [placement.incarnation, placement.logDirectory];
    };
    const check = (results: readonly unknown[]): void => {
      const [incarnation, logDirectory] = results[1] as number[];
      assert.equal(incarnation, logDirectory, 'a placement is of one publication');
    };
    mustHold(explore({ buffers: [memory], programs: [writer, reader], plainAccesses: 'separate', check }));
  });

  test('the short reading that the planted bugs change is right as it stands', () => {
    mustHold(explore(scenario(tableThatAccepts((before, after) => before === after))));
  });

  test('planted: the version is looked at once', () => {
    mustFail(explore(scenario(tableThatAccepts(() => true))), /one publication/);
  });

  test('planted: one publication in between is accepted', () => {
    mustFail(explore(scenario(tableThatAccepts((before, after) => after - before <= 1))), /one publication/);
  });
});

suite('waiting bits', () => {
  /** Thread 0 owns the partition and moves its watermark; thread 1 waits for it. */
  function scenario(looksAgain: boolean): Scenario {
    const bells = new SharedArrayBuffer(2 * doorbellStride);
    const rows = new SharedArrayBuffer(rowStride);
    const maps = new SharedArrayBuffer(2 * noticesBytes(1));
    const row = new PartitionTable(rows).row(0);
    row.state = 3;
    row.publish();
    const owner: Program = (thread) => {
      const bell = new Doorbell(bells, thread.port);
      const notices = new Notices(maps, 1, 0, bell);
      const table = new PartitionTable(rows);
      const mine = table.row(0);
      mine.readEpoch = 1;
      mine.publish();
      table.takeWaiting(0, (waiter, slot) => notices.post(waiter, slot));
      notices.flush();
    };
    const waiter: Program = (thread) => {
      const bell = new Doorbell(bells, thread.port);
      const notices = new Notices(maps, 1, 1, bell);
      const table = new PartitionTable(rows);
      const snapshot = new RowSnapshot();
      const isReady = (): boolean => {
        table.snapshot(0, snapshot);
        return snapshot.readEpoch >= 1;
      };
      if (isReady()) return;
      table.park(0, 1);
      if (looksAgain && isReady()) return;
      let noticed = false;
      while (!noticed) {
        bell.disarm();
        notices.take(() => (noticed = true));
        const asleep =
          !noticed &&
          bell.arm(
            () => notices.hasWork(),
            () => {},
          );
        if (asleep) thread.sleep();
      }
      assert.ok(isReady(), 'who is told finds what it was told of');
    };
    return { buffers: [bells, rows, maps], programs: [owner, waiter], plainAccesses: 'separate', check: () => {} };
  }

  test('a fetch that parks is told of the watermark that it did not see', () => {
    mustHold(explore(scenario(true)));
  });

  test('planted: the watermark is read before parking, and not after', () => {
    mustFail(explore(scenario(false)), /nobody can go on/);
  });
});

suite('index tail', () => {
  /** The owner cuts the last of two entries and adds another in its place; a reader looks up the last one. */
  function scenario(): Scenario {
    const memory = new SharedArrayBuffer(indexTailStride);
    const setUp = new IndexTailWriter(memory, 0);
    setUp.begin(0, 0, 0);
    setUp.addOffset(0, 0);
    setUp.addOffset(2, 20);
    const owner: Program = () => {
      const writer = new IndexTailWriter(memory, 0);
      writer.truncate(2, 0, 0);
      writer.addOffset(3, 30);
      writer.filed(1, 0);
    };
    const lookup: Program = () => {
      const reader = new IndexTailReader(memory);
      assert.equal(reader.floorOffset(0, 10), true, 'one entry is there at any time, or filed');
      return [reader.relativeOffset, reader.position];
    };
    return {
      buffers: [memory],
      programs: [owner, lookup],
      plainAccesses: 'separate',
      check: (results) => {
        const [relativeOffset, position] = results[1] as number[];
        assert.ok([0, 2, 3].includes(relativeOffset!), 'an entry that was there');
        assert.equal(position, relativeOffset! * 10, 'an entry is read whole');
      },
    };
  }

  test('I2: an entry is read whole, whatever is cut and added meanwhile', () => {
    mustHold(explore(scenario()));
  });

  test('planted: the header is published before the end moves down', () => {
    const words: [number, number][] = [];
    const real = Atomics.store;
    const delays = (run: () => void): void => {
      let isCutting = false;
      const truncate = IndexTailWriter.prototype.truncate;
      IndexTailWriter.prototype.truncate = function (...all: Parameters<IndexTailWriter['truncate']>): void {
        // Inside `truncate` stores of the ends (words 1 and 2) come after that of the version (word 0).
        const current = Atomics.store as (array: Int32Array, index: number, value: number) => number;
        isCutting = true;
        Atomics.store = ((array: Int32Array, index: number, value: number): number => {
          if (isCutting && (index === 1 || index === 2)) {
            words.push([index, value]);
            return value;
          }
          const result = current(array, index, value);
          if (isCutting && index === 0) for (const [end, late] of words.splice(0)) current(array, end, late);
          return result;
        }) as typeof Atomics.store;
        try {
          truncate.apply(this, all);
        } finally {
          isCutting = false;
          words.length = 0;
          Atomics.store = current as typeof Atomics.store;
        }
      };
      try {
        run();
      } finally {
        IndexTailWriter.prototype.truncate = truncate;
      }
    };
    delays(() => mustFail(explore(scenario()), /read whole/));
    assert.equal(Atomics.store, real);
  });
});

suite('connection limits', () => {
  const caps = { total: Infinity, listener: Infinity, address: 2 };

  const entryOf = (address: number): number => {
    const claim = new ConnectionClaim();
    new ConnectionLimits(new SharedArrayBuffer(limitsBytes(1, 32)), 1, 32).reserve(0, address, caps, claim);
    return claim.entry;
  };
  const address = 1;
  /** An address that takes the same entry when it is free. */
  let neighbour = 2;
  while (entryOf(neighbour) !== entryOf(address)) neighbour++;

  /** One thread gives up the only connection of an address and takes one of its neighbour; the other takes one of it. */
  function scenario(makeLimits: (memory: SharedArrayBuffer) => ConnectionLimits): Scenario {
    const memory = new SharedArrayBuffer(limitsBytes(1, 32));
    const before = new ConnectionClaim();
    new ConnectionLimits(memory, 1, 32).reserve(0, address, caps, before);
    const changes: Program = () => {
      const limits = makeLimits(memory);
      const claim = new ConnectionClaim();
      claim.listener = before.listener;
      claim.entry = before.entry;
      limits.release(claim);
      assert.equal(limits.reserve(0, neighbour, caps, claim), 'granted');
    };
    const joins: Program = () => {
      const limits = makeLimits(memory);
      assert.equal(limits.reserve(0, address, caps, new ConnectionClaim()), 'granted');
    };
    return {
      buffers: [memory],
      programs: [changes, joins],
      plainAccesses: 'separate',
      check: (_results, copyOf) => {
        const limits = new ConnectionLimits(copyOf(memory), 1, 32);
        assert.deepEqual([limits.total, limits.ofAddress(address), limits.ofAddress(neighbour)], [2, 1, 1]);
      },
    };
  }

  test('a connection is counted for its own address, although entries change hands', () => {
    mustHold(explore(scenario((memory) => new ConnectionLimits(memory, 1, 32))));
  });

  test('planted: the key is not looked at again after the count was raised', () => {
    const real = Atomics.compareExchange;
    // The look that follows a raised count gives what was asked for.
    const trusting = (memory: SharedArrayBuffer): ConnectionLimits => {
      const limits = new ConnectionLimits(memory, 1, 32);
      const reserve = limits.reserve.bind(limits);
      limits.reserve = (listener, addressHash, given, claim) => {
        const { load, compareExchange } = Atomics;
        let raised = -1;
        Atomics.compareExchange = ((array: Int32Array, index: number, expected: number, value: number): number => {
          const old = compareExchange(array, index, expected, value);
          raised = old === expected && expected > 0 ? index - 1 : -1;
          return old;
        }) as typeof Atomics.compareExchange;
        Atomics.load = ((array: Int32Array, index: number): number => {
          if (index !== raised) return load(array, index);
          raised = -1;
          return addressHash;
        }) as typeof Atomics.load;
        try {
          return reserve(listener, addressHash, given, claim);
        } finally {
          Object.assign(Atomics, { load, compareExchange });
        }
      };
      return limits;
    };
    mustFail(explore(scenario(trusting)), /deep-equal/);
    assert.equal(Atomics.compareExchange, real);
  });
});
