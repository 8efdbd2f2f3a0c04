import type { Json, JsonObject } from './conformance_json.ts';
import { readVectors } from './vector_file.ts';

/** One line of a transcript: what was sent to Apache Kafka, and what that answered. */
export interface Step {
  readonly scenario: string;
  /** Counted from 1 within the scenario. */
  readonly step: number;
  readonly about?: string;
  readonly note?: string;
  /** The scenario was recorded on a newly formatted broker. */
  readonly freshBroker?: boolean;
  /** A connection of the scenario, by name. */
  readonly conn: string;
  readonly listener: string;
  /**
   * None: a request and its answer. `send` and `recv` with the same `id`: the two halves of one. `raw`: bytes that are
   * no request of the definitions. `close`: the client closes the connection.
   */
  readonly event?: 'send' | 'recv' | 'raw' | 'close';
  readonly id?: number | string;
  readonly api?: number;
  readonly name?: string;
  readonly version?: number;
  readonly header?: { readonly correlationId: number; readonly clientId: string | null };
  readonly request?: JsonObject;
  /** The request with what must be filled in: values captured before, record batches. */
  readonly template?: Json;
  /** The whole frame, its size first. */
  readonly requestHex?: string;
  readonly outcome?: string;
  readonly responseHeaderVersion?: number;
  readonly response?: JsonObject;
  readonly responseHex?: string;
  /** Pointers to what differs from run to run. */
  readonly vary?: readonly string[];
  /** Pointers to arrays whose order means nothing. */
  readonly unordered?: readonly string[];
  /** Names for values of the answer, by pointer. */
  readonly capture?: Readonly<Record<string, string>>;
  readonly pauseMs?: number;
  /** `pointer=value`: sent again until that holds. */
  readonly retryUntil?: string;
  /** `pointer=value`: sent again as long as that holds. */
  readonly retryWhile?: string;
}

export interface Scenario {
  readonly name: string;
  readonly about: string;
  readonly needsFreshBroker: boolean;
  readonly steps: readonly Step[];
}

/** Goes before all others: it makes the internal topics that those expect. */
const WARM_UP = 'fresh-warmup';

/** The scenarios of these files (JSON lines, perhaps gzipped) in the order in which they are to run. */
export function readScenarios(paths: readonly string[]): Scenario[] {
  const byName = new Map<string, Step[]>();
  for (const path of paths) {
    for (const step of readVectors(path) as Step[]) {
      const steps = byName.get(step.scenario);
      if (steps === undefined) byName.set(step.scenario, [step]);
      else steps.push(step);
    }
  }
  const scenarios = [...byName].map(([name, steps]) => ({
    name,
    about: steps.find(({ about }) => about !== undefined)?.about ?? '',
    needsFreshBroker: steps.some(({ freshBroker }) => freshBroker === true),
    steps,
  }));
  return scenarios.sort((one, other) => rank(one) - rank(other));
}

function rank({ name, needsFreshBroker }: Scenario): number {
  if (name === WARM_UP) return 0;
  // Recorded when the controller's log had grown so far that there was a snapshot of it.
  if (name.startsWith('controller-')) return 3;
  return needsFreshBroker ? 1 : 2;
}
