import { DynamicConfig } from '../config/dynamic_config.ts';
import { findNodeKey } from '../config/keys.ts';
import type { NodeConfig, TopicConfig } from '../config/node_config.ts';
import { InvalidValue, parseConfigValue, type ConfigValue } from '../config/value.ts';
import { findSetting } from '../controller/config_changes.ts';
import { ConfigManager, type PlannedConfigs } from '../controller/config_manager.ts';
import { ConfigValidation } from '../controller/config_validation.ts';
import { beginTracking, ELIGIBLE_LEADER_REPLICAS } from '../controller/eligible_replicas.ts';
import { FeatureManager, FeatureRefusal, type FeatureChanges } from '../controller/feature_manager.ts';
import { planProducerIds } from '../controller/producer_ids.ts';
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
import { commitRecords, committed, toldOutcomes, type CommitRefusal } from './record_commit.ts';

/** The same in both requests that change settings. */
type ConfigsAnswer = Encodable<typeof alterConfigsResponse>;
type FeaturesAnswer = Encodable<typeof updateFeaturesResponse>;
type ProducerIdsAnswer = Encodable<typeof allocateProducerIdsResponse>;

/** What both requests have in common. */
interface SettingsRequest {
  readonly resources: readonly {
    readonly resourceType: number;
    readonly configs: readonly { readonly name: string }[];
  }[];
  readonly validateOnly: boolean;
}

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
        topicDefaults: () => this.#topicDefaults(),
        nodeValue: (name) => this.#nodeValue(name),
      }),
      hasTopic: (name) => image.topicByName(name) !== undefined,
      tracksEligibleReplicas: () => image.features.level(ELIGIBLE_LEADER_REPLICAS) >= 1,
    });
    this.#features = new FeatureManager({
      nodeId,
      levelOf: (feature) => (feature === KRAFT_VERSION ? metadata.kraftVersion : image.features.level(feature)),
      beginTracking: () => beginTracking(image.configs, this.#topicDefaults().minInsyncReplicas),
      registered: () => this.#registered(),
    });
  }

  alterWhole(request: AlterConfigsRequest): ConfigsAnswer {
    return this.#carryOut(this.#configs.planWhole(request.resources), request);
  }

  alterSingle(request: IncrementalAlterConfigsRequest): ConfigsAnswer {
    return this.#carryOut(this.#configs.planIncremental(request.resources), request);
  }

  updateFeatures(request: UpdateFeaturesRequest): FeaturesAnswer {
    const planned = this.#features.plan(request.featureUpdates);
    if (planned instanceof FeatureRefusal) {
      return { throttleTimeMs: 0, errorCode: planned.errorCode, errorMessage: planned.message };
    }
    const refusal = this.#changeFeatures(planned, request.validateOnly);
    return { throttleTimeMs: 0, ...(refusal ?? { errorCode: ErrorCode.NONE, errorMessage: null }) };
  }

  #changeFeatures({ records, namesVoters }: FeatureChanges, validateOnly: boolean): CommitRefusal | null {
    const consequence = 'levels of features were not changed';
    if (namesVoters && !validateOnly) {
      const refusal = committed(this.#ports, this.#metadata.nameVoters(), consequence);
      if (refusal !== null) return refusal;
    }
    return this.#commit(records, validateOnly, consequence);
  }

  allocateProducerIds(): ProducerIdsAnswer {
    const { image } = this.#metadata;
    const { nodeId } = this.#config;
    const block = planProducerIds(image.nextProducerId, nodeId, image.cluster.brokers.get(nodeId)?.epoch ?? -1);
    const refusal = this.#commit(block.records, false, 'no producer ids were handed out');
    return {
      throttleTimeMs: 0,
      errorCode: refusal?.errorCode ?? ErrorCode.NONE,
      producerIdStart: refusal === null ? BigInt(block.start) : -1n,
      producerIdLen: refusal === null ? block.length : 0,
    };
  }

  #carryOut({ outcomes, records }: PlannedConfigs, { resources, validateOnly }: SettingsRequest): ConfigsAnswer {
    const refusal = this.#commit(records, validateOnly, 'settings were not changed');
    if (refusal === null && !validateOnly && records.length > 0) this.#warnOfIdleSettings(resources);
    return { throttleTimeMs: 0, responses: toldOutcomes(outcomes, refusal) };
  }

  /** Settings that mean something to Apache Kafka and nothing here are kept, and said to be idle. */
  #warnOfIdleSettings(resources: SettingsRequest['resources']): void {
    const idle = resources.flatMap(({ resourceType, configs }) =>
      configs.map(({ name }) => name).filter((name) => findSetting(resourceType, name)?.effect === null),
    );
    if (idle.length === 0) return;
    this.#ports.log.warn('settings were changed that have no effect in Millrace', {
      names: [...new Set(idle)].join(', '),
    });
  }

  #commit(records: readonly MetadataRecord[], validateOnly: boolean, consequence: string): CommitRefusal | null {
    return commitRecords(this.#ports, this.#metadata, records, validateOnly, consequence);
  }

  /** What topics have unless they say otherwise, as it counts now. */
  #topicDefaults(): TopicConfig {
    const dynamic = this.#metadata.image.configs.ofBroker(this.#config.nodeId);
    return this.#effective.effective(dynamic).config.topics.config;
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
