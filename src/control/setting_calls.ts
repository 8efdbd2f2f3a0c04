import { DynamicConfig } from '../config/dynamic_config.ts';
import { findNodeKey } from '../config/keys.ts';
import type { NodeConfig } from '../config/node_config.ts';
import { InvalidValue, parseConfigValue, type ConfigValue } from '../config/value.ts';
import { ConfigManager, type PlannedConfigs } from '../controller/config_manager.ts';
import { ConfigValidation } from '../controller/config_validation.ts';
import { FeatureManager, FeatureRefusal } from '../controller/feature_manager.ts';
import { planProducerIds } from '../controller/producer_ids.ts';
import { ELIGIBLE_LEADER_REPLICAS } from '../controller/registration.ts';
import type { SupportedFeature } from '../metadata/cluster_image.ts';
import { KRAFT_VERSION } from '../metadata/features.ts';
import type { MetadataRecord } from '../metadata/records.ts';
import { ErrorCode } from '../protocol/errors.ts';
import type { AlterConfigsRequest, alterConfigsResponse } from '../protocol/schema/33_alter_configs.ts';
import type { IncrementalAlterConfigsRequest } from '../protocol/schema/44_incremental_alter_configs.ts';
import type { UpdateFeaturesRequest, updateFeaturesResponse } from '../protocol/schema/57_update_features.ts';
import type { allocateProducerIdsResponse } from '../protocol/schema/67_allocate_producer_ids.ts';
import type { Encodable } from '../protocol/schema_language.ts';
import type { ClusterMetadata } from './cluster_metadata.ts';
import type { ControlPorts } from './control_ports.ts';

/** The same in both requests that change settings. */
type ConfigsAnswer = Encodable<typeof alterConfigsResponse>;
type FeaturesAnswer = Encodable<typeof updateFeaturesResponse>;
type ProducerIdsAnswer = Encodable<typeof allocateProducerIdsResponse>;

/** Settings of topics, brokers, groups and subscriptions; levels of features; blocks of producer ids. */
export class SettingCalls {
  readonly #ports: ControlPorts;
  readonly #config: NodeConfig;
  readonly #metadata: ClusterMetadata;
  readonly #configs: ConfigManager;
  readonly #features: FeatureManager;
  readonly #effective: DynamicConfig;

  constructor(ports: ControlPorts, config: NodeConfig, metadata: ClusterMetadata) {
    const { image } = metadata;
    const { nodeId } = config;
    this.#ports = ports;
    this.#config = config;
    this.#metadata = metadata;
    this.#effective = new DynamicConfig(config);
    this.#configs = new ConfigManager({
      configs: image.configs,
      validation: new ConfigValidation({
        nodeId,
        topicDefaults: () => this.#effective.effective(image.configs.ofBroker(nodeId)).config.topics.config,
        nodeValue: (name) => this.#nodeValue(name),
      }),
      hasTopic: (name) => image.topicByName(name) !== undefined,
      tracksEligibleReplicas: () => image.features.level(ELIGIBLE_LEADER_REPLICAS) >= 1,
    });
    this.#features = new FeatureManager({
      nodeId,
      levelOf: (feature) => (feature === KRAFT_VERSION ? metadata.kraftVersion : image.features.level(feature)),
      registered: () => this.#registered(),
    });
  }

  alterWhole(request: AlterConfigsRequest): ConfigsAnswer {
    return this.#carryOut(this.#configs.planWhole(request.resources), request.validateOnly);
  }

  alterSingle(request: IncrementalAlterConfigsRequest): ConfigsAnswer {
    return this.#carryOut(this.#configs.planIncremental(request.resources), request.validateOnly);
  }

  updateFeatures(request: UpdateFeaturesRequest): FeaturesAnswer {
    const planned = this.#features.plan(request.featureUpdates);
    if (planned instanceof FeatureRefusal) {
      return { throttleTimeMs: 0, errorCode: planned.errorCode, errorMessage: planned.message };
    }
    const failure = request.validateOnly ? null : this.#commit(planned, 'levels of features were not changed');
    const errorCode = failure === null ? ErrorCode.NONE : ErrorCode.KAFKA_STORAGE_ERROR;
    return { throttleTimeMs: 0, errorCode, errorMessage: failure };
  }

  allocateProducerIds(): ProducerIdsAnswer {
    const { image } = this.#metadata;
    const { nodeId } = this.#config;
    const block = planProducerIds(image.nextProducerId, nodeId, image.cluster.brokers.get(nodeId)?.epoch ?? -1);
    const failure = this.#commit(block.records, 'no producer ids were handed out');
    return {
      throttleTimeMs: 0,
      errorCode: failure === null ? ErrorCode.NONE : ErrorCode.KAFKA_STORAGE_ERROR,
      producerIdStart: failure === null ? BigInt(block.start) : -1n,
      producerIdLen: failure === null ? block.length : 0,
    };
  }

  #carryOut({ outcomes, records }: PlannedConfigs, validateOnly: boolean): ConfigsAnswer {
    const failure = validateOnly ? null : this.#commit(records, 'settings were not changed');
    const responses = outcomes.map((outcome) =>
      failure !== null && outcome.errorCode === ErrorCode.NONE
        ? { ...outcome, errorCode: ErrorCode.KAFKA_STORAGE_ERROR, errorMessage: failure }
        : outcome,
    );
    return { throttleTimeMs: 0, responses };
  }

  /** Null, or why nothing happened. */
  #commit(records: readonly MetadataRecord[], consequence: string): string | null {
    if (records.length === 0) return null;
    const failure = this.#metadata.commit(records);
    if (failure !== null) this.#ports.log.error(`${consequence}: the metadata log cannot be written`, { why: failure });
    return failure;
  }

  /** A key of this node as it counts now. Where a secret was written, the default: it left with the start. */
  #nodeValue(name: string): ConfigValue {
    const key = findNodeKey(name);
    if (key === null) return null;
    const { node, cluster } = this.#metadata.image.configs.ofBroker(this.#config.nodeId);
    const written = this.#config.written.find((setting) => setting.name === name)?.text;
    for (const text of [node.get(name), cluster.get(name), written, key.default]) {
      const value = typeof text === 'string' ? parseConfigValue(key, text) : null;
      if (value !== null && !(value instanceof InvalidValue)) return value;
    }
    return null;
  }

  *#registered(): Iterable<readonly [string, readonly SupportedFeature[]]> {
    const { brokers, controllers } = this.#metadata.image.cluster;
    for (const { id, features } of brokers.values()) yield [`Broker ${id}`, features];
    for (const { id, features } of controllers.values()) {
      if (id !== this.#config.nodeId) yield [`Controller ${id}`, features];
    }
  }
}
