import type { Clock } from '../port/clock.ts';
import type { Entropy } from '../port/entropy.ts';
import type { LogConfig } from './log_config.ts';
import { LogFailure } from './log_failure.ts';
import type { LogPublication } from './log_publication.ts';
import { Segment } from './segment.ts';

/** The segments of an open log, and what the rest of the node is told of them. */
export class LogSegments {
  /** Oldest first, the active one last. Changed by the log alone, which publishes it then. */
  readonly all: Segment[];
  readonly #directory: string;
  readonly #publication: LogPublication;
  readonly #clock: Clock;
  readonly #entropy: Entropy;
  #generation = 0;

  constructor(segments: Segment[], directory: string, publication: LogPublication, clock: Clock, entropy: Entropy) {
    this.all = segments;
    this.#directory = directory;
    this.#publication = publication;
    this.#clock = clock;
    this.#entropy = entropy;
  }

  /** Committed bytes of all of them. */
  get sizeBytes(): number {
    let bytes = 0;
    for (const segment of this.all) bytes += segment.bytes;
    return bytes;
  }

  /** A segment that is not in the list yet, under a generation of its own. */
  create(baseOffset: number, config: LogConfig): Segment {
    const segment = new Segment(baseOffset, ++this.#generation, this.#clock.wallMs());
    segment.jitterMs = this.drawJitter(config);
    return segment;
  }

  /** So that segments that began together are not closed together. */
  drawJitter(config: LogConfig): number {
    const most = Math.min(config.segmentJitterMs, config.segmentMs);
    return most <= 0 ? 0 : this.#entropy.uint32() % most;
  }

  /** Where closed segments with just these base offsets lie behind each other; -1 when they do not. */
  indexOfRun(baseOffsets: readonly number[]): number {
    const first = this.all.findIndex((segment) => segment.baseOffset === baseOffsets[0]);
    if (first < 0 || first + baseOffsets.length >= this.all.length) return -1;
    return baseOffsets.every((base, index) => this.all[first + index]!.baseOffset === base) ? first : -1;
  }

  /** A failure leaves readers with the list that they have. */
  publish(): LogFailure | null {
    if (this.#publication.publishSegments(this.all)) return null;
    return new LogFailure('refused', this.#directory, 'the list of segments has no room in shared memory');
  }
}
