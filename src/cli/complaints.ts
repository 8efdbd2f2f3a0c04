import type { ResolvedConfig } from '../config/resolve.ts';
import type { Output } from './command_line.ts';

/** Says every finding, one a line. */
export function complainOf(resolved: ResolvedConfig | string, output: Output): void {
  if (typeof resolved === 'string') {
    output.complain(`millrace: ${resolved}\n`);
    return;
  }
  for (const warning of resolved.warnings) output.complain(`warning: ${visible(warning)}\n`);
  for (const error of resolved.errors) output.complain(`error: ${visible(error)}\n`);
}

/** What was written may hold anything; it must not move a terminal's cursor or begin a line of its own. */
function visible(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}
