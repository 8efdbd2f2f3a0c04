import './platform/thread_pool.ts';
import { mkdtemp, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { addressText } from './cli/banner.ts';
import { loadConfig } from './cli/start_options.ts';
import { RecoveryProgressReport } from './cli/recovery_progress.ts';
import type { NodeInfo } from './control/control_events.ts';
import { startNode } from './node.ts';
import { availableResources } from './platform/cores.ts';
import { createLog } from './platform/log.ts';

/** How a broker inside this process is to be. Everything has a default that suits a test. */
export interface BrokerOptions {
  /** Address to listen on. `127.0.0.1` if not given. */
  readonly host?: string;
  /** Port to listen on; 0, the default, lets the kernel choose one that is free. */
  readonly port?: number;
  /** Where the data lies. A directory of its own under the system's temporary one, removed by `stop`, if not given. */
  readonly dataDirectory?: string;
  /** Worker threads that serve clients. 1 if not given. */
  readonly shards?: number;
  /** Any keys of `server.properties` on top, e.g. `{ 'num.partitions': '3' }`. */
  readonly config?: Readonly<Record<string, string>>;
  /** Takes each line of the log. Nothing is logged if not given. */
  readonly log?: (line: string) => void;
}

/** A running broker. */
export interface Broker {
  /** What clients take as bootstrap server, `host:port`. */
  readonly bootstrap: string;
  readonly host: string;
  readonly port: number;
  readonly clusterId: string;
  readonly dataDirectory: string;
  /** Settles when the broker is over: fulfilled by `stop`, rejected when a thread of it died. */
  readonly ended: Promise<void>;
  /** Stops in order: what was received is answered, logs are flushed and closed, ports and files given back. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Starts a broker in this process, its shards in worker threads.
 *
 *     await using broker = await startBroker();
 *     const kafka = new Kafka({ brokers: [broker.bootstrap] });
 *
 * @throws Error with one sentence that says what to mend: a taken port, a directory that another process holds, a wrong
 *   value in `config`
 */
export async function startBroker(options: BrokerOptions = {}): Promise<Broker> {
  const { host = '127.0.0.1', port = 0, shards = 1 } = options;
  const temporary = options.dataDirectory === undefined ? await mkdtemp(join(tmpdir(), 'millrace-')) : null;
  const dataDirectory = temporary ?? options.dataDirectory!;
  const removeTemporary = async (): Promise<void> => {
    if (temporary !== null) await rm(temporary, { recursive: true, force: true });
  };
  const overrides = {
    'log.dirs': dataDirectory,
    'millrace.shards': String(shards),
    listeners: `PLAINTEXT://${addressText(host, port)}`,
    ...options.config,
  };
  const resolved = loadConfig(
    {
      file: null,
      port: null,
      entries: Object.entries(overrides).map(([name, text]) => ({ name, text, isSecret: false, origin: ORIGIN })),
    },
    {
      environment: {},
      machine: { hostName: hostname(), ...availableResources() },
    },
  );
  if (typeof resolved === 'string' || resolved.node === null) {
    await removeTemporary();
    throw new Error(typeof resolved === 'string' ? resolved : resolved.errors.join('; '));
  }
  const ready = Promise.withResolvers<NodeInfo>();
  const ended = Promise.withResolvers<void>();
  // Whoever does not look at it must not be told of an unhandled rejection: `startBroker` and `stop` tell, too.
  ended.promise.catch(() => {});
  const write = options.log ?? ((): void => {});
  const log = createLog({ format: 'human', thread: 'control', colour: false, write });
  const recovery = new RecoveryProgressReport(null, log, () => performance.now());
  const node = await startNode(resolved.node, log, {
    recovering: (progress) => recovery.show(progress),
    ready: ready.resolve,
    failed(message) {
      ready.reject(new Error(message));
      ended.reject(new Error(message));
    },
    stopped: () => ended.resolve(),
  });
  if (typeof node === 'string') {
    await removeTemporary();
    throw new Error(node);
  }
  const release = async (): Promise<void> => {
    node.release();
    await removeTemporary();
  };
  let info: NodeInfo;
  try {
    info = await ready.promise;
  } catch (error) {
    await release();
    throw error;
  }
  let stopping: Promise<void> | null = null;
  const stopAndRelease = async (): Promise<void> => {
    node.control.stop();
    try {
      await ended.promise;
    } finally {
      await release();
    }
  };
  const stop = (): Promise<void> => (stopping ??= stopAndRelease());
  const bound = info.ports[0]!;
  return {
    bootstrap: addressText(host, bound),
    host,
    port: bound,
    clusterId: info.clusterId,
    dataDirectory,
    ended: ended.promise,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

const ORIGIN = { kind: 'command line', place: 'startBroker' } as const;
