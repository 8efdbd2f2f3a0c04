/** `ConfigResource.Type` on the wire, as far as settings are kept for it. */
export const configResourceType = {
  topic: 2,
  /** Its id; '' is the default of all brokers. */
  broker: 4,
  clientMetrics: 16,
  group: 32,
} as const;

export type ConfigResourceType = (typeof configResourceType)[keyof typeof configResourceType];

/** The resource of type `broker` whose settings are the defaults of all brokers (KIP-226). */
export const CLUSTER_DEFAULT = '';

export interface BrokerSettings {
  readonly cluster: ReadonlyMap<string, string>;
  readonly node: ReadonlyMap<string, string>;
}

const TYPES: readonly number[] = Object.values(configResourceType);
const NO_SETTINGS: ReadonlyMap<string, string> = new Map();

/** One resource and what was set for it. */
export interface ConfiguredResource {
  readonly type: ConfigResourceType;
  readonly name: string;
  readonly settings: ReadonlyMap<string, string>;
}

/** The settings that the cluster keeps, by resource: only what was set; what it falls back to is not known here. */
export class ConfigsImage {
  /** In Kafka's order of types. */
  readonly #byType = new Map<number, Map<string, Map<string, string>>>(TYPES.map((type) => [type, new Map()]));

  /** What was set for a resource; empty where nothing was. */
  of(type: ConfigResourceType, name: string): ReadonlyMap<string, string> {
    return this.#byType.get(type)!.get(name) ?? NO_SETTINGS;
  }

  /** The settings of a topic: the same map for as long as there is the topic. */
  ofTopic(name: string): ReadonlyMap<string, string> {
    return this.#settings(configResourceType.topic, name);
  }

  /** What was set for a broker, and for all of them: the layers of `DynamicSettings` in `src/config`. */
  ofBroker(id: number): BrokerSettings {
    const { broker } = configResourceType;
    return { cluster: this.of(broker, CLUSTER_DEFAULT), node: this.of(broker, String(id)) };
  }

  /** Every resource that something was set for. */
  *resources(): IterableIterator<ConfiguredResource> {
    for (const [type, byName] of this.#byType) {
      for (const [name, settings] of byName) {
        if (settings.size > 0) yield { type: type as ConfigResourceType, name, settings };
      }
    }
  }

  /** Null takes a setting back. False: a type of resource that has no settings. */
  set(type: number, name: string, key: string, value: string | null): boolean {
    if (!isConfigResourceType(type)) return false;
    const settings = this.#settings(type, name);
    if (value === null) settings.delete(key);
    else settings.set(key, value);
    // A topic holds on to its map.
    if (settings.size === 0 && type !== configResourceType.topic) this.#byType.get(type)!.delete(name);
    return true;
  }

  removeTopic(name: string): void {
    this.#byType.get(configResourceType.topic)!.delete(name);
  }

  #settings(type: ConfigResourceType, name: string): Map<string, string> {
    const byName = this.#byType.get(type)!;
    let settings = byName.get(name);
    if (settings === undefined) {
      settings = new Map();
      byName.set(name, settings);
    }
    return settings;
  }
}

function isConfigResourceType(type: number): type is ConfigResourceType {
  return TYPES.includes(type);
}
