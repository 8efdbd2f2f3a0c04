import { ApiKey, apiOf } from '../../src/protocol/api_keys.ts';
import { Connection, type Address } from './conformance_connection.ts';
import { decodeAnswer, encodeRequest, requestMessage } from './conformance_messages.ts';
import type { Step } from './conformance_transcript.ts';

const ANSWER_LIMIT_MS = 15_000;
const API_VERSIONS_VERSION = 0;

/** Listeners of the recorded broker. */
export const listeners = { plain: 'PLAINTEXT', controller: 'CONTROLLER', sasl: 'SASL_PLAINTEXT' } as const;

interface VersionRange {
  readonly minVersion: number;
  readonly maxVersion: number;
}

/** The broker under test: where its listeners are, and what it says that it serves there. */
export class Broker {
  readonly #addresses: ReadonlyMap<string, Address>;
  readonly #served = new Map<string, ReadonlyMap<number, VersionRange>>();

  private constructor(addresses: ReadonlyMap<string, Address>) {
    this.#addresses = addresses;
  }

  static async ask(addresses: ReadonlyMap<string, Address>): Promise<Broker> {
    const broker = new Broker(addresses);
    for (const [listener, address] of addresses) broker.#served.set(listener, await served(address));
    return broker;
  }

  open(listener: string): Promise<Connection> {
    return Connection.open(this.#addresses.get(listener)!);
  }

  /** Why the step makes no sense for this broker; null if it does. */
  whyNot({ listener, event, api, name, version, outcome }: Step): string | null {
    const versions = this.#served.get(listener);
    if (versions === undefined) return `no address is given for the listener ${listener}`;
    if (api === undefined || version === undefined || event === 'raw') return null;
    // Refused because of where it was sent: that holds whatever else is served.
    if (outcome === 'connection closed' && !isFor(listener, api)) return null;
    const range = versions.get(api);
    if (range === undefined) return `${name} is not served`;
    if (version < range.minVersion || version > range.maxVersion) return `${name} v${version} is not served`;
    return null;
  }
}

function isFor(listener: string, api: number): boolean {
  const kind = listener === listeners.controller ? 'controller' : 'broker';
  return requestMessage(api)?.listeners?.includes(kind) ?? false;
}

async function served(address: Address): Promise<ReadonlyMap<number, VersionRange>> {
  const connection = await Connection.open(address);
  try {
    connection.send(encodeRequest(ApiKey.ApiVersions, API_VERSIONS_VERSION, 1, 'conformance', {}));
    const answer = await connection.next(ANSWER_LIMIT_MS);
    if (typeof answer === 'string') throw new Error(`no answer to ApiVersions from port ${address.port}: ${answer}`);
    const { body } = decodeAnswer(answer, ApiKey.ApiVersions, API_VERSIONS_VERSION, 0);
    const keys = (body?.['apiKeys'] ?? []) as unknown as readonly (VersionRange & { readonly apiKey: number })[];
    return new Map(keys.filter(({ apiKey }) => apiOf(apiKey) !== undefined).map((range) => [range.apiKey, range]));
  } finally {
    connection.close();
  }
}
