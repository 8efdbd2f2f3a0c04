import type { ConfigKey } from './config_key.ts';
import { findNodeKey } from './keys.ts';

/** A key for one listener only: `listener.name.<listener>.<key>` or `listener.name.<listener>.<mechanism>.<key>`. */
export interface ListenerKey {
  /** In lower case. */
  readonly listener: string;
  /** `listener.name.<listener in lower case>.<key>` */
  readonly normalisedName: string;
  /** Null: Kafka knows it, and it has no effect here. */
  readonly key: ConfigKey | null;
}

const prefix = 'listener.name.';
const withEffect = ['max.connections', 'max.connection.creation.rate'];
const security = /^(?:sasl|ssl|principal|connections\.max\.reauth)\./;

export function isListenerKey(name: string): boolean {
  return name.startsWith(prefix);
}

/** Null: no key that a listener can have of its own. Listener names have no dots. */
export function readListenerKey(name: string): ListenerKey | null {
  const rest = name.slice(prefix.length);
  const dot = rest.indexOf('.');
  if (dot <= 0) return null;
  const listener = rest.slice(0, dot).toLowerCase();
  const keyName = rest.slice(dot + 1);
  const normalisedName = `${prefix}${listener}.${keyName}`;
  if (withEffect.includes(keyName)) return { listener, normalisedName, key: findNodeKey(keyName) };
  const afterMechanism = keyName.slice(keyName.indexOf('.') + 1);
  const isKnown = [keyName, afterMechanism].some((part) => security.test(part) && findNodeKey(part) !== null);
  return isKnown ? { listener, normalisedName, key: null } : null;
}
