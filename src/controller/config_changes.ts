import { ErrorCode } from '../protocol/errors.ts';
import type { ConfigKey } from '../config/config_key.ts';
import { configResourceType } from '../metadata/configs_image.ts';
import { findClientMetricsSetting, findGroupSetting, findNodeKey, findTopicSetting } from '../config/keys.ts';

/** `AlterConfigOp` on the wire (KIP-339). */
export const configOperation = { set: 0, delete: 1, append: 2, subtract: 3 } as const;

export interface ConfigChange {
  readonly name: string;
  readonly configOperation: number;
  /** Null for a setting that is deleted. */
  readonly value: string | null;
}

/** Why a change cannot be made; the words are Kafka's. */
export class ChangeRefusal {
  readonly message: string;
  readonly errorCode: ErrorCode;

  constructor(message: string, errorCode: ErrorCode = ErrorCode.INVALID_CONFIG) {
    this.message = message;
    this.errorCode = errorCode;
  }
}

/** The definition of a setting of this kind of resource; null: no such setting. */
export function findSetting(resourceType: number, name: string): ConfigKey | null {
  if (resourceType === configResourceType.topic) return findTopicSetting(name);
  if (resourceType === configResourceType.broker) return findNodeKey(name);
  if (resourceType === configResourceType.group) return findGroupSetting(name);
  return resourceType === configResourceType.clientMetrics ? findClientMetricsSetting(name) : null;
}

/** What the setting will be, from what it is (null: not set). Null: not set any more. */
export function changedValue(
  resourceType: number,
  change: ConfigChange,
  present: string | null,
): string | null | ChangeRefusal {
  const { name, value } = change;
  switch (change.configOperation) {
    case configOperation.set:
      return value;
    case configOperation.delete:
      return null;
    case configOperation.append:
    case configOperation.subtract:
      return changedList(resourceType, change, present);
    default:
      return new ChangeRefusal(
        `Unknown operations type ${change.configOperation} for ${name}`,
        ErrorCode.INVALID_REQUEST,
      );
  }
}

/** Lists change on top of what they are by default, which is not written anywhere. */
function changedList(resourceType: number, change: ConfigChange, present: string | null): string | ChangeRefusal {
  const { name } = change;
  const isAppended = change.configOperation === configOperation.append;
  // Kafka knows the types of settings of topics and brokers alone here.
  const hasTypes = resourceType === configResourceType.topic || resourceType === configResourceType.broker;
  const setting = findSetting(resourceType, name);
  if (setting?.type !== 'LIST' || !hasTypes) {
    const verb = isAppended ? 'APPEND' : 'SUBTRACT';
    return new ChangeRefusal(`Can't ${verb} to key ${name} because its type is not LIST.`);
  }
  const elements = elementsOf(present ?? setting.default ?? '');
  for (const element of (change.value ?? '').split(',')) {
    const at = elements.indexOf(element);
    if (isAppended && at < 0) elements.push(element);
    if (!isAppended && at >= 0) elements.splice(at, 1);
  }
  return elements.join(',');
}

function elementsOf(text: string): string[] {
  return text.split(',').filter((element) => element !== '');
}
