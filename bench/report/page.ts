/** The result as one HTML page: charts are SVG in the page, nothing is loaded from elsewhere. */
import { median } from '../measure/statistics.ts';
import {
  compareTargets,
  mainMetric,
  summarize,
  valuesOf,
  type BenchResult,
  type LoadRowResult,
  type RowResult,
  type StateRowResult,
} from '../result.ts';
import {
  COLUMNS,
  count,
  figureText,
  megabytes,
  overview,
  sentence,
  short,
  threadLine,
  type OverviewLine,
} from './table.ts';

const WIDTH = 720;
const LABEL = 110;
const BAR = 22;
const GAP = 10;
const VALUE = 130;

const STYLE = `
:root{color-scheme:light dark;--ink:#1d232b;--soft:#5b6672;--line:#d7dce2;--page:#fff;--a:#0b6bcb;--b:#8a97a6;--c:#c9721b;--d:#4d9a5b;--dot:#10161d}
@media(prefers-color-scheme:dark){:root{--ink:#e4e8ed;--soft:#98a3af;--line:#343c46;--page:#14181d;--a:#4da3ff;--b:#6d7a88;--c:#e39a4f;--d:#6cc07c;--dot:#fff}}
body{margin:2rem auto;max-width:76rem;padding:0 1rem;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
h1{font-size:1.4rem;margin:0}h2{font-size:1.05rem;margin:2.2rem 0 .2rem}h3{font-size:.85rem;font-weight:600;margin:.9rem 0 .1rem;color:var(--soft)}
p{margin:.2rem 0;color:var(--soft)}p.says{color:var(--ink)}svg{width:100%;max-width:${WIDTH}px;display:block}
svg text{fill:var(--ink);font:12px system-ui,sans-serif}svg .soft{fill:var(--soft)}
.scroll{overflow-x:auto}table{border-collapse:collapse;font-size:13px;font-variant-numeric:tabular-nums;margin-top:.6rem}
th,td{padding:.15rem .5rem;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}th{color:var(--soft);font-weight:500}
td a{color:inherit}td.good{color:var(--a);font-weight:600}
th:first-child,td:first-child{text-align:left;padding-left:0}`;

const COLOURS = ['var(--a)', 'var(--b)', 'var(--c)'];
const LIMIT_COLOUR = 'var(--d)';

