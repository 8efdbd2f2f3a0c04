/** Where a value was written. Later kinds win over earlier ones. */
export type OriginKind = 'default' | 'file' | 'environment' | 'command line';

export interface ConfigOrigin {
  readonly kind: OriginKind;
  /** For people: "default", "server.properties:12", "KAFKA_LISTENERS", "--override". */
  readonly place: string;
}

export const DEFAULT_ORIGIN: ConfigOrigin = { kind: 'default', place: 'default' };

/** One `key=value` as somebody wrote it. */
export interface ConfigEntry {
  readonly name: string;
  readonly text: string;
  /** A secret was put into the text: it is never shown. */
  readonly isSecret: boolean;
  readonly origin: ConfigOrigin;
}
