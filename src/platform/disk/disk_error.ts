import { DiskError } from '../../port/disk.ts';

/** What the operating system reported, as a value. Anything else that was thrown is a bug of ours, and goes on. */
export function diskErrorOf(error: unknown, operation: string, path: string): DiskError {
  const { code, errno } = error as NodeJS.ErrnoException;
  if (!(error instanceof Error) || typeof errno !== 'number' || code === undefined) throw error;
  return new DiskError(code, operation, path);
}
