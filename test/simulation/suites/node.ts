import { checkQueue, damagedLogs } from '../checkers.ts';
import type { Expectations, Finding } from '../checkers.ts';
import { FaultPlan, faultsOfProcess } from '../fault_plan.ts';
import type { FaultKind } from '../fault_plan.ts';
import { Internet } from '../internet.ts';
import { drawDiskOptions, drawNetworkOptions, drawProcessOptions } from '../options.ts';
import { clientPort, dataDirectories, nodeConfig, product } from '../product.ts';
import type { NodeSettings } from '../product.ts';
import type { Suite, SuiteOutcome } from '../run.ts';
import { SimNode } from '../sim_node.ts';
import { batchBytesMax, drawWorkload, SimWorkload } from '../sim_workload.ts';
import type { World } from '../world.ts';

/** A start, or an orderly stop, takes no longer once nothing disturbs it. */
const patienceMs = 120_000;

interface NodeSuite {
  readonly name: string;
  readonly title: string;
  readonly faults: readonly FaultKind[];
  readonly flushPolicies: readonly NodeSettings['flushPolicy'][];
  /** False: a loss of power may take what was acknowledged and not synced. */
  readonly acknowledgedSurvives: boolean;
}

export const nodeSuite = suiteOf({
  name: 'node',
  title:
    'one node and its clients under faults of process, thread, network, clock and disk; topics come and go (rows 7, 18, 19, 25, 50, 51, 78, 79)',
  faults: faultsOfProcess,
  flushPolicies: ['never', 'interval', 'acknowledged'],
  acknowledgedSurvives: true,
});

export const powerSuite = suiteOf({
  name: 'power',
  title: 'a node that syncs before it acknowledges loses nothing to a power cut (row 8)',
  faults: ['power', 'power', 'power in a call', 'kill', 'stop', 'pause', 'disk stall', 'reset connections'],
  flushPolicies: ['acknowledged'],
  acknowledgedSurvives: true,
});

export const unsyncedPowerSuite = suiteOf({
  name: 'power-unsynced',
  title: 'a node that does not sync before it acknowledges loses only the end of a log to a power cut (rows 8, 13)',
  faults: ['power', 'power', 'power in a call', 'kill', 'stop', 'disk stall'],
  flushPolicies: ['never', 'interval'],
  acknowledgedSurvives: false,
});

function suiteOf(definition: NodeSuite): Suite {
  return { name: definition.name, title: definition.title, run: (world) => run(world, definition) };
}

