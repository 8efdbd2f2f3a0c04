import { DiskError } from '../port/disk.ts';

/**
 * Why a log cannot do what it was asked to.
 *
 * - `disk`: the operating system refused; `error` says how. A full disk leaves the log usable, a failed fsync does not.
 * - `corrupt`: bytes below the recovery point, or of a closed segment, are not what was written.
 * - `missing`: a segment that must be there is not, or the log ends before its recovery point.
 * - `refused`: the request does not fit this log (a batch larger than a segment, offsets that go back).
 * - `failed`: the log failed for good earlier; nothing is done any more.
 */
export type LogFailureKind = 'disk' | 'corrupt' | 'missing' | 'refused' | 'failed';

/** A failure as plain data, which one thread can tell another. */
export interface LogFailureFacts {
  readonly kind: LogFailureKind;
  readonly path: string;
  readonly detail: string;
  readonly error: { readonly code: string; readonly operation: string; readonly path: string } | null;
}

/** A failure of one log, as a value. The others on the node go on. */
export class LogFailure {
  readonly kind: LogFailureKind;
  /** The file or directory that it is about. */
  readonly path: string;
  readonly detail: string;
  readonly error: DiskError | null;

  constructor(kind: LogFailureKind, path: string, detail: string, error: DiskError | null = null) {
    this.kind = kind;
    this.path = path;
    this.detail = detail;
    this.error = error;
  }

  static ofDisk(error: DiskError): LogFailure {
    return new LogFailure('disk', error.path, error.toString(), error);
  }

  static ofFacts({ kind, path, detail, error }: LogFailureFacts): LogFailure {
    const diskError = error === null ? null : new DiskError(error.code, error.operation, error.path);
    return new LogFailure(kind, path, detail, diskError);
  }

  get facts(): LogFailureFacts {
    const { kind, path, detail, error } = this;
    const facts = error === null ? null : { code: error.code, operation: error.operation, path: error.path };
    return { kind, path, detail, error: facts };
  }

  /** True when the directory has no room; the answer to the producer is definite and the log goes on. */
  get isNoSpace(): boolean {
    return this.error !== null && (this.error.code === 'ENOSPC' || this.error.code === 'EDQUOT');
  }

  /** True for what may be over when it is tried again without anybody's doing: no room, no descriptors. */
  get isPassing(): boolean {
    return this.isNoSpace || this.error?.isOfDescriptors === true;
  }

  toString(): string {
    return `${this.kind}: ${this.path}: ${this.detail}`;
  }
}
