import type { Uuid } from '../base/uuid.ts';
import {
  hasOnlineDirectory,
  type BrokerImage,
  type ControllerImage,
  type RegisteredEndpoint,
} from '../metadata/cluster_image.ts';
import type { ApiHost } from './host.ts';

/** A broker as clients are told of it. */
export interface ToldBroker {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
  readonly rack: string | null;
}

/** A node as DescribeCluster tells of it. */
export interface ToldNode extends ToldBroker {
  readonly isFenced: boolean;
}

/**
 * The brokers as a client sees them that came by one listener: it is told the addresses of listeners of that name, and a
 * broker that has none, or is fenced, is not there for it. Of this node it is told the address by which it came, with
 * the port that was bound. A view of the image for one request, that came by a listener of brokers or of controllers.
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
    return this.all().filter(({ isFenced }) => !isFenced);
  }

  /** Fenced ones too. */
  all(): ToldNode[] {
    const { image, node } = this.#host;
    const told: ToldNode[] = [];
    for (const broker of image.cluster.brokers.values()) {
      const endpoint = this.#endpointOf(broker);
      if (endpoint === undefined) continue;
      const { id: nodeId, rack, isFenced } = broker;
      told.push({ nodeId, host: endpoint.host, port: endpoint.port, rack, isFenced });
    }
    // Whoever answers is there, also while its registration has not come back to it.
    if (!image.cluster.brokers.has(node.nodeId)) {
      told.push({ nodeId: node.nodeId, ...node.endpoint(this.#listener), rack: node.rack, isFenced: false });
    }
    return told;
  }

  /** The controllers that have a listener of this name. */
  controllers(): ToldNode[] {
    const { image, node } = this.#host;
    const told: ToldNode[] = [];
    for (const controller of image.cluster.controllers.values()) {
      const endpoint = this.#endpointOf(controller);
      if (endpoint === undefined) continue;
      told.push({ nodeId: controller.id, host: endpoint.host, port: endpoint.port, rack: null, isFenced: false });
    }
    if (!image.cluster.controllers.has(node.nodeId)) {
      told.push({ nodeId: node.nodeId, ...node.endpoint(this.#listener), rack: null, isFenced: false });
    }
    return told;
  }

  /**
   * Whom clients are told as the controller: any broker that is not fenced, as each passes on what controllers decide.
   * This one where that is so; -1 when all are fenced.
   */
  contact(): number {
    const { image, node } = this.#host;
    const self = image.cluster.brokers.get(node.nodeId);
    if (self === undefined || !self.isFenced) return node.nodeId;
    for (const broker of image.cluster.brokers.values()) if (!broker.isFenced) return broker.id;
    return -1;
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

  #endpointOf(one: BrokerImage | ControllerImage): Pick<RegisteredEndpoint, 'host' | 'port'> | undefined {
    const { node } = this.#host;
    if (one.id === node.nodeId) return node.endpoint(this.#listener);
    return one.endpoints.find(({ name }) => name === this.#listenerName);
  }
}
