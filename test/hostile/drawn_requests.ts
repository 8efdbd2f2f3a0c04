import { ByteWriter, viewOf } from '../../src/base/bytes.ts';
import type { SeededRandom } from '../../src/base/random.ts';
import { type ApiEntry, apiTable } from '../../src/api/table.ts';
import { ApiKey } from '../../src/protocol/api_keys.ts';
import { Codec } from '../../src/protocol/codec.ts';
import { writeRequestHeader } from '../../src/protocol/headers.ts';
import type { Message } from '../../src/protocol/schema_language.ts';
import { requestMessage } from '../tools/conformance_messages.ts';
import type { Step } from '../tools/conformance_transcript.ts';
import { fromHex, kernels } from '../tools/kernels.ts';
import { mutate, MUTATIONS } from '../tools/mutation.ts';
import { readVectors } from '../tools/vector_file.ts';
import { type DrawnWorld, drawMessage } from './drawn_values.ts';

/** One input: the bytes of a request, and what may be expected of them. */
export interface Input {
  /** The frame, its length first. */
  readonly bytes: Uint8Array;
  readonly correlationId: number;
  /** Null: it is not known what the bytes are. An answer, or the end of the connection, is as good. */
  readonly wellFormed: { readonly apiKey: number; readonly version: number } | null;
  /** There may be no answer: acks=0, or something that may be it. */
  readonly isSilent: 'no' | 'perhaps' | 'yes';
  /** It may ask the broker to wait for days. */
  readonly mayWait: boolean;
  /** The length lies: what follows on this connection is part of this frame, or this frame is several. */
  readonly breaksFraming: boolean;
}

const correlationAt = 8;
const WIDE = { wide: true, keepUnknownTags: false };
const BROKER_RESOURCES: readonly unknown[] = [4, 8];
const patientMs = 100;

/** Those that have the most to read and to check are drawn more often. */
const often: readonly number[] = [ApiKey.Produce, ApiKey.Fetch];
const served: readonly ApiEntry[] = [...apiTable.values()].flatMap((entry) =>
  often.includes(entry.key) ? [entry, entry, entry, entry] : [entry],
);
const codecs = new Map<Message, Codec<Message>>();
const transcripts = readVectors(
  new URL('../fixtures/behaviour/transcripts.jsonl.gz', import.meta.url).pathname,
) as Step[];
/** Requests that clients have sent to Apache Kafka: the corpus of changes by byte. */
const recorded = transcripts
  .filter(({ requestHex, api }) => requestHex !== undefined && (api === undefined || isHarmless(api)))
  .map(({ requestHex }) => fromHex(requestHex!));

/** Settings of brokers in the transcripts would limit the other connections. */
function isHarmless(api: number): boolean {
  return api !== ApiKey.AlterConfigs && api !== ApiKey.IncrementalAlterConfigs;
}

/** Requests of one connection's side, from a seed. Correlation ids begin at `firstCorrelation` and are not repeated. */
export class DrawnRequests {
  readonly #random: SeededRandom;
  readonly #world: DrawnWorld;
  readonly #writer = new ByteWriter(kernels.encodeText, 4096);
  #correlation: number;

  constructor(random: SeededRandom, world: DrawnWorld, firstCorrelation: number) {
    this.#random = random;
    this.#world = world;
    this.#correlation = firstCorrelation;
  }

  any(): Input {
    const kind = this.#random.fraction();
    if (kind < 0.55) return this.wellFormed();
    if (kind < 0.75) return this.#spoilt(this.wellFormed().bytes);
    if (kind < 0.93) return this.#spoilt(this.#random.pick(recorded));
    if (kind < 0.97) return this.#strangeHeader();
    return this.#lyingLength();
  }

  wellFormed(): Input {
    const entry = this.#random.pick(served);
    const message = requestMessage(entry.key)!;
    const version = this.#random.between(entry.minVersion, entry.maxVersion);
    const value = drawMessage(message, version, this.#random, this.#world);
    keepLimits(value);
    const correlationId = this.#correlation++;
    let codec = codecs.get(message);
    if (codec === undefined) codecs.set(message, (codec = new Codec(message, WIDE)));
    const writer = this.#writer.clear();
    writer.int32(0);
    writeRequestHeader(writer, entry.key, version, correlationId, this.#random.pick([null, 'fuzz', '${x}\x1b[m']));
    codec.encode(writer, version, value);
    writer.view.setInt32(0, writer.position - 4);
    const isFetch = entry.key === ApiKey.Fetch;
    return {
      bytes: writer.copyWritten(),
      correlationId,
      wellFormed: { apiKey: entry.key, version },
      isSilent: entry.key === ApiKey.Produce && value['acks'] === 0 ? 'yes' : 'no',
      mayWait: isFetch && (value['maxWaitMs'] as number) > patientMs,
      breaksFraming: false,
    };
  }

  /** Bytes changed, the length kept true, so that it is decoded. */
  #spoilt(whole: Uint8Array): Input {
    let payload = whole.subarray(4);
    for (let count = this.#random.between(1, 4); count > 0; count--) {
      const change = { how: this.#random.pick(MUTATIONS), at: this.#random.uint32(), value: this.#random.uint32() };
      payload = mutate(payload, change);
    }
    return this.#unknown(payload, false);
  }

  #strangeHeader(): Input {
    const payload = this.wellFormed().bytes.slice(4);
    const random = this.#random;
    if (payload.length >= 4) {
      if (random.chance(0.5)) viewOf(payload).setInt16(0, random.pick([-1, 4, 5, 6, 7, 52, 62, 93, 9999, 0x7fff]));
      else viewOf(payload).setInt16(2, random.pick([-1, 3, 9, 14, 19, 99, 0x7fff, -0x8000]));
    }
    return this.#unknown(payload, false);
  }

  #lyingLength(): Input {
    const whole = this.wellFormed().bytes;
    const length = whole.length - 4;
    const lengths = [-1, -0x8000_0000, 0, 1, 7, 8, length - 1, length + 1, length + 1000, 1 << 20, 0x7fff_ffff];
    const input = this.#unknown(whole.subarray(4), true);
    viewOf(input.bytes).setInt32(0, this.#random.pick(lengths));
    return input;
  }

  #unknown(payload: Uint8Array, breaksFraming: boolean): Input {
    const bytes = new Uint8Array(4 + payload.length);
    const view = viewOf(bytes);
    bytes.set(payload, 4);
    view.setInt32(0, payload.length);
    const correlationId = this.#correlation++;
    // An id of its own: who gets the answer is seen also where nothing else is known of it.
    if (bytes.length >= correlationAt + 4) view.setInt32(correlationAt, correlationId);
    const apiKey = bytes.length >= 6 ? view.getInt16(4) : -1;
    return {
      bytes,
      correlationId,
      wellFormed: null,
      isSilent: apiKey === ApiKey.Produce ? 'perhaps' : 'no',
      mayWait: apiKey === ApiKey.Fetch,
      breaksFraming,
    };
  }
}

/** Settings of brokers may be asked for and changed, but not those that would limit the connections beside. */
function keepLimits(value: Record<string, unknown>): void {
  for (const resource of (value['resources'] as Record<string, unknown>[] | null | undefined) ?? []) {
    if (!BROKER_RESOURCES.includes(resource['resourceType'])) continue;
    for (const config of (resource['configs'] as Record<string, unknown>[] | null | undefined) ?? []) {
      config['name'] = 'background.threads';
    }
  }
}
