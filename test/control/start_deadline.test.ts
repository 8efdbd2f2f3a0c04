import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StartDeadline } from '../../src/control/start_deadline.ts';
import { SimClock, WallTime } from '../simulation/sim_clock.ts';
import { SimThread } from '../simulation/sim_thread.ts';
import { World } from '../simulation/world.ts';

const timeoutMs = 1000;

function watched(look: (deadline: StartDeadline) => void = () => {}): {
  world: World;
  clock: SimClock;
  deadline: StartDeadline;
  missedMs: () => number | null;
} {
  const world = new World(7);
  const clock = new SimClock(new SimThread(world, 'control'), new WallTime(world));
  let missedMs: number | null = null;
  const deadline: StartDeadline = new StartDeadline(
    clock,
    timeoutMs,
    () => look(deadline),
    () => {
      assert.equal(missedMs, null);
      missedMs = clock.monotonicMs();
    },
  );
  return { world, clock, deadline, missedMs: () => missedMs };
}

test('a start without any progress is given up when its time is over', () => {
  const { world, clock, missedMs } = watched();
  const startMs = clock.monotonicMs();
  world.runUntil(() => missedMs() !== null, 100 * timeoutMs);
  const afterMs = missedMs()! - startMs;
  assert.ok(afterMs >= timeoutMs && afterMs < 1.5 * timeoutMs, String(afterMs));
});

test('a start that goes on is never given up, however long it takes, and one that gets stuck then is', () => {
  const { world, clock, deadline, missedMs } = watched();
  let lastMs = clock.monotonicMs();
  for (let step = 0; step < 50; step++) {
    clock.schedule(step * 0.9 * timeoutMs, () => {
      deadline.progressed();
      lastMs = clock.monotonicMs();
    });
  }
  world.runUntil(() => missedMs() !== null, 100 * timeoutMs);
  const afterMs = missedMs()! - lastMs;
  assert.ok(lastMs > 40 * timeoutMs, String(lastMs));
  assert.ok(afterMs >= timeoutMs && afterMs < 1.5 * timeoutMs, String(afterMs));
});

test('what happened while this thread was busy counts as progress', () => {
  let unseen = 3;
  const { world, clock, missedMs } = watched((deadline) => {
    if (unseen-- > 0) deadline.progressed();
  });
  const startMs = clock.monotonicMs();
  world.runUntil(() => missedMs() !== null, 100 * timeoutMs);
  assert.ok(missedMs()! - startMs >= 4 * timeoutMs);
});

test('a start that is over is not given up', () => {
  const { world, deadline, missedMs } = watched((self) => self.end());
  deadline.progressed();
  world.runUntil(() => false, 10 * timeoutMs);
  assert.equal(missedMs(), null);
});
