/** How quantities are told to people. */

export function bytesText(bytes: number): string {
  if (bytes >= 2 ** 40) return `${(bytes / 2 ** 40).toFixed(1)} TiB`;
  if (bytes >= 10 * 2 ** 30) return `${(bytes / 2 ** 30).toFixed(0)} GiB`;
  if (bytes >= 2 ** 30) return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  if (bytes >= 2 ** 20) return `${(bytes / 2 ** 20).toFixed(0)} MiB`;
  return `${Math.round(bytes / 1024)} KiB`;
}

export function durationText(milliseconds: number): string {
  return milliseconds < 10 ? `${milliseconds.toFixed(2)} ms` : `${milliseconds.toFixed(0)} ms`;
}

/** Of something over something of the same kind: `+12 %`. */
export function gainText(gain: number): string {
  return `${gain >= 0 ? '+' : '−'}${(Math.abs(gain) * 100).toFixed(0)} %`;
}

/** Three digits that matter: `12,300`, `1,230`, `12.3`. */
export function countText(count: number): string {
  if (count < 100) return count.toPrecision(3);
  const step = 10 ** Math.max(0, Math.floor(Math.log10(count)) - 2);
  return (Math.round(count / step) * step).toLocaleString('en-US');
}
