import type { ConfigEntry } from './origin.ts';
import type { Findings } from './problems.ts';
import { providerKinds, type SecretProvider } from './secrets.ts';

/**
 * The providers that a start file can use: `env` and `file` always, and those of `config.providers`, which may also
 * narrow the two. Only what the file itself says counts, so that no other layer can open files to it.
 */
export function readSecretProviders(
  entries: readonly ConfigEntry[],
  findings: Findings,
): ReadonlyMap<string, SecretProvider> {
  const providers = new Map<string, SecretProvider>([
    ['env', { kind: 'env', allowedPaths: null, allowedVariables: null }],
    ['file', { kind: 'file', allowedPaths: null, allowedVariables: null }],
  ]);
  const lastText = (name: string): ConfigEntry | undefined => entries.findLast((entry) => entry.name === name);
  const names = lastText('config.providers')?.text.split(',') ?? [];
  for (const name of names.map((text) => text.trim()).filter((text) => text !== '')) {
    const written = lastText(`config.providers.${name}.class`);
    const className = written?.text.trim() ?? '';
    const kind = providerKinds.get(className.slice(className.lastIndexOf('.') + 1));
    if (kind === undefined) {
      findings.errors.push(
        `config.providers.${name}.class = ${className} (${written?.origin.place ?? 'not set'}) must be one of ` +
          [...providerKinds.keys()].join(', '),
      );
      continue;
    }
    providers.set(name, {
      kind,
      allowedPaths: allowedPaths(lastText(`config.providers.${name}.param.allowed.paths`)),
      allowedVariables: allowedVariables(lastText(`config.providers.${name}.param.allowlist.pattern`), findings),
    });
  }
  return providers;
}

/** An empty list allows nothing: to narrow and then to name nothing is no wish for everything. */
function allowedPaths(entry: ConfigEntry | undefined): readonly string[] | null {
  if (entry === undefined) return null;
  return entry.text
    .split(',')
    .map((path) => path.trim())
    .filter((path) => path !== '');
}

function allowedVariables(entry: ConfigEntry | undefined, findings: Findings): RegExp | null {
  if (entry === undefined) return null;
  try {
    return new RegExp(`^(?:${entry.text})$`);
  } catch {
    findings.errors.push(`${entry.name} = ${entry.text} (${entry.origin.place}) must be a regular expression`);
    return /^(?!)/;
  }
}
