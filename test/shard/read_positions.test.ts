import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReadPositions } from '../../src/shard/read_positions.ts';

/** What a read from `offset` leaves behind. */
function goOn(positions: ReadPositions, slot: number, offset: number, next: number): void {
  const position = positions.of(slot, offset);
  position.incarnation = 1;
  position.offset = next;
  position.position = next * 100;
}

test('each of several readers of a partition goes on where it ended', () => {
  const positions = new ReadPositions();
  for (const start of [0, 1000, 2000, 3000]) goOn(positions, 7, start, start + 10);
  for (let round = 1; round < 5; round++) {
    for (const start of [0, 1000, 2000, 3000]) {
      const at = start + 10 * round;
      assert.equal(positions.of(7, at).position, at * 100, 'the position is known');
      goOn(positions, 7, at, at + 10);
    }
  }
});

test('a reader that seeks leaves the others alone, and of more than four the oldest is forgotten', () => {
  const positions = new ReadPositions();
  goOn(positions, 7, 0, 10);
  goOn(positions, 8, 0, 10);
  for (const start of [100, 200, 300]) goOn(positions, 7, start, start + 10);
  for (const known of [10, 110, 210, 310]) assert.equal(positions.of(7, known).offset, known);
  goOn(positions, 7, 400, 410);
  for (const known of [110, 210, 310, 410]) assert.equal(positions.of(7, known).offset, known);
  assert.equal(positions.of(8, 10).position, 1000, 'another partition');
  const fresh = positions.of(7, 10);
  assert.deepEqual([fresh.offset, fresh.incarnation], [-1, -1], 'what is handed out to be overwritten says nothing');
  assert.equal(positions.of(7, 20), fresh, 'as long as nobody has filled it, it is the one to fill');
});
