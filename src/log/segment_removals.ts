import type { Clock, Timer } from '../port/clock.ts';
import type { Disk, DiskError } from '../port/disk.ts';
import type { Segment } from './segment.ts';
import { markSegmentDeleted, unlinkDeletedSegment } from './segment_files.ts';

/**
 * Segments on their way out: first their names go, and after a while their files, so that a read that has one open
 * comes to its end. What a stop interrupts the next opening removes.
 */
export class SegmentRemovals {
  readonly #disk: Disk;
  readonly #clock: Clock;
  readonly #directory: string;
  /** Made with the first. */
  #timers: Set<Timer> | null = null;

  constructor(disk: Disk, clock: Clock, directory: string) {
    this.#disk = disk;
    this.#clock = clock;
    this.#directory = directory;
  }

  /** Marks them in the order given; what is behind an error keeps its name. */
  remove(segments: readonly Segment[], delayMs: number): DiskError | null {
    for (const segment of segments) {
      const error = markSegmentDeleted(this.#disk, this.#directory, segment.baseOffset);
      if (error !== null) return error;
      this.unlinkLater(segment.baseOffset, delayMs);
    }
    return null;
  }

  /** For a segment that is marked already. */
  unlinkLater(baseOffset: number, delayMs: number): void {
    const timers = (this.#timers ??= new Set());
    const timer = this.#clock.schedule(delayMs, () => {
      timers.delete(timer);
      unlinkDeletedSegment(this.#disk, this.#directory, baseOffset);
    });
    timers.add(timer);
  }

  stop(): void {
    for (const timer of this.#timers ?? []) timer.cancel();
    this.#timers = null;
  }
}
