import {
  CLUSTER_DEFAULT,
  configResourceType,
  type ConfigResourceType,
  type ConfigsImage,
} from '../metadata/configs_image.ts';
import { metadataRecord } from '../metadata/metadata_record.ts';
import type { MetadataRecord } from '../metadata/records.ts';
import { ErrorCode } from '../protocol/errors.ts';
import { configRecord } from '../protocol/schema/metadata/config_record.ts';
import { ChangeRefusal, changedValue, configOperation, type ConfigChange } from './config_changes.ts';
import { forgetEligibleReplicas, MINIMUM } from './eligible_replicas.ts';
import type { ConfigRefusal, ConfigValidation } from './config_validation.ts';

/** The settings of one resource that a client wants changed. */
export interface ResourceChange {
  readonly resourceType: number;
  readonly resourceName: string;
  readonly configs: readonly ConfigChange[];
}

/** All the settings that a resource is to have. */
export interface WholeSettings {
  readonly resourceType: number;
  readonly resourceName: string;
  readonly configs: readonly { readonly name: string; readonly value: string | null }[];
}

export interface ResourceOutcome {
  readonly resourceType: number;
  readonly resourceName: string;
  readonly errorCode: ErrorCode;
  readonly errorMessage: string | null;
}

export interface PlannedConfigs {
  /** One for each resource of the request, in its order. */
  readonly outcomes: readonly ResourceOutcome[];
  /** Of all resources that are not refused. */
  readonly records: readonly MetadataRecord[];
}

export interface ConfigManagerOptions {
  readonly configs: ConfigsImage;
  readonly validation: ConfigValidation;
  readonly hasTopic: (name: string) => boolean;
  /** `eligible.leader.replicas.version` is 1: what counts as enough replicas must then be the same everywhere (KIP-966). */
  readonly tracksEligibleReplicas: () => boolean;
}

/**
 * Settings in the metadata: of topics, of brokers (one, or all: KIP-226), of groups, of subscriptions to client metrics.
 * Each resource of a request is decided by itself: one that is refused does not hinder the others. Changes nothing.
 */
export class ConfigManager {
  readonly #options: ConfigManagerOptions;

  constructor(options: ConfigManagerOptions) {
    this.#options = options;
  }

