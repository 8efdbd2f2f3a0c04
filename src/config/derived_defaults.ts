import type { MachineFacts } from './build_node_config.ts';
import type { NodeConfig } from './node_config.ts';
import type { ConfigValues } from './values.ts';

/** A value that nobody wrote and that depends on the machine or on other keys. */
export interface DerivedDefault {
  readonly name: 'millrace.shards' | 'millrace.arena.bytes' | 'socket.request.max.bytes';
  readonly text: string;
  /** A sentence's end: "derived from …". */
  readonly from: string;
}

/** What `buildNodeConfig` has worked out, and of what. */
export function derivedDefaults(values: ConfigValues, node: NodeConfig, machine: MachineFacts): DerivedDefault[] {
  const derived: DerivedDefault[] = [];
  const memory = `${mebibytes(machine.memoryBytes)} (${machine.memoryFrom ?? 'memory of the machine'})`;
  if (!values.isWritten('millrace.shards')) {
    const from = `${machine.cores} ${machine.cores === 1 ? 'core' : 'cores'}`;
    derived.push({
      name: 'millrace.shards',
      text: String(node.shards),
      from: machine.coresFrom === undefined ? from : `${from} (${machine.coresFrom})`,
    });
  }
  if (!values.isWritten('millrace.arena.bytes')) {
    const isQueued = values.number('queued.max.request.bytes') > 0;
    const all = isQueued ? 'queued.max.request.bytes' : `a quarter of ${memory}, at most 512 MiB`;
    derived.push({
      name: 'millrace.arena.bytes',
      text: String(node.network.arenaBytes),
      from: `${all}, divided by ${node.shards} ${node.shards === 1 ? 'shard' : 'shards'}, but no less than one request`,
    });
  }
  if (node.network.requestBytesMax !== values.number('socket.request.max.bytes')) {
    derived.push({
      name: 'socket.request.max.bytes',
      text: String(node.network.requestBytesMax),
      from: `${memory}, of which such requests would take more than half`,
    });
  }
  return derived;
}

function mebibytes(bytes: number): string {
  return `${Math.floor(bytes / 2 ** 20)} MiB`;
}
