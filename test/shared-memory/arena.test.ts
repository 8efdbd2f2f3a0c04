import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { Arena, landingBytes, pageBytes } from '../../src/shared-memory/arena.ts';

const spacePages = 160;
const budgetPages = 64;

function makeArena(pages = spacePages, budget = budgetPages * pageBytes): Arena {
  return new Arena(new SharedArrayBuffer(landingBytes + pages * pageBytes), budget, { poison: true });
}

/** What a test knows of a frame: every byte that arrived has the frame's mark. */
interface Frame {
  place: number;
  readonly declared: number;
  arrived: number;
  complete: boolean;
  readonly mark: number;
}

const length = fc.oneof(
  fc.integer({ min: 0, max: 400 }),
  fc.integer({ min: 0, max: pageBytes }),
  fc.integer({ min: pageBytes - 2, max: pageBytes * 3 }),
  fc.integer({ min: 1, max: pageBytes * 30 }),
);
const step = fc.record({
  action: fc.constantFrom('allocate', 'reserve', 'reserve', 'receive', 'receive', 'receive', 'complete', 'release'),
  length,
  which: fc.nat(),
});

suite('arena', () => {
  test('frames keep their bytes, never overlap, and are counted', () => {
    fc.assert(
      fc.property(fc.constantFrom(64, 90), fc.array(step, { maxLength: 120 }), (spacePages, steps) => {
        // The smaller space is used up by frames and their hopes: some are disappointed.
        const arena = makeArena(spacePages + 6);
        const frames: Frame[] = [];
        let mark = 0;
        for (const { action, length, which } of steps) {
          mark = (mark % 200) + 1;
          const incomplete = frames.filter((frame) => !frame.complete);
          if (action === 'allocate') {
            const place = arena.allocate(length);
            if (place >= 0) admit(arena, frames, { place, declared: length, arrived: length, complete: true, mark });
          } else if (action === 'reserve') {
            const arrived = which % (length + 1);
            const place = arena.reserve(length, arrived);
            if (place >= 0) admit(arena, frames, { place, declared: length, arrived, complete: false, mark });
          } else if (action === 'receive' && incomplete.length > 0) {
            receive(arena, incomplete[which % incomplete.length]!, length);
          } else if (action === 'complete') {
            const whole = incomplete.filter((frame) => frame.arrived === frame.declared);
            if (whole.length > 0) completeFrame(arena, whole[which % whole.length]!);
          } else if (action === 'release' && frames.length > 0) {
            const [frame] = frames.splice(which % frames.length, 1);
            assertBytes(arena, frame!);
            arena.release(frame!.place);
          }
          assertCounts(arena, frames);
        }
        for (const frame of frames) {
          assertBytes(arena, frame);
          arena.release(frame.place);
        }
        assert.ok(arena.usedBytes <= pageBytes, 'nothing but the open page is left');
        assert.equal(arena.incompleteBytes, 0);
        let again = 0;
        while (arena.allocate(pageBytes) >= 0) again++;
        assert.ok(again >= budgetPages - 1, 'the whole budget is there again');
      }),
      { numRuns: 300 },
    );
  });

  test('a frame grows in place although others come and go', () => {
    const arena = makeArena();
    const declared = 20 * pageBytes;
    const place = arena.reserve(declared, 1000);
    const others: number[] = [];
    for (let arrived = arena.writable(place); arrived < declared; arrived = arena.writable(place)) {
      others.push(arena.allocate(3 * pageBytes), arena.allocate(100));
      if (others.length % 3 === 0) arena.release(others.shift()!);
      assert.equal(arena.extend(place, arrived), place);
    }
    assert.equal(arena.movedBytes, 0);
  });

  test('memory is taken as bytes arrive, never by the declared length', () => {
    const arena = makeArena(8000, 8000 * pageBytes);
    const declared = 100 * 1024 * 1024;
    let place = arena.reserve(declared, 1);
    let arrived = 1;
    while (arrived < declared) {
      assert.ok(arena.usedBytes <= 2 * arrived + 2 * pageBytes, 'at most twice what has arrived');
      arrived = arena.writable(place);
      place = arena.extend(place, arrived);
    }
    assert.equal(arena.writable(place), declared);
  });

  test('when every place is hoped for, frames still find room, and moves copy less than twice a frame', () => {
    const arena = makeArena(400, 300 * pageBytes);
    const declared = 80 * pageBytes;
    const places = Array.from({ length: 12 }, () => arena.reserve(declared, 1));
    assert.ok(
      places.every((place) => place >= 0),
      'soft reservations are no obstacle',
    );
    const growing = [0, 1, 2];
    let isFull = false;
    while (!isFull && growing.some((index) => arena.writable(places[index]!) < declared)) {
      for (const index of growing) {
        const place = places[index]!;
        const extended = arena.extend(place, arena.writable(place));
        if (extended < 0) isFull = true;
        else places[index] = extended;
      }
    }
    assert.ok(arena.movedBytes <= 2 * growing.length * declared, `moved ${arena.movedBytes}`);
    assert.equal(isFull, false);
  });

  test('a reservation gives way when there is no other place', () => {
    const arena = makeArena(40, 40 * pageBytes);
    const declared = 18 * pageBytes;
    let hoping = arena.reserve(declared, pageBytes);
    const behind = arena.allocate(20 * pageBytes);
    assert.ok(behind >= 0);
    const inTheWay = arena.allocate(5 * pageBytes);
    assert.ok(inTheWay > hoping && inTheWay < hoping + declared, 'it lies in what was softly reserved');
    arena.bytes.fill(7, hoping, hoping + arena.writable(hoping));
    for (let arrived = arena.writable(hoping); arrived < declared; arrived = arena.writable(hoping)) {
      const extended = arena.extend(hoping, arrived);
      if (extended < 0) {
        arena.release(behind);
        continue;
      }
      assert.ok(arena.bytes.subarray(extended, extended + arrived).every((byte) => byte === 7));
      hoping = extended;
      arena.bytes.fill(7, hoping, hoping + arena.writable(hoping));
    }
    assert.ok(arena.movedBytes > 0);
    arena.complete(hoping, declared);
  });

  test('a full arena refuses and loses nothing', () => {
    const arena = makeArena();
    const place = arena.reserve(40 * pageBytes, 30 * pageBytes);
    const others: number[] = [];
    for (let other = arena.allocate(pageBytes); other >= 0; other = arena.allocate(pageBytes)) others.push(other);
    assert.ok(arena.usedBytes <= arena.budgetBytes);
    assert.equal(arena.reserve(10 * pageBytes, 1), -1);
    for (let arrived = arena.writable(place); arrived < 40 * pageBytes; arrived = arena.writable(place)) {
      if (arena.extend(place, arrived) >= 0) continue;
      assert.equal(arena.writable(place), arrived, 'a refused frame stays as it is');
      arena.release(others.pop()!);
    }
    arena.complete(place, 40 * pageBytes);
  });

  test('the open page is used again from its start when it is empty', () => {
    const arena = makeArena();
    const first = arena.allocate(200);
    arena.release(first);
    assert.equal(arena.allocate(200), first);
  });

  test('wrong places and double releases are bugs of ours', () => {
    const arena = makeArena();
    const small = arena.allocate(200);
    const large = arena.reserve(5 * pageBytes, 10);
    assert.throws(() => arena.release(small + 64), /frame lies at this place/);
    assert.throws(() => arena.release(small + 1), /place of a frame/);
    assert.throws(() => arena.release(large + pageBytes), /frame lies at this place/);
    assert.throws(() => arena.release(0), /place of a frame/);
    assert.throws(() => arena.complete(small, 200), /completed once/);
    assert.throws(() => arena.extend(small, 200), /does not grow/);
    assert.throws(() => arena.complete(large, 5 * pageBytes), /as long as declared/);
    arena.release(small);
    assert.throws(() => arena.release(small), /frame lies at this place/);
    arena.release(large);
    assert.throws(() => arena.release(large), /frame lies at this place/);
  });

  test('released bytes are poisoned', () => {
    const arena = makeArena();
    const place = arena.allocate(100);
    arena.bytes.fill(1, place, place + 100);
    arena.release(place);
    assert.ok(arena.bytes.subarray(place, place + 100).every((byte) => byte === 0xdb));
  });
});