  /** Single settings (KIP-339). */
  planIncremental(resources: readonly ResourceChange[]): PlannedConfigs {
    return this.#plan(resources, (resource, present) => {
      const changes = new Map<string, string | null>();
      for (const change of resource.configs) {
        const value = changedValue(resource.resourceType, change, present.get(change.name) ?? null);
        if (value instanceof ChangeRefusal) return value;
        changes.set(change.name, value);
      }
      return changes;
    });
  }

  /** Whole sets of settings: what is not named falls back to its default. */
  planWhole(resources: readonly WholeSettings[]): PlannedConfigs {
    const changed = resources.map((resource) => ({
      ...resource,
      configs: resource.configs.map((config) => ({ ...config, configOperation: configOperation.set })),
    }));
    return this.#plan(changed, ({ configs }, present) => {
      const changes = new Map(configs.map(({ name, value }) => [name, value]));
      for (const name of present.keys()) if (!changes.has(name)) changes.set(name, null);
      return changes;
    });
  }

  #plan(
    resources: readonly ResourceChange[],
    changesOf: (resource: ResourceChange, present: ReadonlyMap<string, string>) => Changes | ChangeRefusal,
  ): PlannedConfigs {
    const named = new Map<string, number>();
    for (const resource of resources) named.set(keyOf(resource), (named.get(keyOf(resource)) ?? 0) + 1);
    const outcomes: ResourceOutcome[] = [];
    const records: MetadataRecord[] = [];
    for (const resource of resources) {
      const { resourceType, resourceName } = resource;
      const decided = this.#decide(resource, named.get(keyOf(resource))! > 1, changesOf);
      if (Array.isArray(decided)) records.push(...decided);
      const refusal = Array.isArray(decided) ? null : decided;
      const errorCode = refusal?.errorCode ?? ErrorCode.NONE;
      outcomes.push({ resourceType, resourceName, errorCode, errorMessage: refusal?.message ?? null });
    }
    return { outcomes, records };
  }

  #decide(
    resource: ResourceChange,
    isNamedTwice: boolean,
    changesOf: (resource: ResourceChange, present: ReadonlyMap<string, string>) => Changes | ChangeRefusal,
  ): MetadataRecord[] | ConfigRefusal {
    const { configs, validation, hasTopic } = this.#options;
    const { resourceType, resourceName } = resource;
    const refusal = isNamedTwice
      ? { errorCode: ErrorCode.INVALID_REQUEST, message: 'Each resource must appear at most once.' }
      : (refusalOfForm(resource) ?? (isNamedFirst(resourceType) ? this.#refusalOfName(resource) : null));
    if (refusal !== null) return refusal;
    const present = configs.of(resourceType as ConfigResourceType, resourceName);
    const changes = changesOf(resource, present);
    if (changes instanceof ChangeRefusal) return changes;
    const refusedName = this.#refusalOfName(resource);
    if (refusedName !== null) return refusedName;
    const after = new Map(present);
    for (const [name, value] of changes) {
      if (value === null) after.delete(name);
      else after.set(name, value);
    }
    const refused =
      validation.refusalOfSettings(resourceType, resourceName, after) ?? this.#refusalOfMinimum(resource, changes);
    if (refused !== null) return refused;
    if (resourceType === configResourceType.topic && !hasTopic(resourceName)) {
      return {
        errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
        message: `The topic '${resourceName}' does not exist.`,
      };
    }
    const records = recordsOf(resource, present, changes);
    const isMinimumChanged = changes.has(MINIMUM) && changes.get(MINIMUM) !== (present.get(MINIMUM) ?? null);
    if (!isMinimumChanged || !this.#options.tracksEligibleReplicas()) return records;
    return [...records, forgetEligibleReplicas(resourceType, resourceName)];
  }

  #refusalOfName({ resourceType, resourceName }: ResourceChange): ConfigRefusal | null {
    return this.#options.validation.refusalOfName(resourceType, resourceName);
  }

  /** While eligible replicas are tracked, how many replicas are enough is one number for the cluster, and always there. */
  #refusalOfMinimum({ resourceType, resourceName }: ResourceChange, changes: Changes): ConfigRefusal | null {
    if (
      resourceType !== configResourceType.broker ||
      !changes.has(MINIMUM) ||
      !this.#options.tracksEligibleReplicas()
    ) {
      return null;
    }
    const errorCode = ErrorCode.INVALID_CONFIG;
    if (resourceName !== CLUSTER_DEFAULT) {
      return { errorCode, message: `Broker-level ${MINIMUM} cannot be altered while ELR is enabled.` };
    }
    if (changes.get(MINIMUM) !== null) return null;
    return { errorCode, message: `Cluster-level ${MINIMUM} cannot be removed while ELR is enabled.` };
  }
}

/** By name: what a setting will be; null: not set any more. */
type Changes = ReadonlyMap<string, string | null>;

/** What the request alone says, before anything is looked at. */
function refusalOfForm({ configs }: ResourceChange): ConfigRefusal | null {
  const errorCode = ErrorCode.INVALID_REQUEST;
  if (new Set(configs.map(({ name }) => name)).size < configs.length) {
    return { errorCode, message: 'Error due to duplicate config keys' };
  }
  const nulls = configs.filter((config) => config.configOperation !== configOperation.delete && config.value === null);
  if (nulls.length === 0) return null;
  return { errorCode, message: `Null value not supported for : ${nulls.map(({ name }) => name).join(', ')}` };
}

/** Brokers and what does not exist are refused before changes are looked at, all else by its name after that. */
function isNamedFirst(resourceType: number): boolean {
  const { topic, clientMetrics, group } = configResourceType;
  return resourceType !== topic && resourceType !== clientMetrics && resourceType !== group;
}

/** A broker's settings are written although they are what they were: whoever asks wants them looked at again. */
function recordsOf(
  { resourceType, resourceName }: ResourceChange,
  present: ReadonlyMap<string, string>,
  changes: Changes,
): MetadataRecord[] {
  return [...changes]
    .filter(([name, value]) => resourceType === configResourceType.broker || (present.get(name) ?? null) !== value)
    .map(([name, value]) => metadataRecord(configRecord, 0, { resourceType, resourceName, name, value }));
}

function keyOf({ resourceType, resourceName }: ResourceChange): string {
  return `${resourceType}/${resourceName}`;
}
