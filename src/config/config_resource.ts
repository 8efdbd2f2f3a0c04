/** What has a configuration of its own in the metadata: `ConfigResource.Type` on the wire. */
export const configResource = { topic: 2, broker: 4, brokerLogger: 8, clientMetrics: 16, group: 32 } as const;

/** The name of the resource of type `broker` whose settings are the defaults of all brokers (KIP-226). */
export const CLUSTER_DEFAULT = '';
