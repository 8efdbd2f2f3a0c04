/** Counts for each request beside their limits in bench/limits.json. */

/** What is counted for each request, in the order of the table. */
export const countedNames = [
  'systemCallsRead',
  'systemCallsWrite',
  'systemCallsSync',
  'systemCallsOther',
  'wakeups',
  'wakeupsSent',
  'ringMessages',
  'bytesCopied',
  'framesMoved',
  'rowRetries',
  'heapBytes',
  'views',
] as const;
export type CountedName = (typeof countedNames)[number];

export type Counts = Readonly<Record<CountedName, number>>;
/** By load, then by count. */
export type Limits = Readonly<Record<string, Partial<Counts>>>;

export interface Breach {
  readonly load: string;
  readonly name: CountedName;
  readonly counted: number;
  /** Null: no limit is given, which is a breach too. */
  readonly limit: number | null;
}

export function breaches(load: string, counts: Counts, limits: Limits): Breach[] {
  const found: Breach[] = [];
  for (const name of countedNames) {
    const limit = limits[load]?.[name] ?? null;
    if (limit === null || counts[name] > limit) found.push({ load, name, counted: counts[name], limit });
  }
  return found;
}

/** The smallest of each count: what a timer or a collection of garbage adds comes in some rounds only. */
export function smallest(rounds: readonly Counts[]): Counts {
  const least = (name: CountedName) => Math.min(...rounds.map((counts) => counts[name]));
  return Object.fromEntries(countedNames.map((name) => [name, least(name)])) as Counts;
}

/**
 * A limit for what was counted: for events `slack` times it (1: exact), to the next whole hundredth above; for heap
 * bytes, where the engine has a say, half above, and for copied bytes 2 %.
 */
export function limitFor(name: CountedName, counted: number, slack: number): number {
  if (name === 'heapBytes') return Math.ceil(counted * slack * 1.5);
  if (name === 'bytesCopied') return Math.ceil(counted * 1.02);
  return Math.ceil(counted * slack * 100 + 1) / 100;
}

/** The table that a person reads when the gate fails, and when it does not. */
export function renderCounts(counted: ReadonlyMap<string, Counts>, limits: Limits): string {
  const names = [...counted.keys()];
  const cells = [['for each request', ...names]];
  for (const name of countedNames) {
    const line = [name as string];
    for (const load of names) {
      const value = counted.get(load)![name];
      const limit = limits[load]?.[name];
      const mark = limit === undefined ? ' (no limit)' : value > limit ? ` > ${limit} !` : '';
      line.push(`${round(value)}${mark}`);
    }
    cells.push(line);
  }
  // Loads stand in lines: there are more of them than fit beside each other.
  const turned = cells[0]!.map((_, column) => cells.map((line) => line[column]!));
  const widths = turned[0]!.map((_, column) => Math.max(...turned.map((line) => line[column]!.length)));
  return turned
    .map((line) =>
      line.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join('  '),
    )
    .join('\n');
}

function round(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(2);
}
