import type { InheritedSetting } from '../config/topic_config.ts';

/** A setting as CreateTopics tells it (KIP-525). */
export interface ToldSetting {
  readonly name: string;
  readonly value: string | null;
  readonly readOnly: boolean;
  readonly configSource: number;
  readonly isSensitive: boolean;
}

/** `DescribeConfigsResponse.ConfigSource` on the wire. */
export const configSource = { topic: 1, staticBroker: 4, default: 5 } as const;

/** All settings of a topic, by name: its own, and what it has from the node. */
export function toldSettings(
  own: readonly { readonly name: string; readonly value: string | null }[],
  inherited: ReadonlyMap<string, InheritedSetting>,
): ToldSetting[] {
  const values = new Map(own.map(({ name, value }) => [name, value]));
  const told: ToldSetting[] = [];
  for (const [name, { text, nodeKey }] of inherited) {
    const ownValue = values.get(name);
    // Kafka hides what has no value: it is for tests alone.
    if (ownValue === undefined && text === null) continue;
    const from = nodeKey === null ? configSource.default : configSource.staticBroker;
    told.push({
      name,
      value: ownValue ?? text,
      readOnly: false,
      configSource: ownValue === undefined ? from : configSource.topic,
      isSensitive: false,
    });
  }
  return told;
}
