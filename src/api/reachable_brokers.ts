import type { Uuid } from '../base/uuid.ts';
import { hasOnlineDirectory, type BrokerImage, type RegisteredEndpoint } from '../metadata/cluster_image.ts';
import type { ApiHost } from './host.ts';

/** A broker as clients are told of it. */
export interface ToldBroker {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
  readonly rack: string | null;
}

/**
 * The brokers as a client sees them that came by one listener: it is told the addresses of listeners of that name, and a
 * broker that has none, or is fenced, is not there for it. Of this node it is told the address by which it came, with
 * the port that was bound. A view of the image for one request.
 */
export class ReachableBrokers {
  readonly #host: ApiHost;
  readonly #listener: number;
  readonly #listenerName: string;

  constructor(host: ApiHost, listener: number) {
    this.#host = host;
    this.#listener = listener;
    this.#listenerName = host.node.listenerName(listener);
  }

  told(): ToldBroker[] {
    const { image, node } = this.#host;
    const told: ToldBroker[] = [];
    for (const broker of image.cluster.brokers.values()) {
      const endpoint = this.#endpointOf(broker);
      if (broker.isFenced || endpoint === undefined) continue;
      told.push({ nodeId: broker.id, host: endpoint.host, port: endpoint.port, rack: broker.rack });
    }
    // Whoever answers is there, also while its registration has not come back to it.
    if (!image.cluster.brokers.has(node.nodeId)) {
      told.push({ nodeId: node.nodeId, ...node.endpoint(this.#listener), rack: node.rack });
    }
    return told;
  }

  /** Whether a client can be sent to a leader: `silent` is one that has no listener of this name. */
  leader(id: number): 'reachable' | 'silent' | 'unknown' {
    const broker = this.#host.image.cluster.brokers.get(id);
    if (broker === undefined) return id === this.#host.node.nodeId ? 'reachable' : 'unknown';
    return this.#endpointOf(broker) === undefined ? 'silent' : 'reachable';
  }

  /** Whether a broker can be reached at all, its leaderships aside. */
  isAlive(id: number): boolean {
    const broker = this.#host.image.cluster.brokers.get(id);
    if (broker === undefined) return id === this.#host.node.nodeId;
    return !broker.isFenced && this.#endpointOf(broker) !== undefined;
  }

  /** Whether a replica can be reached: its broker, and the log directory in which the broker has it. */
  hasReplica(id: number, directory: Uuid): boolean {
    if (!this.isAlive(id)) return false;
    const broker = this.#host.image.cluster.brokers.get(id);
    return broker === undefined || hasOnlineDirectory(broker, directory);
  }

  #endpointOf(broker: BrokerImage): Pick<RegisteredEndpoint, 'host' | 'port'> | undefined {
    const { node } = this.#host;
    if (broker.id === node.nodeId) return node.endpoint(this.#listener);
    return broker.endpoints.find(({ name }) => name === this.#listenerName);
  }
}
