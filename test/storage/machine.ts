import type { NodeConfig } from '../../src/config/node_config.ts';
import { writeFully } from '../../src/log/atomic_file.ts';
import { createDigests } from '../../src/platform/digests.ts';
import type { Digests } from '../../src/port/digests.ts';
import { DiskError, type Disk } from '../../src/port/disk.ts';
import type { StoragePorts } from '../../src/storage/storage_ports.ts';
import { resolveNode } from '../config/sources.ts';
import { SimClock, WallTime } from '../simulation/sim_clock.ts';
import { SimDisk } from '../simulation/sim_disk.ts';
import { SimEntropy } from '../simulation/sim_entropy.ts';
import { simKernels } from '../simulation/sim_kernels.ts';
import { SimLog } from '../simulation/sim_log.ts';
import { SimThread } from '../simulation/sim_thread.ts';
import { World } from '../simulation/world.ts';

/** A machine with an empty disk, and what looks after its data directories. */
export interface StorageMachine {
  readonly storage: SimDisk;
  readonly disk: Disk;
  readonly log: SimLog;
  readonly ports: StoragePorts & { readonly digests: Digests };
}

export function storageMachine(seed = 1): StorageMachine {
  const world = new World(seed);
  const thread = new SimThread(world, 'control');
  const storage = new SimDisk(world);
  const disk = storage.portFor(thread);
  const log = new SimLog(world, 'node');
  const ports = {
    clock: new SimClock(thread, new WallTime(world)),
    disk,
    entropy: new SimEntropy(world.random.fork()),
    kernels: simKernels,
    log,
    digests: createDigests(),
  };
  return { storage, disk, log, ports };
}

/** A node with these data directories, and a quorum whose voters stand in the log. */
export function nodeWith(directories: string, more = ''): NodeConfig {
  return resolveNode(
    `node.id=1\nlisteners=PLAINTEXT://localhost:29392,CONTROLLER://localhost:29393\n` +
      `controller.listener.names=CONTROLLER\nlog.dirs=${directories}\n${more}`,
  );
}

export function putFile(disk: Disk, path: string, text: string): void {
  disk.makeDirectory(path.slice(0, path.lastIndexOf('/')));
  const file = disk.open(path, 'write');
  if (file instanceof DiskError) throw new Error(file.toString());
  file.truncate(0);
  writeFully(file, simKernels.encodeText(text), 0);
  file.close();
}

export function metaProperties(clusterId: string, nodeId: number, directoryId: string | null, version = '1'): string {
  const id = directoryId === null ? '' : `directory.id=${directoryId}\n`;
  return `#\n#Sat Nov 21 12:07:35 UTC 2026\nnode.id=${nodeId}\n${id}version=${version}\ncluster.id=${clusterId}\n`;
}
