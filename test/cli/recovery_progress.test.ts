import assert from 'node:assert/strict';
import { test } from 'node:test';
import { progressBar, RecoveryProgressReport } from '../../src/cli/recovery_progress.ts';
import type { Log, LogFields } from '../../src/port/log.ts';

function recordingLog(): { log: Log; lines: [string, LogFields | undefined][] } {
  const lines: [string, LogFields | undefined][] = [];
  const add = (message: string, fields?: LogFields): void => void lines.push([message, fields]);
  return { log: { info: add, warn: add, error: add }, lines };
}

test('the bar grows with the logs that are over, and fits its terminal', () => {
  const at = (ended: number, columns: number): string =>
    progressBar({ logs: 240, ended, failed: 0, bytes: 1_234_000_000 }, columns);
  assert.equal(at(120, 62), 'recovering  ████████████░░░░░░░░░░░░  120 of 240 logs  1.2 GB');
  assert.ok(!at(0, 100).includes('█') && !at(240, 100).includes('░'));
  for (let columns = 1; columns < 120; columns++) assert.ok(at(77, columns).length < columns || columns === 1);
  assert.match(progressBar({ logs: 2, ended: 1, failed: 1, bytes: 10 }, 80), /1 of 2 logs {2}1 kB {2}1 failed$/);
});

test('without a terminal there is a line at the beginning, one every five seconds, and one at the end', () => {
  const { log, lines } = recordingLog();
  let nowMs = 0;
  const report = new RecoveryProgressReport(null, log, () => nowMs);
  for (let ended = 0; ended <= 100; ended++, nowMs += 120) report.show({ logs: 100, ended, failed: 2, bytes: ended });
  assert.deepEqual(
    lines.map(([, fields]) => fields?.['logs']),
    ['0 of 100', '42 of 100', '84 of 100', 100],
  );
  assert.deepEqual(lines.at(-1)?.[1], { logs: 100, failed: 2, size: '1 kB', ms: 12_000 });
});

test('on a terminal one line is drawn in its place, and goes when all is over', () => {
  const { log, lines } = recordingLog();
  const written: string[] = [];
  let nowMs = 0;
  const terminal = { columns: 80, write: (text: string): void => void written.push(text) };
  const report = new RecoveryProgressReport(terminal, log, () => nowMs);
  for (let ended = 0; ended <= 10; ended++, nowMs += 30) report.show({ logs: 10, ended, failed: 0, bytes: 0 });
  assert.ok(written.every((text) => text.startsWith('\r\x1b[2K')));
  assert.equal(written.length, 4);
  assert.equal(written.at(-1), '\r\x1b[2K');
  assert.equal(lines.length, 1);
});

test('what is said meanwhile stands in lines of its own, above the bar', () => {
  const { log } = recordingLog();
  let written = '';
  const terminal = { columns: 80, write: (text: string): void => void (written += text) };
  const report = new RecoveryProgressReport(terminal, log, () => 0);
  const say = (text: string): void => report.beside(() => terminal.write(`${text}\n`));
  say('before');
  report.show({ logs: 2, ended: 0, failed: 0, bytes: 0 });
  say('meanwhile');
  report.end();
  report.show({ logs: 2, ended: 1, failed: 0, bytes: 0 });
  say('after');
  const erase = '\r\x1b[2K';
  const bar = progressBar({ logs: 2, ended: 0, failed: 0, bytes: 0 }, 80);
  assert.equal(written, `before\n${erase}${bar}${erase}meanwhile\n${bar}${erase}after\n`);
});
