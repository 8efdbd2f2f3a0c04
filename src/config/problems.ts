import type { NodeKeyName } from './keys.ts';
import type { ConfigSetting, ConfigValues } from './values.ts';

/** What a person is told about a configuration. Each sentence stands alone. */
export interface ConfigFindings {
  /** With one of these the node does not start. */
  readonly errors: string[];
  readonly warnings: string[];
}

/** "listeners = PLAINTEXT://:x (server.properties:3)", or the key alone where nobody wrote a value. */
export function nameSetting(setting: ConfigSetting): string {
  const { key, text, origin } = setting;
  if (text === null) return `${key.name} (not set)`;
  return `${key.name} = ${shownText(text, setting.isSecret)} (${origin.place})`;
}

/** What may be shown of a value. */
export function shownText(text: string, isSecret: boolean): string {
  return isSecret ? '******' : text;
}

/** Collects findings about settings, so that a person sees all of them at once. */
export class Findings implements ConfigFindings {
  readonly errors: string[] = [];
  readonly warnings: string[] = [];

  /** `requirement` completes "listeners = … (server.properties:3) …". */
  error(values: ConfigValues, name: NodeKeyName, requirement: string): void {
    this.errors.push(`${nameSetting(values.setting(name))} ${requirement}`);
  }

  warn(values: ConfigValues, name: NodeKeyName, remark: string): void {
    this.warnings.push(`${nameSetting(values.setting(name))} ${remark}`);
  }
}