export function renderPage(result: BenchResult): string {
  const { machine } = result;
  const about = `${machine.processor}, ${machine.cores} cores, ${machine.system}, Node ${result.node}`;
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Millrace bench ${escape(result.when)}</title><style>${STYLE}</style>
<h1>Millrace bench</h1>
<p>${escape(result.when)} · commit ${escape(result.commit)}<br>${escape(about)}</p>
<p>Bars are medians, dots the repetitions. “limit” is one bare Node thread that moves the same bytes between sockets and a file, or several that hand them to each other.</p>
${renderOverview(result.rows)}
${result.rows.map((row) => (row.kind === 'load' ? renderLoad(row, result.difference) : renderState(row))).join('\n')}</html>`;
}

/** A line for each main figure, with a link to its row; ratios that favour the first target are in its colour. */
function renderOverview(rows: readonly RowResult[]): string {
  const lines = overview(rows);
  const names = [...new Set(lines.flatMap((line) => line.ratios.map((one) => one.against)))];
  const cell = (line: OverviewLine, name: string): string => {
    const found = line.ratios.find((one) => one.against === name);
    if (found === undefined) return '<td></td>';
    const good = found.more === 'better' ? found.ratio >= 1 : found.ratio <= 1;
    return `<td class="${good ? 'good' : ''}">${found.ratio.toFixed(2)}</td>`;
  };
  const body = lines.map((line) => {
    const [row] = line.name.split(',');
    return `<tr><td><a href="#${escape(row!)}">${escape(line.name)}</a></td><td>${escape(line.figure)}</td>${names.map((name) => cell(line, name)).join('')}</tr>`;
  });
  const header = names.map((name) => `<th>over ${escape(name)}</th>`).join('');
  return `<div class="scroll"><table><tr><th>row</th><th>${escape(rows[0]?.targets[0]?.name ?? '')}</th>${header}</tr>${body.join('')}</table></div>`;
}

/** One chart for each figure. */
function renderState(row: StateRowResult): string {
  const figures = (row.targets[0]?.figures ?? []).map(({ name, unit }) => {
    const bars = row.targets.flatMap((target) => {
      const figure = target.figures.find((other) => other.name === name);
      return figure === undefined ? [] : [{ name: target.name, values: figure.values, middle: median(figure.values) }];
    });
    return `<h3>${escape(name)}, ${escape(unit)} (shorter is better)</h3>${speedChart(bars, (value) => `${short(value)} ${unit}`)}`;
  });
  const lines = row.targets.map(
    (target) => `${target.name}: ${target.figures.map((figure) => `${figure.name} ${figureText(figure)}`).join(', ')}`,
  );
  return `<section id="${escape(row.name)}"><h2>${escape(row.name)}</h2><p>${escape(row.title)}</p>${figures.join('')}
${lines.map((line) => `<p>${escape(line)}</p>`).join('')}</section>`;
}

/** Median and tail of a load that comes at a rate of its own. */
function latencyCharts(row: LoadRowResult): string {
  if (!row.paced) return '';
  const charts = (['p50', 'p99', 'p999'] as const).map((what) => {
    const bars = row.targets.map((target) => {
      const values = target.repetitions.map((run) => run.latencyUs[what] / 1000);
      return { name: target.name, values, middle: median(values) };
    });
    const title = what === 'p999' ? '99.9th percentile' : what === 'p99' ? '99th percentile' : 'median';
    return `<h3>Latency, ${title} (shorter is better)</h3>${speedChart(bars, (value) => `${value.toFixed(2)} ms`)}`;
  });
  return charts.join('');
}

function renderLoad(row: LoadRowResult, difference: number): string {
  const summaries = row.targets.map((target) => summarize(target, row.unit));
  const metric = mainMetric(row.unit);
  const speeds = row.targets.map((target) => {
    const values = valuesOf(target, metric);
    const summary = summarize(target, row.unit);
    return { name: target.name, values, middle: summary[metric] };
  });
  const shown = (value: number) => (row.unit === 'requests' ? `${count(value)} requests` : `${megabytes(value)} MB`);
  const says = row.targets.slice(1).map((target) => {
    const comparison = compareTargets(row, target, difference);
    return `<p class="says">${escape(sentence(row.targets[0]!.name, target.name, comparison, difference))}</p>`;
  });
  const header = COLUMNS.map(([title]) => `<th>${escape(title)}</th>`).join('');
  const lines = summaries.map(
    (summary) => `<tr>${COLUMNS.map(([, value]) => `<td>${escape(value(summary))}</td>`).join('')}</tr>`,
  );
  return `<section id="${escape(row.name)}"><h2>${escape(row.name)}</h2><p>${escape(row.title)}</p>${says.join('')}
${latencyCharts(row)}<h3>Work for each CPU-second (longer is better)</h3>${speedChart(speeds, shown)}
<h3>CPU time for the same work: user, then kernel (shorter is better)</h3>${costChart(row)}
<div class="scroll"><table><tr>${header}</tr>${lines.join('')}</table></div>
<p>${escape(threadLine(row.targets[0]!))}</p></section>`;
}

interface SpeedBar {
  readonly name: string;
  readonly values: readonly number[];
  readonly middle: number;
}

function speedChart(bars: readonly SpeedBar[], shown: (value: number) => string): string {
  const longest = Math.max(...bars.flatMap((bar) => [...bar.values, bar.middle]), 1e-9);
  const scale = (WIDTH - LABEL - VALUE) / longest;
  return chart(bars, (bar, index, y) => {
    const width = bar.middle * scale;
    const dots = bar.values.map(
      (value) =>
        `<circle cx="${at(LABEL + value * scale)}" cy="${y + BAR / 2}" r="3" fill="none" stroke="var(--dot)"/>`,
    );
    const end = LABEL + Math.max(width, ...bar.values.map((value) => value * scale)) + 10;
    return `${rectangle(LABEL, y, width, colourOf(bar.name, index), 1)}${dots.join('')}${text(end, y, shown(bar.middle))}`;
  });
}

/** Microseconds for a request, or CPU-seconds for a GB, cut into user and kernel. */
function costChart(row: LoadRowResult): string {
  const costs = row.targets.map((target) => {
    const summary = summarize(target, row.unit);
    const done = row.unit === 'requests' ? summary.requestsPerSecond / 1e6 : summary.bytesPerSecond / 1e9;
    const share = (cores: number) => (done === 0 ? 0 : cores / done);
    return { name: target.name, user: share(summary.userCores), kernel: share(summary.kernelCores) };
  });
  const longest = Math.max(...costs.map((cost) => cost.user + cost.kernel), 1e-9);
  const scale = (WIDTH - LABEL - VALUE) / longest;
  const unit = row.unit === 'requests' ? 'µs each' : 's for a GB';
  return chart(costs, (cost, index, y) => {
    const colour = colourOf(cost.name, index);
    const user = cost.user * scale;
    const kernel = cost.kernel * scale;
    const label = `${(cost.user + cost.kernel).toFixed(2)} ${unit}`;
    return `${rectangle(LABEL, y, user, colour, 1)}${rectangle(LABEL + user, y, kernel, colour, 0.45)}${text(LABEL + user + kernel + 10, y, label)}`;
  });
}

function chart<Bar extends { readonly name: string }>(
  bars: readonly Bar[],
  draw: (bar: Bar, index: number, y: number) => string,
): string {
  const height = bars.length * (BAR + GAP);
  const rows = bars.map((bar, index) => {
    const y = index * (BAR + GAP) + GAP / 2;
    return `<text class="soft" x="0" y="${y + BAR / 2 + 4}">${escape(bar.name)}</text>${draw(bar, index, y)}`;
  });
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img">${rows.join('')}</svg>`;
}

function colourOf(target: string, index: number): string {
  return target.startsWith('limit') ? LIMIT_COLOUR : COLOURS[index % COLOURS.length]!;
}

function rectangle(x: number, y: number, width: number, colour: string, opacity: number): string {
  return `<rect x="${at(x)}" y="${y}" width="${at(Math.max(width, 0))}" height="${BAR}" fill="${colour}" opacity="${opacity}"/>`;
}

function text(x: number, y: number, value: string): string {
  return `<text x="${at(x)}" y="${y + BAR / 2 + 4}">${escape(value)}</text>`;
}

function at(position: number): string {
  return position.toFixed(1);
}

function escape(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
