import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MetadataSnapshots } from '../../src/metadata/metadata_snapshots.ts';
import { takeSnapshot } from '../../src/metadata/snapshot_task.ts';
import { MetadataWatermark, metadataWatermarkBytes } from '../../src/metadata/watermark.ts';
import { LogMachine } from '../log/log_machine.ts';
import { simKernels } from '../simulation/sim_kernels.ts';
import { ProcessEnded } from '../simulation/world.ts';
import { names, open, topicRecords } from './metadata_log_fixture.ts';

const config = { segmentBytes: 500, segmentMs: 1_000_000_000, fileDeleteDelayMs: 0 };

/**
 * A whole life of the log: start, changes, snapshots, cleaning, clean stop. `committed` hears of each topic when it is
 * there for good.
 */
function life(machine: LogMachine, from: number, committed: (count: number) => void): void {
  const { log } = open(machine, { config });
  const { disk, clock } = machine;
  const watermark = new MetadataWatermark(new SharedArrayBuffer(metadataWatermarkBytes(1)));
  const snapshots = new MetadataSnapshots({
    disk,
    kernels: simKernels,
    clock,
    config: { bytesBetweenSnapshotsMax: 600, snapshotIntervalMsMax: 0, retentionBytesMax: 1000, retentionMsMax: -1 },
    log,
    watermark,
    partitionsMax: 100,
    isInTransaction: () => false,
    run: (task, done) => done(takeSnapshot(task, { disk, clock, kernels: simKernels })),
    warn: assert.fail,
    failed: assert.fail,
  });
  for (let number = from; number < from + 8; number++) {
    assert.equal(log.append(topicRecords(number), 1_000), null);
    committed(number + 1);
    assert.equal(log.reader.readTo(log.nextOffset, { record: () => null, control: () => null }), null);
    watermark.applied(1, log.nextOffset);
    snapshots.tick(clock.monotonicMs());
    snapshots.clean();
  }
  assert.ok(log.logStartOffset > 0, 'old segments go in every life');
  assert.equal(log.close(true), null);
}

/** How many calls of the disk a second life makes. */
function callsOfALife(): number {
  const machine = new LogMachine(1);
  life(machine, 0, () => {});
  machine.restart();
  const { faults } = machine.storage;
  const next = faults.next.bind(faults);
  let calls = 0;
  faults.next = (operation, path) => {
    calls++;
    return next(operation, path);
  };
  life(machine, 8, () => {});
  return calls;
}

test('a process that dies at any call of the disk leaves a log that the next start completes (I19, rows 8, 38)', () => {
  const calls = callsOfALife();
  assert.ok(calls > 200, `${calls} calls`);
  for (const power of [false, true]) {
    let deaths = 0;
    // A loss of power may take what a death of the process alone leaves: it is tried at every call.
    for (let call = 0; call < calls; call += power ? 1 : 4) {
      const machine = new LogMachine(call);
      let count = 0;
      const committed = (topics: number): void => {
        count = topics;
      };
      life(machine, 0, committed);
      machine.restart();
      machine.storage.faults.arm({ after: call, effect: { kind: 'kill', bytes: call % 97 } });
      try {
        life(machine, 8, committed);
      } catch (thrown) {
        assert.ok(thrown instanceof ProcessEnded, String(thrown));
        deaths++;
      }
      machine.crash(power);
      const found = open(machine, { config });
      const what = `call ${call}, ${power ? 'power' : 'kill'}: ${found.names.length} topics, ${count} committed`;
      assert.ok(found.names.length === count || found.names.length === count + 1, what);
      assert.deepEqual(found.names.toSorted(), names(found.names.length).toSorted());
      assert.deepEqual(found.log.damagedSnapshots, []);
    }
    // Some calls are carried out by the pool, or not at all with another seed.
    assert.ok(deaths > calls * (power ? 0.8 : 0.2), `${deaths} deaths in ${calls} calls`);
  }
});
