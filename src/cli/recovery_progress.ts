import type { Log } from '../port/log.ts';

/** How far the recovery after a crash has come: logs in all, those that are over, those of them that failed, bytes. */
export interface Progress {
  readonly logs: number;
  readonly ended: number;
  readonly failed: number;
  readonly bytes: number;
}

/** Shows progress on a terminal: one line, drawn anew in its place. */
export interface Terminal {
  readonly columns: number;
  write(text: string): void;
}

const LINE_EVERY_MS = 5000;
const DRAW_EVERY_MS = 100;
const ERASE_LINE = '\r\x1b[2K';

/**
 * Tells a person how the recovery goes on: a bar on a terminal, elsewhere a line at the beginning, every few seconds, and
 * at the end.
 */
export class RecoveryProgressReport {
  readonly #terminal: Terminal | null;
  readonly #log: Log;
  readonly #nowMs: () => number;
  #nextMs = -Infinity;
  #beganMs = -1;
  /** What stands in the terminal's last line. */
  #bar = '';

  constructor(terminal: Terminal | null, log: Log, nowMs: () => number) {
    this.#terminal = terminal;
    this.#log = log;
    this.#nowMs = nowMs;
  }

  show(progress: Progress): void {
    const nowMs = this.#nowMs();
    if (this.#beganMs < 0) this.#beganMs = nowMs;
    const isOver = progress.ended === progress.logs;
    if (nowMs < this.#nextMs && !isOver) return;
    const tookMs = nowMs - this.#beganMs;
    if (this.#terminal === null) {
      this.#nextMs = nowMs + LINE_EVERY_MS;
      this.#line(progress, isOver, tookMs);
      return;
    }
    this.#nextMs = nowMs + DRAW_EVERY_MS;
    this.#bar = isOver ? '' : progressBar(progress, this.#terminal.columns);
    this.#terminal.write(`${ERASE_LINE}${this.#bar}`);
    if (isOver) this.#line(progress, isOver, tookMs);
    if (isOver) this.#beganMs = -1;
  }

  /** Writes something else, in whole lines, in the place of the bar, which then stands below. */
  beside(write: () => void): void {
    if (this.#bar === '') return write();
    this.#terminal!.write(ERASE_LINE);
    write();
    this.#terminal!.write(this.#bar);
  }

  /** No bar any more: what is recovered now is not told. */
  end(): void {
    if (this.#bar !== '') this.#terminal!.write(ERASE_LINE);
    this.#bar = '';
    this.#nextMs = Infinity;
  }

  #line({ logs, ended, failed, bytes }: Progress, isOver: boolean, tookMs: number): void {
    const message = isOver ? 'recovered the logs that a crash has left' : 'recovering the logs that a crash has left';
    const fields = { logs: isOver ? logs : `${ended} of ${logs}`, failed, size: sizeText(bytes) };
    this.#log.info(message, isOver ? { ...fields, ms: Math.round(tookMs) } : fields);
  }
}

/** `recovering  ████████░░░░░░░░  120 of 240 logs  1.2 GB`, in at most `columns`. */
export function progressBar({ logs, ended, failed, bytes }: Progress, columns: number): string {
  const failures = failed === 0 ? '' : `  ${failed} failed`;
  const after = `  ${ended} of ${logs} logs  ${sizeText(bytes)}${failures}`;
  const before = 'recovering  ';
  const width = Math.min(40, columns - before.length - after.length - 1);
  if (width < 4) return `${before.trimEnd()}${after}`.slice(0, Math.max(0, columns - 1));
  const full = Math.floor((width * ended) / Math.max(1, logs));
  return `${before}${'█'.repeat(full)}${'░'.repeat(width - full)}${after}`;
}

function sizeText(bytes: number): string {
  if (bytes < 1e6) return `${Math.ceil(bytes / 1e3)} kB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}
