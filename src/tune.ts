import { readFileSync } from 'node:fs';
import type { Tuner } from './cli/tune_request.ts';
import { availableResources } from './platform/cores.ts';
import { programEntry, tuneUrl } from './platform/program_files.ts';
import { tuneCommand } from './tune/tune_command.ts';

/** Wires `millrace tune` to the machine. */
export const tuneHere: Tuner = (request, surroundings, output) =>
  tuneCommand(request, surroundings, output, {
    available: availableResources(),
    read: readText,
    program: programEntry(),
    generator: tuneUrl('tune_load'),
  });

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
