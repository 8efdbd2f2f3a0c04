import type { SeededRandom } from '../../../src/base/random.ts';
import { ByteWriter } from '../../../src/base/bytes.ts';
import type { Uuid } from '../../../src/base/uuid.ts';
import type { NodeConfig } from '../../../src/config/node_config.ts';
import { createDigests } from '../../../src/platform/digests.ts';
import { openDataDirectories, type DataDirectories } from '../../../src/storage/data_directories.ts';
import { formatNode, type FormatRequest } from '../../../src/storage/format_node.ts';
import type { StoragePorts } from '../../../src/storage/storage_ports.ts';
import type { Finding } from '../checkers.ts';
import type { DiskOperation } from '../disk_faults.ts';
import { drawDiskOptions } from '../options.ts';
import type { Suite, SuiteOutcome } from '../run.ts';
import { SimClock, WallTime } from '../sim_clock.ts';
import { SimDisk } from '../sim_disk.ts';
import { SimEntropy } from '../sim_entropy.ts';
import { simKernels } from '../sim_kernels.ts';
import { SimLog } from '../sim_log.ts';
import { SimThread } from '../sim_thread.ts';
import { ProcessEnded, type World } from '../world.ts';
import { resolveNode } from '../../config/sources.ts';

const GIVEN_CLUSTER: Uuid = 'AAECAwQFRgeICQoLDA0ODw';
/** Told from what a start begins a cluster with by its records. */
const GIVEN_RELEASE = '3.8';
/** More calls than a format of three directories makes. */
const CALLS = 160;
const OPERATIONS: readonly DiskOperation[] = [
  ...([
    'open',
    'makeDirectory',
    'list',
    'rename',
    'unlink',
    'syncDirectory',
    'write',
    'read',
    'truncate',
    'sync',
  ] as const),
];

/** What a process said it had done, which no crash may take back. */
interface Told {
  readonly clusterId: string;
  readonly bootstrap: string;
  readonly ids: ReadonlyMap<string, Uuid>;
}

/**
 * Data directories that are formatted by the command, or by a start, in processes that die in any call: the next start
 * completes what was begun or takes it for nothing, and what was said to be done stays (I19).
 */
export const formatSuite: Suite = {
  name: 'format',
  title: 'formatting of data directories by processes that die at any step (I19, row 83)',

  run(world: World): SuiteOutcome {
    const random = world.random;
    const directories = ['/disk1/a', '/disk1/b', '/disk2/c'].slice(0, random.between(1, 3));
    const config = resolveNode(configText(random, directories));
    const storage = new SimDisk(world, drawDiskOptions(random, directories));
    storage.format('/disk1');
    storage.format('/disk2');
    const findings: Finding[] = [];
    const counts = { formatted: 0, completed: 0, undone: 0, refused: 0, died: 0 };
    const lives = random.between(1, 5);
    let told: Told | null = null;
    let formatBegun = false;
    let machineMayDie = true;
    for (let life = 0; life <= lives && findings.length === 0; life++) {
      const isLast = life === lives;
      if (!isLast) armFault(storage, random);
      const failedSyncs = storage.failedSyncs;
      const byCommand = !isLast && random.chance(0.5);
      formatBegun ||= byCommand;
      const outcome = runLife(world, storage, config, byCommand);
      storage.faults.disarm();
      if (storage.failedSyncs > failedSyncs) machineMayDie = false;
      if (outcome === 'died') counts.died++;
      else if (typeof outcome === 'string') {
        counts.refused++;
        if (isLast) findings.push({ rule: 'I19 a start completes or undoes a format', detail: outcome });
      } else {
        if (byCommand) counts.formatted++;
        checkWhole(outcome, config, formatBegun, findings);
        if (told !== null) checkKept(told, outcome, findings);
        else if (outcome.clusterId === GIVEN_CLUSTER) counts.completed++;
        else if (formatBegun) counts.undone++;
        told = outcome;
      }
      if (machineMayDie && random.chance(0.5)) storage.cutPower();
      else storage.killProcess();
    }
    return {
      options: { directories, lives, disk: storage.options },
      findings,
      counts: { ...counts, ...storage.faults.struck },
    };
  },
};