function run(world: World, { faults, flushPolicies, acknowledgedSurvives }: NodeSuite): SuiteOutcome {
  const random = world.random;
  const workloadOptions = drawWorkload(random, world.seed);
  const settings: NodeSettings = {
    shards: random.between(1, 3),
    flushPolicy: random.pick(flushPolicies),
    ringBytes: random.pick([1024, 4096, 65_536]),
    arenaBytes: random.pick([1, 2, 8]) * 1024 * 1024,
    // A batch longer than a segment is refused for good.
    segmentBytes: Math.max(batchBytesMax(workloadOptions), random.pick([3000, 30_000, 300_000, 100_000_000])),
    indexIntervalBytes: random.pick([0, 500, 4096]),
    partitionsMax: 64,
    checkpointIntervalMs: random.pick([100, 2000, 60_000]),
    directories: random.between(1, 2),
    metadataSnapshotBytes: random.pick([1, 2000, 20_000_000]),
    // A batch of the metadata log is no longer than a change of all partitions.
    metadataSegmentBytes: random.pick([6000, 1_000_000]),
    metadataRetentionBytes: random.pick([0, 10_000, 1_000_000]),
    metadataIdleMs: random.pick([0, 0, 300]),
  };
  const network = drawNetworkOptions(random);
  const internet = new Internet(world, network);
  const node = new SimNode(world, internet, 'node', product, {
    config: nodeConfig('node', settings),
    process: drawProcessOptions(random),
    disk: drawDiskOptions(random, dataDirectories),
    wallRate: random.pick([1, 1, 0.9, 1.1]),
  });
  const workload = new SimWorkload(world, internet, () => ({ host: 'node', port: clientPort }), workloadOptions);
  const expectations: Expectations = { acknowledgedSurvives, finalCatchUp: true };
  const durationMs = random.between(500, 8000);
  const findings: Finding[] = [];
  let drawn: FaultKind[] = [];
  let died: FaultPlan['died'] | null = null;
  node.start();
  const problem = workload.begin();
  if (problem !== null) findings.push(problem);
  else {
    const plan = new FaultPlan(world, node, internet, workload.hosts);
    died = plan.died;
    plan.powerLost = () => workload.powerLost(acknowledgedSurvives);
    drawn = plan.schedule(faults, random.between(0, 6), durationMs);
    world.runFor(durationMs);
    plan.end();
    findings.push(...finish(world, node, workload));
    const { struck: strikes, refusedForRoom } = node.disk.faults;
    if (strikes.error + refusedForRoom === 0) findings.push(...damagedLogs(workload.history));
    findings.push(...checkQueue(workload.history, { ...expectations, finalCatchUp: findings.length === 0 }));
  }
  for (const exit of node.exits) {
    if (!exit.expected) findings.push({ rule: 'the node ended by itself', detail: `${exit.code}: ${exit.reason}` });
  }
  const struck = node.disk.faults.struck;
  return {
    options: { settings, durationMs, faults: drawn, workload: workloadOptions, network, disk: node.disk.options },
    findings,
    counts: {
      ...workload.counts(),
      starts: node.starts,
      recovered: node.tasks.get('recover-logs') ?? 0,
      snapshots: node.tasks.get('metadata-snapshot') ?? 0,
      diskErrors: struck.error,
      diskKills: struck.kill,
      ...namedDeaths(died),
      stalls: struck.stall,
      short: struck.short,
    },
  };
}

/** Deaths in calls of the disk, by what the process was at. */
function namedDeaths(died: FaultPlan['died'] | null): Record<string, number> {
  return Object.fromEntries(Object.entries(died ?? {}).map(([step, count]) => [`diedIn:${step}`, count]));
}

/** After the faults: progress, catching up, an orderly stop, and all of it read once more from what is on the disk. */
function finish(world: World, node: SimNode, workload: SimWorkload): Finding[] {
  if (!world.runUntil(() => node.state === 'up', patienceMs)) {
    const last = node.log.lines.at(-1);
    return [
      {
        rule: 'I17 the node does not start',
        detail: `${node.state}; ${last?.message} ${JSON.stringify(last?.fields)}`,
      },
    ];
  }
  const repaired = node.disk.faults.struck.error === 0 ? [] : restart(world, node, () => {});
  if (repaired.length > 0) return repaired;
  const found = workload.finish();
  if (found.length > 0 || world.random.chance(0.5)) return found;
  const restarted = restart(world, node, () => workload.readAgain());
  return restarted.length > 0 ? restarted : workload.catchUp();
}

/** An orderly stop, and the start that follows: directories that failed are used again. */
function restart(world: World, node: SimNode, meanwhile: () => void): Finding[] {
  const { starts } = node;
  const exits = node.exits.length;
  node.stop();
  if (!world.runUntil(() => node.exits.length > exits, patienceMs)) {
    return [{ rule: 'I17 the node does not stop', detail: node.state }];
  }
  const exit = node.exits.at(-1);
  // The last fault, a disk that fails, may come as late as this.
  if (exit?.expected !== true) return [{ rule: 'an orderly stop fails', detail: `${exit?.code}: ${exit?.reason}` }];
  meanwhile();
  if (!world.runUntil(() => node.starts > starts && node.state === 'up', patienceMs)) {
    return [{ rule: 'I17 the node does not start', detail: 'after an orderly stop' }];
  }
  return [];
}
