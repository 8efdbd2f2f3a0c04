import type { ConfigKey } from './config_key.ts';
import type { BooleanKey, ListKey, NodeKeyName, NumberKey, TextKey } from './keys.ts';
import { DEFAULT_ORIGIN, type ConfigOrigin } from './origin.ts';
import type { ConfigValue } from './value.ts';
import { assert } from '../base/assert.ts';

/** One key with its value, how that was written, and where. */
export interface ConfigSetting {
  readonly key: ConfigKey;
  /** As written, after secrets were put in; null: unset. */
  readonly text: string | null;
  readonly value: ConfigValue;
  /** A password, or a text into which a secret was put: never shown. */
  readonly isSecret: boolean;
  readonly origin: ConfigOrigin;
}

/** The value of every key of a node. Each accessor takes the names of keys of its type. */
export class ConfigValues {
  private readonly settings: ReadonlyMap<string, ConfigSetting>;
  /** Keys of the form `listener.name.<listener>.<key>`, by their full name. */
  private readonly listenerSettings: ReadonlyMap<string, ConfigSetting>;

  constructor(settings: ReadonlyMap<string, ConfigSetting>, listenerSettings: ReadonlyMap<string, ConfigSetting>) {
    this.settings = settings;
    this.listenerSettings = listenerSettings;
  }

  all(): Iterable<ConfigSetting> {
    return this.settings.values();
  }

  setting(name: NodeKeyName): ConfigSetting {
    const setting = this.settings.get(name);
    assert(setting !== undefined, 'every key has a setting');
    return setting;
  }

  /** Whether somebody wrote a value, rather than the default. */
  isWritten(name: NodeKeyName): boolean {
    return this.setting(name).origin !== DEFAULT_ORIGIN;
  }

  number(name: NumberKey): number {
    const value = this.numberOrNull(name);
    assert(value !== null, 'the key has a default');
    return value;
  }

  numberOrNull(name: NumberKey): number | null {
    const { value } = this.setting(name);
    assert(value === null || typeof value === 'number', 'the key is a number');
    return value;
  }

  boolean(name: BooleanKey): boolean {
    const { value } = this.setting(name);
    assert(typeof value === 'boolean', 'the key is a boolean with a default');
    return value;
  }

  text(name: TextKey): string {
    const value = this.textOrNull(name);
    assert(value !== null, 'the key has a default');
    return value;
  }

  textOrNull(name: TextKey): string | null {
    const { value } = this.setting(name);
    assert(value === null || typeof value === 'string', 'the key is text');
    return value;
  }

  list(name: ListKey): readonly string[] {
    return this.listOrNull(name) ?? [];
  }

  listOrNull(name: ListKey): readonly string[] | null {
    const { value } = this.setting(name);
    assert(value === null || Array.isArray(value), 'the key is a list');
    return value;
  }

  /** `listener.name.<listener>.<key>`, where somebody wrote it. The listener is matched in lower case, as in Kafka. */
  listenerNumber(listener: string, key: NumberKey): number | null {
    const value = this.listenerSettings.get(`listener.name.${listener.toLowerCase()}.${key}`)?.value ?? null;
    assert(value === null || typeof value === 'number', 'the key is a number');
    return value;
  }
}
