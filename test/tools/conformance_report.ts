import { apiName } from '../../src/protocol/api_keys.ts';
import { errorName } from '../../src/protocol/errors.ts';
import type { Difference } from './conformance_compare.ts';
import { shown, type Json } from './conformance_json.ts';
import type { Verdict, Watcher } from './conformance_replay.ts';
import type { Scenario, Step } from './conformance_transcript.ts';

/**
 * How much is said on the way: a bar that is redrawn, a line for each scenario, nothing but failures, or every step.
 */
export type Progress = 'bar' | 'lines' | 'failures' | 'steps';

const SHOWN_PER_STEP = 8;
const BAR_WIDTH = 30;

/** Prints failures as they come, and counts. */
export class Report implements Watcher {
  passed = 0;
  failed = 0;
  readonly #skipped = new Map<string, number>();
  readonly #progress: Progress;
  readonly #stepCount: number;
  readonly #print: (text: string) => void;
  #judged = 0;
  #scenario = '';

  constructor(progress: Progress, stepCount: number, print: (text: string) => void) {
    this.#progress = progress;
    this.#stepCount = stepCount;
    this.#print = print;
  }

  get skipped(): number {
    return [...this.#skipped.values()].reduce((sum, count) => sum + count, 0);
  }

  began({ name, about }: Scenario): void {
    this.#scenario = name;
    if (this.#progress === 'lines' || this.#progress === 'steps') this.#print(`${name}: ${about}\n`);
    this.#draw();
  }

  judged(step: Step, verdict: Verdict, skippedBefore: readonly Step[]): void {
    this.#judged++;
    if (verdict.kind === 'passed') this.passed++;
    if (verdict.kind === 'skipped') this.#count(verdict.reason);
    if (verdict.kind === 'failed') {
      this.failed++;
      this.#erase();
      this.#print(describeFailure(step, verdict.differences, skippedBefore));
    } else if (this.#progress === 'steps') {
      const reason = verdict.kind === 'skipped' ? `: ${verdict.reason}` : '';
      this.#print(`  ${verdict.kind} ${titleOf(step)}${reason}\n`);
    }
    this.#draw();
  }

  /** What is left out as a whole. */
  skip(scenario: Scenario, reason: string): void {
    for (let count = scenario.steps.length; count > 0; count--) this.#count(reason);
    this.#judged += scenario.steps.length;
  }

  end(): void {
    this.#erase();
    if (this.#progress !== 'failures') {
      const byCount = [...this.#skipped].sort(([, one], [, other]) => other - one);
      for (const [reason, count] of byCount) this.#print(`skipped ${count}: ${reason}\n`);
    }
    this.#print(`${this.passed} passed, ${this.failed} failed, ${this.skipped} skipped\n`);
  }

  #count(reason: string): void {
    this.#skipped.set(reason, (this.#skipped.get(reason) ?? 0) + 1);
  }

  #draw(): void {
    if (this.#progress !== 'bar') return;
    const done = Math.round((this.#judged / Math.max(1, this.#stepCount)) * BAR_WIDTH);
    const bar = '█'.repeat(done) + '░'.repeat(BAR_WIDTH - done);
    this.#print(`\r\x1b[K${bar} ${this.#judged}/${this.#stepCount}, ${this.failed} failed  ${this.#scenario}`);
  }

  #erase(): void {
    if (this.#progress === 'bar') this.#print('\r\x1b[K');
  }
}

export function titleOf({ scenario, step, event, api, version }: Step): string {
  const what =
    api === undefined ? (event ?? '') : `${apiName(api)} v${version}${event === undefined ? '' : ` ${event}`}`;
  return `${scenario} step ${step} ${what}`;
}

export function describeFailure(
  step: Step,
  differences: readonly Difference[],
  skippedBefore: readonly Step[],
): string {
  const lines = [`FAILED ${titleOf(step)}${step.note === undefined ? '' : ` (${step.note})`}`];
  for (const { pointer, expected, got } of differences.slice(0, SHOWN_PER_STEP)) {
    lines.push(`  ${pointer === '' ? '(answer)' : pointer}`);
    lines.push(`    expected ${explained(pointer, expected)}`);
    lines.push(`    got      ${explained(pointer, got)}`);
  }
  const more = differences.length - SHOWN_PER_STEP;
  if (more > 0) lines.push(`  … and ${more} more differences`);
  const last = skippedBefore.at(-1);
  if (last !== undefined) lines.push(`  (steps before it were skipped, last ${last.step} ${last.name ?? ''})`);
  return `${lines.join('\n')}\n`;
}

function explained(pointer: string, value: Json | undefined): string {
  const isCode = /errorCode$/i.test(pointer) && typeof value === 'number';
  if (!isCode) return shown(value);
  return value === -1 ? '-1 (some error)' : `${value} (${errorName(value as Parameters<typeof errorName>[0])})`;
}
