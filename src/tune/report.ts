import type { TuneRequest } from '../cli/tune_request.ts';
import type { Finding } from './findings.ts';
import { changesOf, type SettingAnswer } from './setting_answer.ts';
import type { TuneResult } from './tune_command.ts';
import type { TrialRow } from './trial_rows.ts';
import { bytesText, countText, durationText } from './units.ts';

/** What a person reads. `isRefused`: the file could not be changed, as is said elsewhere. */
export function reportOf(result: TuneResult, request: TuneRequest, isRefused: boolean): string {
  const { bench } = result;
  const lines = ['The machine', ...findingLines(result.findings), ''];
  if (bench !== null) {
    lines.push(
      `Measured: ${bench.rounds} rounds of ${bench.seconds} s, all in turns, medians`,
      ...tableOf([
        ['', 'load', 'work/s', 'work/CPU-s', 'spread', 'p99', 'peak memory'],
        ...[...bench.shards, ...bench.flush, ...bench.arena].map(cellsOf),
      ]),
    );
    if (bench.disturbed > 0) {
      const share = `${(bench.disturbed * 100).toFixed(0)} % of the runs count for nothing`;
      lines.push(`  others used ${bench.others.toFixed(1)} cores meanwhile, ${share}: run it again on a quiet machine`);
    }
    lines.push('  the load generator ran on the same cores: work/s is less than clients elsewhere would see', '');
  }
  lines.push(...result.settings.flatMap(settingLines), ...(isRefused ? [] : endLines(result, request)));
  return `${lines.join('\n')}\n`;
}

function findingLines(findings: readonly Finding[]): string[] {
  const order = ['trouble', 'look', 'fine'] as const;
  return order.flatMap((state) =>
    findings
      .filter((finding) => finding.state === state)
      .map(({ name, value, word }) => `  ${state.padEnd(7)} ${name}: ${value} (${word})`),
  );
}

function cellsOf(row: TrialRow): readonly string[] {
  const work = (amount: number): string => (row.unit === 'bytes' ? `${countText(amount / 1e6)} MB` : countText(amount));
  return [
    row.candidate,
    row.title,
    work(row.perSecond),
    row.perCpuSecond === 0 ? 'unknown' : work(row.perCpuSecond),
    `${(row.spread * 100).toFixed(0)} %`,
    durationText(row.p99Ms),
    row.peakBytes === 0 ? '' : bytesText(row.peakBytes),
  ];
}

/** Two columns of words, then figures to the right. */
function tableOf(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    `  ${row.map((cell, column) => (column < 2 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join('  ')}`.trimEnd(),
  );
}

function settingLines({ name, current, recommended, why, writtenIn, isFromFile }: SettingAnswer): string[] {
  const origin = writtenIn === null ? 'the default' : writtenIn;
  const head =
    recommended === null
      ? `${name}: stay with ${current} (${origin})`
      : `${name}: ${recommended} instead of ${current} (${origin})`;
  const lines = [head, `  ${why}`];
  if (recommended !== null && writtenIn !== null && !isFromFile)
    lines.push(`  change it in ${writtenIn}, which wins over a file`);
  return lines;
}

function endLines({ applied, bench, settings }: TuneResult, request: TuneRequest): string[] {
  if (bench === null) return ['Nothing was measured, nothing was changed.'];
  if (applied !== null) {
    const diff = applied.diff.map((line) => `  ${line}`);
    return [
      '',
      `Changed ${applied.file}; what it was is in ${applied.backup}`,
      ...diff,
      '  it counts from the next start on',
    ];
  }
  if (changesOf(settings).length === 0) return ['', 'Nothing is recommended, nothing was changed.'];
  const asked = request.apply ? 'they are in the file already.' : '--apply writes them to the file of --config.';
  return ['', `Nothing was changed: ${asked}`, ...changesOf(settings).map(({ name, text }) => `  ${name}=${text}`)];
}
