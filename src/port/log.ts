/** Where a thread says what a person should know. One line each, machine-readable fields beside the sentence. */
export interface Log {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/** Values that come from outside (client ids, addresses, names) go here, never into the sentence. */
export type LogFields = Readonly<Record<string, string | number | boolean | null>>;
