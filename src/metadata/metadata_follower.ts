import { assert } from '../base/assert.ts';
import type { Disk, File } from '../port/disk.ts';
import { DiskError } from '../port/disk.ts';
import type { Kernels } from '../port/kernels.ts';
import { MetadataBatchReader } from './records.ts';
import type { MetadataChanges, MetadataImage } from './metadata_image.ts';
import type { MetadataWatermark } from './watermark.ts';

/**
 * Keeps a thread's image up to the committed end of the metadata log: reads the file itself, from where it stopped to
 * the published watermark. What is below the watermark is whole and was checked when it was written; anything else is
 * damage that this thread must not go on with.
 */
export class MetadataFollower {
  readonly image: MetadataImage;
  readonly #disk: Disk;
  readonly #path: string;
  readonly #watermark: MetadataWatermark;
  readonly #batches: MetadataBatchReader;
  #file: File | null = null;
  #position = 0;
  #seenVersion = -1;

  constructor(disk: Disk, path: string, watermark: MetadataWatermark, image: MetadataImage, kernels: Kernels) {
    this.#disk = disk;
    this.#path = path;
    this.#watermark = watermark;
    this.image = image;
    this.#batches = new MetadataBatchReader(kernels);
  }

  /** Whether there is something to apply: one load, once a turn. */
  get isBehind(): boolean {
    return this.#watermark.version !== this.#seenVersion;
  }

  /** Applies all that is committed. Null, or why it cannot go on. */
  catchUp(changes: MetadataChanges): string | null {
    const version = this.#watermark.version;
    const end = this.#watermark.position();
    // Control is just storing it, and rings afterwards.
    if (end < 0) return null;
    const failure = this.#applyTo(end, changes);
    if (failure === null) this.#seenVersion = version;
    return failure;
  }

  close(): void {
    this.#file?.close();
    this.#file = null;
  }

  #applyTo(end: number, changes: MetadataChanges): string | null {
    if (end === this.#position) return null;
    if (this.#file === null) {
      const opened = this.#disk.open(this.#path, 'read');
      if (opened instanceof DiskError) return opened.toString();
      this.#file = opened;
    }
    const length = end - this.#position;
    const bytes = new Uint8Array(length);
    for (let read = 0; read < length;) {
      const result = this.#file.read(bytes, read, length - read, this.#position + read);
      if (result instanceof DiskError) return result.toString();
      if (result === 0) return `${this.#path} ends before the committed position ${end}`;
      read += result;
    }
    let problem: string | null = null;
    const batches = this.#batches;
    const applied = batches.read(bytes, length, (type, version) => {
      problem ??= this.image.apply(type, version, batches.fields, changes);
    });
    if (problem !== null) return `${this.#path}: ${problem as string}`;
    if (batches.outcome !== 'end') return `${this.#path}: ${batches.outcome} at ${this.#position + applied}`;
    assert(applied === length, 'the committed end is the end of a batch');
    this.#position = end;
    return null;
  }
}
