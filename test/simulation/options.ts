import type { SeededRandom } from '../../src/base/random.ts';
import type { DiskOptions } from './disk_faults.ts';
import type { NetworkOptions } from './internet.ts';
import type { ProcessOptions } from './sim_process.ts';

/** How the threads of this run are scheduled: from orderly to hostile. */
export function drawProcessOptions(random: SeededRandom): ProcessOptions {
  const hostile = random.chance(0.5);
  return {
    tempo: {
      callbackMs: [0.002, random.pick([0.02, 0.1, 1])],
      pauseChance: hostile ? random.fraction() * 0.02 : 0,
      pauseMsMax: random.pick([5, 50, 300]),
    },
    callMsMax: random.pick([0.005, 0.05, 0.5]),
    wakeMs: [0.01, random.pick([0.05, 1])],
    lateWakeChance: hostile ? random.fraction() * 0.2 : 0,
    lateWakeMsMax: random.pick([5, 100]),
    spuriousChance: hostile ? random.fraction() * 0.3 : 0,
    spawnMs: [5, random.pick([20, 200])],
  };
}

/** How fast and how whole the disk of this run is. */
export function drawDiskOptions(random: SeededRandom, dataDirectories: readonly string[]): DiskOptions {
  const slow = random.chance(0.3);
  return {
    capacityBytes: Infinity,
    // Producers are slowed down from early on, or never.
    toldBytes: random.pick([Infinity, Infinity, 100_000]),
    poolThreads: random.pick([1, 2, 4, 16]),
    synchronousMs: [0.005, slow ? 1 : 0.05],
    laterMs: [0.05, slow ? 30 : 0.5],
    syncMs: [0.5, slow ? 300 : 5],
    shortWriteChance: random.chance(0.5) ? random.fraction() * 0.2 : 0,
    stallChance: random.chance(0.4) ? random.fraction() * 0.01 : 0,
    stallMsMax: random.pick([30, 200]),
    dataDirectories,
  };
}

/** How far apart the machines of this run are and how their streams are cut. */
export function drawNetworkOptions(random: SeededRandom): NetworkOptions {
  const buffers = random.pick([2 * 1024, 16 * 1024, 256 * 1024]);
  return {
    delayMs: [0.02, random.pick([0.2, 2, 20])],
    segmentation: random.pick(['mixed', 'mixed', 'segments', 'whole']),
    sendBufferBytes: buffers,
    receiveBufferBytes: random.pick([buffers, 64 * 1024]),
    retransmitMs: random.pick([3000, 15_000]),
  };
}