function admit(arena: Arena, frames: Frame[], frame: Frame): void {
  assert.ok(arena.writable(frame.place) >= frame.arrived, 'what arrived has room');
  if (frame.arrived < frame.declared) assert.ok(arena.writable(frame.place) > frame.arrived, 'and one byte more');
  frames.push(frame);
  assertApart(arena, frames);
  arena.bytes.fill(frame.mark, frame.place, frame.place + frame.arrived);
}

function receive(arena: Arena, frame: Frame, bytes: number): void {
  const room = arena.writable(frame.place);
  const arrived = Math.min(room, frame.arrived + bytes);
  arena.bytes.fill(frame.mark, frame.place + frame.arrived, frame.place + arrived);
  frame.arrived = arrived;
  const place = arena.extend(frame.place, arrived);
  if (place < 0) {
    assert.equal(arena.writable(frame.place), room, 'a refused frame stays as it is');
    return;
  }
  frame.place = place;
  const writable = arena.writable(place);
  assert.ok(writable > arrived || writable === frame.declared, 'there is room for more');
  assertBytes(arena, frame);
}

function completeFrame(arena: Arena, frame: Frame): void {
  arena.complete(frame.place, frame.declared);
  frame.complete = true;
  assertBytes(arena, frame);
}

function assertBytes(arena: Arena, frame: Frame): void {
  const bytes = arena.bytes.subarray(frame.place, frame.place + frame.arrived);
  assert.ok(
    bytes.every((byte) => byte === frame.mark),
    'a frame keeps its bytes',
  );
}

function assertApart(arena: Arena, frames: readonly Frame[]): void {
  const ranges = frames.map((frame) => [frame.place, frame.place + Math.max(1, arena.writable(frame.place))] as const);
  ranges.sort((a, b) => a[0] - b[0]);
  assert.ok((ranges[0]?.[0] ?? landingBytes) >= landingBytes, 'no frame lies in the landing buffer');
  for (let at = 1; at < ranges.length; at++) assert.ok(ranges[at]![0] >= ranges[at - 1]![1], 'frames lie apart');
}

function assertCounts(arena: Arena, frames: readonly Frame[]): void {
  let incomplete = 0;
  let arrived = 0;
  for (const frame of frames) {
    if (frame.complete) continue;
    arrived += frame.arrived;
    incomplete +=
      frame.declared <= pageBytes
        ? Math.max(64, Math.ceil(frame.declared / 64) * 64)
        : Math.max(Math.ceil(arena.writable(frame.place) / pageBytes)) * pageBytes;
  }
  assert.equal(arena.incompleteBytes, incomplete, 'incomplete bytes are those of incomplete frames');
  assert.ok(arena.usedBytes <= arena.budgetBytes, 'the budget holds');
  assert.ok(arrived <= arena.usedBytes, 'what arrived lies in used memory');
}
