import { DiskError, type Disk, type DiskSpace } from '../port/disk.ts';
import type { Log } from '../port/log.ts';
import type { DiskBrakes } from '../shared-memory/disk_brakes.ts';

export interface DiskBrakeOptions {
  readonly disk: Pick<Disk, 'space'>;
  readonly brakes: DiskBrakes;
  /** By index: where the log directories lie. */
  readonly paths: readonly string[];
  /** `millrace.disk.brake.percent`; 100: there is no brake. */
  readonly percent: number;
  readonly isFailed: (directory: number) => boolean;
  readonly log: Log;
}

/**
 * Slows producers down before a volume is full. While less than the configured part of it is free, its log directories
 * take only as many bytes a second as would last for `LASTS_MS`: the less there is, the slower, and nothing is refused
 * until the very last bytes are gone. So there is time to make room, and clients see a throttle time rather than an error.
 */
export class DiskBrake {
  readonly #options: DiskBrakeOptions;
  readonly #isBraking: boolean[];
  #nextLookMs = 0;

  constructor(options: DiskBrakeOptions) {
    this.#options = options;
    this.#isBraking = options.paths.map(() => false);
  }

  /** Once a turn: looks at the volumes every now and then. */
  tick(nowMs: number): void {
    const { paths, percent, isFailed, disk } = this.#options;
    if (percent >= 100 || nowMs < this.#nextLookMs) return;
    this.#nextLookMs = nowMs + LOOK_MS;
    for (const [directory, path] of paths.entries()) {
      if (isFailed(directory)) continue;
      const space = disk.space(path);
      // What is wrong with it is found out by those who use it.
      if (!(space instanceof DiskError)) this.#look(directory, path, space, nowMs);
    }
  }

  #look(directory: number, path: string, space: DiskSpace, nowMs: number): void {
    const { brakes, percent, log } = this.#options;
    const before = this.#isBraking[directory]!;
    const bytesPerMs = brakeRate(space, percent, before);
    this.#isBraking[directory] = bytesPerMs > 0;
    brakes.set(directory, bytesPerMs, nowMs);
    if (before === bytesPerMs > 0) return;
    const fields = { directory: path, freeBytes: space.usableBytes, totalBytes: space.totalBytes };
    if (before) log.info('a log directory has room again: its producers are not slowed down any more', fields);
    else log.warn('a log directory is nearly full: its producers are slowed down', fields);
  }
}

/** Bytes per millisecond that a volume with this much room takes; 0: any number. */
export function brakeRate({ totalBytes, usableBytes }: DiskSpace, percent: number, isBraking: boolean): number {
  const freeMin = (totalBytes * (100 - percent)) / 100;
  // Once it brakes it does so until there is clearly more: the border is not crossed with every segment.
  const isShort = usableBytes < (isBraking ? freeMin * RELEASE : freeMin);
  return isShort ? Math.max(1, Math.floor(usableBytes / LASTS_MS)) : 0;
}

const LOOK_MS = 1000;
const LASTS_MS = 600_000;
const RELEASE = 1.1;
