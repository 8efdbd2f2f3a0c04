import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

import { Events } from './events.ts';

export interface Running {
  readonly child: ChildProcess;
  /** Lines of its output. */
  readonly lines: Events<string>;
  readonly exited: Promise<{ readonly code: number | null; readonly signal: string | null }>;
}

export function run(t: TestContext, command: string, args: readonly string[]): Running {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = new Events<string>();
  let rest = '';
  child.stdout?.on('data', (bytes: Buffer) => {
    const parts = (rest + bytes.toString()).split('\n');
    rest = parts.pop() as string;
    for (const line of parts) lines.add(line);
  });
  const exited = new Promise<{ code: number | null; signal: string | null }>((resolve) =>
    child.once('exit', (code, signal) => resolve({ code, signal })),
  );
  t.after(() => {
    child.kill('SIGKILL');
    return exited;
  });
  return { child, lines, exited };
}

export const doublePath = fileURLToPath(new URL('./process_double.ts', import.meta.url));

/** Runs process_double.ts. */
export function runDouble(t: TestContext, ...args: readonly string[]): Running {
  return run(t, process.execPath, [doublePath, ...args]);
}

export function temporaryDirectory(t: TestContext): string {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'millrace-platform-'));
  t.after(() => fs.rmSync(directory, { recursive: true, force: true }));
  return directory;
}