function configText(random: SeededRandom, directories: readonly string[]): string {
  const voters = random.chance(0.5) ? 'controller.quorum.voters=1@localhost:9093' : '';
  const metadata = random.chance(0.3) ? 'metadata.log.dir=/disk2/metadata' : '';
  return [
    'node.id=1',
    'listeners=PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093',
    'controller.listener.names=CONTROLLER',
    `log.dirs=${directories.join(',')}`,
    voters,
    metadata,
  ].join('\n');
}

function armFault(storage: SimDisk, random: SeededRandom): void {
  const after = random.between(0, CALLS);
  if (random.chance(0.7)) {
    storage.faults.arm({ operations: OPERATIONS, after, effect: { kind: 'kill', bytes: random.between(0, 300) } });
  } else if (random.chance(0.5)) {
    const code = random.pick(['EIO', 'ENOSPC', 'EROFS']);
    storage.faults.arm({
      operations: OPERATIONS,
      after,
      times: random.pick([1, 1, Infinity]),
      effect: { kind: 'error', code },
    });
  }
}

/** One process. `died`: a fault ended it. Another text: it refused. Else what it said. */
function runLife(world: World, storage: SimDisk, config: NodeConfig, byCommand: boolean): Told | string {
  const thread = new SimThread(world, 'control');
  const ports: StoragePorts = {
    clock: new SimClock(thread, new WallTime(world)),
    disk: storage.portFor(thread),
    entropy: new SimEntropy(world.random.fork()),
    kernels: simKernels,
    log: new SimLog(world, 'node'),
  };
  try {
    if (byCommand) {
      const outcome = formatNode({ ...ports, digests: createDigests() }, config, REQUEST);
      if (typeof outcome === 'string') return outcome;
    }
    const opened = openDataDirectories(ports, config);
    return typeof opened === 'string' ? opened : toldBy(opened);
  } catch (error) {
    if (!(error instanceof ProcessEnded)) throw error;
    return 'died';
  }
}

const REQUEST: FormatRequest = {
  clusterId: GIVEN_CLUSTER,
  ignoreFormatted: true,
  releaseVersion: GIVEN_RELEASE,
  features: [],
  addScram: ['SCRAM-SHA-256=[name=a,saltedpassword="YWJj",salt="N3E="]'],
  standalone: false,
  noInitialControllers: false,
  initialControllers: null,
};

function toldBy({ clusterId, bootstrap, all, metadata }: DataDirectories): Told {
  const online = [metadata, ...all].filter(({ failure }) => failure === null);
  const records = bootstrap.map((record) => {
    const writer = new ByteWriter((text) => simKernels.encodeText(text));
    record.write(writer);
    return `${record.type}/${record.version}:${[...writer.written()].join(' ')}`;
  });
  return { clusterId, bootstrap: records.join('; '), ids: new Map(online.map(({ path, id }) => [path, id])) };
}

/** Nothing of one beginning is mixed with another's. */
function checkWhole(
  { clusterId, bootstrap, ids }: Told,
  config: NodeConfig,
  formatBegun: boolean,
  findings: Finding[],
): void {
  const rule = 'I19 a cluster begins whole';
  const isGiven = clusterId === GIVEN_CLUSTER;
  if (isGiven && !formatBegun) findings.push({ rule, detail: 'nobody gave this id' });
  // The command writes a feature level and a credential, a start six feature levels.
  if (isGiven !== bootstrap.includes('11/0:')) findings.push({ rule, detail: `${clusterId} begins with ${bootstrap}` });
  if (new Set(ids.values()).size < ids.size) findings.push({ rule, detail: 'a directory id is used twice' });
  if (!ids.has(config.storage.metadataDirectory)) findings.push({ rule, detail: 'no metadata directory' });
}

function checkKept(before: Told, now: Told, findings: Finding[]): void {
  const rule = 'I19 what was formatted stays';
  if (now.clusterId !== before.clusterId)
    findings.push({ rule, detail: `${before.clusterId} became ${now.clusterId}` });
  if (now.bootstrap !== before.bootstrap)
    findings.push({ rule, detail: `${before.bootstrap} became ${now.bootstrap}` });
  for (const [path, id] of before.ids) {
    const other = now.ids.get(path);
    if (other !== undefined && other !== id) findings.push({ rule, detail: `${path} was ${id}, is ${other}` });
  }
}
