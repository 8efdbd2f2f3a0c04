import type { NodeConfig, SecurityProtocol } from '../config/node_config.ts';
import { ImageView } from '../controller/cluster_view.ts';
import { Registration } from '../controller/registration.ts';
import type { RegisteredEndpoint, SupportedFeature } from '../metadata/cluster_image.ts';
import { FEATURES, METADATA_VERSION, supportedLevels } from '../metadata/features.ts';
import { PartitionState } from '../shared-memory/partition_columns.ts';
import { replicaState, RowSnapshot } from '../shared-memory/partition_table.ts';
import type { ThreadMemory } from '../shared-memory/thread_memory.ts';
import type { ListenerPorts } from '../shard/shard_boot.ts';
import type { DataDirectories } from '../storage/data_directories.ts';
import type { ClusterMetadata } from './cluster_metadata.ts';

/**
 * How this node comes into its cluster and leaves it, as a broker of a quorum that it is itself: registered with what was
 * bound, unfenced, elected where it may lead; at a clean stop fenced from everything that it led.
 *
 *     register: RegisterController ─► RegisterBroker (fenced) ─► unfenced, leaders elected
 *     leave:    inControlledShutdown, nothing is led any more
 */
export class NodeRegistration {
  readonly #config: NodeConfig;
  readonly #metadata: ClusterMetadata;
  readonly #memory: ThreadMemory;
  readonly #directories: DataDirectories;
  readonly #listenerPorts: ListenerPorts;
  /** Rows that shards are to lead and do not yet. */
  readonly #awaited = new Set<number>();
  readonly #state = new PartitionState();
  readonly #row = new RowSnapshot();

  constructor(
    config: NodeConfig,
    metadata: ClusterMetadata,
    memory: ThreadMemory,
    directories: DataDirectories,
    listenerPorts: ListenerPorts,
  ) {
    this.#config = config;
    this.#metadata = metadata;
    this.#memory = memory;
    this.#directories = directories;
    this.#listenerPorts = listenerPorts;
  }

  /** -1 while the broker is not registered. */
  get brokerEpoch(): number {
    return this.#metadata.image.cluster.brokers.get(this.#config.nodeId)?.epoch ?? -1;
  }

  /** Everything that makes this node serve: each step a batch of its own, as what one says decides the next. */
  register(): string | null {
    const failure =
      this.#registerController() ?? this.#registerBroker() ?? this.#commit(this.#decide().unfence(this.#nodeId));
    if (failure !== null) return failure;
    for (const topic of this.#metadata.image.topics()) {
      for (const slot of topic.slots) if (slot >= 0 && !this.#isSettled(slot)) this.#awaited.add(slot);
    }
    return null;
  }

  /** Whatever this node was elected to lead its shards lead, as far as they can. */
  get isServed(): boolean {
    return this.#awaited.size === 0;
  }

  /** Of that: what they do not lead yet. */
  get unserved(): number {
    return this.#awaited.size;
  }

  /** A shard says that the row is another. */
  noticed(slot: number): void {
    if (this.#awaited.has(slot) && this.#isSettled(slot)) this.#awaited.delete(slot);
  }

  /** The node stops: what it leads it gives up. */
  leave(): string | null {
    return this.brokerEpoch < 0 ? null : this.#commit(this.#decide().beginControlledShutdown(this.#nodeId));
  }

  /** The row is as the metadata wants it, or nobody waits for it: it is not ours, is recovered, or cannot be opened. */
  #isSettled(slot: number): boolean {
    const { table, columns } = this.#memory;
    if (!columns.read(slot, this.#state) || this.#state.leader !== this.#nodeId) return true;
    if (!table.snapshot(slot, this.#row)) return true;
    const { state, leaderEpoch } = this.#row;
    if (state === replicaState.recovering || state === replicaState.offline) return true;
    return state === replicaState.leader && leaderEpoch === this.#state.leaderEpoch;
  }

  get #nodeId(): number {
    return this.#config.nodeId;
  }

  #registerController(): string | null {
    const { incarnationId } = this.#directories;
    const controller = {
      controllerId: this.#nodeId,
      incarnationId,
      endpoints: this.#endpoints(true),
      features: supportedFeatures(),
    };
    return this.#commit(this.#decide().registerController(controller));
  }

  #registerBroker(): string | null {
    const { incarnationId, all } = this.#directories;
    const online = all.filter(({ failure }) => failure === null);
    const broker = {
      brokerId: this.#nodeId,
      incarnationId,
      endpoints: this.#endpoints(false),
      features: supportedFeatures(),
      rack: this.#config.rack,
      directories: online.map(({ id }) => id).toSorted(),
    };
    const before = this.brokerEpoch;
    const wasCleanStop = all.every(({ isClean, cleanBrokerEpoch }) => isClean && cleanBrokerEpoch === before);
    return this.#commit(this.#decide().registerBroker(broker, this.#metadata.nextOffset, wasCleanStop));
  }

  #decide(): Registration {
    return new Registration(new ImageView(this.#metadata.image, this.#memory.columns, this.#config));
  }

  #commit(records: Parameters<ClusterMetadata['commitMany']>[0]): string | null {
    return this.#metadata.commitMany(records);
  }

  #endpoints(ofController: boolean): RegisteredEndpoint[] {
    return this.#config.listeners.flatMap((listener, index) => {
      if (listener.isController !== ofController) return [];
      const { name, securityProtocol, advertised } = listener;
      const { host, port } = advertised ?? { host: listener.host || 'localhost', port: listener.port };
      const bound = port === 0 ? this.#listenerPorts.get(index) : port;
      return [{ name, host, port: bound, securityProtocol: SECURITY_PROTOCOLS.indexOf(securityProtocol) }];
    });
  }
}

function supportedFeatures(): SupportedFeature[] {
  return [METADATA_VERSION, ...FEATURES.map(({ name }) => name)].map((name) => {
    const { min, max } = supportedLevels(name)!;
    return { name, minSupportedVersion: min, maxSupportedVersion: max };
  });
}

/** By their numbers on the wire. */
const SECURITY_PROTOCOLS: readonly SecurityProtocol[] = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'];
