import { resolve } from 'node:path';
import { isLoopback } from '../config/address.ts';
import type { FlushPolicy, NodeConfig } from '../config/node_config.ts';

/** What is known once the node serves. */
export interface BannerFacts {
  readonly version: string;
  readonly clusterId: string;
  /** The cluster was begun by this start, as the data directories were empty. */
  readonly isNewCluster: boolean;
  /** Of each listener of the configuration, in its order: the port that it really has. */
  readonly ports: readonly number[];
  /** From the first line of the program until now. */
  readonly startMs: number;
}

/** What a person wants to know about a node that has just started, one line an entry. */
export function bannerLines(config: NodeConfig, facts: BannerFacts): readonly string[] {
  const lines = [
    `Millrace ${facts.version}, node ${config.nodeId} of ${facts.isNewCluster ? 'the new ' : ''}cluster ${facts.clusterId}, started in ${facts.startMs.toFixed(0)} ms`,
  ];
  for (const [index, listener] of config.listeners.entries()) {
    const port = facts.ports[index] ?? listener.port;
    const { advertised } = listener;
    const told =
      advertised === null ? '' : addressText(advertised.host, advertised.port === 0 ? port : advertised.port);
    const address = addressText(listener.host, port);
    const advertises = told === '' || told === address ? '' : `, clients are told ${told}`;
    lines.push(`  listening on ${address} (${listener.name}${advertises})`);
  }
  const requestMib = Math.round((config.shards * config.network.arenaBytes) / 2 ** 20);
  const { flushPolicy, flushIntervalMs, directories } = config.storage;
  lines.push(
    `  data in ${directories.map((directory) => resolve(directory)).join(', ')}`,
    `  ${config.shards} ${config.shards === 1 ? 'shard' : 'shards'}, up to ${requestMib} MiB for requests`,
    `  acknowledged = ${durabilityPromise(flushPolicy, flushIntervalMs)}`,
  );
  if (config.listeners.some((listener) => !isLoopback(listener.host) && listener.securityProtocol === 'PLAINTEXT')) {
    lines.push('  open to everybody who can reach it: no listener asks who its clients are');
  }
  lines.push('  Ctrl-C (or SIGTERM) stops it, a second one at once');
  const clients = config.listeners.findIndex((listener) => !listener.isController);
  const port = facts.ports[clients] ?? 0;
  const host = config.listeners[clients]?.host ?? '';
  const server = addressText(host === '' || host === '0.0.0.0' || host === '::' ? 'localhost' : host, port);
  lines.push(
    `  try: kafka-console-producer.sh --bootstrap-server ${server} --topic hello`,
    `       kafka-console-consumer.sh --bootstrap-server ${server} --topic hello --from-beginning`,
  );
  return lines;
}

/** What a producer can rely on once it has its answer, in words that stay true when things go wrong. */
export function durabilityPromise(policy: FlushPolicy, intervalMs: number): string {
  switch (policy) {
    case 'never':
      return 'in the page cache of this machine: survives the end of the process, not a loss of power';
    case 'interval':
      return `in the page cache of this machine, and on disk within ${intervalMs} ms: a loss of power takes what is younger`;
    case 'acknowledged':
      return 'on disk: survives a loss of power';
  }
}

/** `host:port`, IPv6 in brackets, `*` for every address. */
export function addressText(host: string, port: number): string {
  return `${host === '' ? '*' : host.includes(':') ? `[${host}]` : host}:${port}`;
}
