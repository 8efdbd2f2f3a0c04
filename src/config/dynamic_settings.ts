/** Settings of brokers that lie in the metadata (KIP-226), by the key's name. */
export interface DynamicSettings {
  /** The default of all brokers: the resource without a name. */
  readonly cluster: ReadonlyMap<string, string>;
  /** Of this node alone. */
  readonly node: ReadonlyMap<string, string>;
}

/** `ConfigSource` on the wire. A smaller one wins; those of groups, loggers and client metrics stand alone. */
export const configSource = {
  topic: 1,
  broker: 2,
  clusterDefault: 3,
  file: 4,
  builtIn: 5,
  logger: 6,
  clientMetrics: 7,
  group: 8,
} as const;
