import { relative } from 'node:path';
import { inspect } from 'node:util';

interface TestEvent {
  readonly type: string;
  readonly data: {
    readonly name?: string;
    readonly file?: string;
    readonly line?: number;
    readonly skip?: string | boolean;
    readonly message?: string;
    readonly details?: {
      readonly type?: string;
      readonly error?: { readonly cause?: unknown; readonly failureType?: string };
    };
  };
}

/**
 * Says nothing of what passes, everything of what fails (with what its file printed), and counts at the end:
 * `12 passed, 0 failed`.
 */
export default async function* shortReporter(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const startedMs = performance.now();
  const printed = new Map<string, string>();
  const failedFiles = new Set<string>();
  let passed = 0;
  let failed = 0;
  let skipped = 0;
  for await (const { type, data } of events) {
    const isSuite = data.details?.type === 'suite';
    if (type === 'test:stderr' || type === 'test:stdout') {
      const file = data.file ?? '';
      printed.set(file, (printed.get(file) ?? '') + (data.message ?? ''));
    } else if (type === 'test:pass' && !isSuite) {
      if (data.skip !== undefined && data.skip !== false) skipped += 1;
      else passed += 1;
    } else if (type === 'test:fail') {
      // A parent that failed only because of its children would be counted and told twice.
      if (data.details?.error?.failureType === 'subtestsFailed') continue;
      failed += 1;
      failedFiles.add(data.file ?? '');
      const where = data.file === undefined ? '' : ` (${relative(process.cwd(), data.file)}:${data.line ?? 0})`;
      const cause = data.details?.error?.cause ?? data.details?.error;
      yield `\nFAILED ${data.name ?? ''}${where}\n${cause instanceof Error ? (cause.stack ?? '') : inspect(cause)}\n`;
    }
  }
  for (const file of failedFiles) {
    const text = printed.get(file);
    if (text !== undefined) yield `\nPRINTED by ${relative(process.cwd(), file)}\n${text}\n`;
  }
  yield `took ${((performance.now() - startedMs) / 1000).toFixed(1)} s\n`;
  yield `${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}\n`;
  // A pattern that matches no file must not look like success.
  if (passed + failed === 0) process.exitCode = 1;
}
