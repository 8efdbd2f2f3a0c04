import type { Disk } from '../port/disk.ts';
import type { Kernels } from '../port/kernels.ts';
import type { MetadataSink } from './batch_file.ts';
import type { MetadataChanges, MetadataImage } from './metadata_image.ts';
import { MetadataReader, type MetadataStart } from './metadata_reader.ts';
import { QuorumVoters } from './quorum_voters.ts';
import type { MetadataWatermark } from './watermark.ts';

/**
 * Keeps a shard's image up to the committed end of the metadata log: reads the files itself, from where it stopped to the
 * published watermark, and says how far it came, so that nothing is removed that it has yet to read. What is below the
 * watermark is whole and was checked when it was written; anything else is damage that this thread must not go on with.
 */
export class MetadataFollower {
  readonly image: MetadataImage;
  readonly #reader: MetadataReader;
  readonly #watermark: MetadataWatermark;
  readonly #thread: number;
  readonly #quorum = new QuorumVoters();
  #seenVersion = -1;

  constructor(
    disk: Disk,
    kernels: Kernels,
    start: MetadataStart,
    watermark: MetadataWatermark,
    thread: number,
    image: MetadataImage,
  ) {
    this.#reader = new MetadataReader(disk, kernels, start);
    this.#watermark = watermark;
    this.#thread = thread;
    this.image = image;
  }

  /** Whether there is something to apply: one load, once a turn. */
  get isBehind(): boolean {
    return this.#watermark.version !== this.#seenVersion;
  }

  /** Level of the feature `kraft.version`, as far as applied: the image does not have it. */
  get kraftVersion(): number {
    return this.#quorum.kraftVersion;
  }

  /** Offset behind the last record applied. */
  get endOffset(): number {
    return this.#reader.nextOffset;
  }

  /** Applies all that is committed. Null, or why it cannot go on. */
  catchUp(changes: MetadataChanges): string | null {
    const version = this.#watermark.version;
    const committed = this.#watermark.committed();
    // Control is just storing it, and rings afterwards.
    if (committed < 0) return null;
    const problem = this.#reader.readTo(committed, {
      ...appliedTo(this.image, changes),
      control: (type, fields) => this.#quorum.apply(type, fields),
    });
    if (problem !== null) return problem;
    this.#seenVersion = version;
    this.#watermark.applied(this.#thread, committed);
    return null;
  }

  close(): void {
    this.#reader.close();
  }
}

/** The records of the log, applied to an image; those of the quorum itself say nothing to it. */
export function appliedTo(image: MetadataImage, changes: MetadataChanges): MetadataSink {
  return {
    record: (type, version, fields) => image.apply(type, version, fields, changes),
    control: () => null,
  };
}
