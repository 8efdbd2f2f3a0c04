import { resolveConfig, type ConfigSources, type ResolvedConfig } from '../../src/config/resolve.ts';
import type { NodeConfig } from '../../src/config/node_config.ts';
import { UnreadableFile } from '../../src/config/secrets.ts';
import { assert } from '../../src/base/assert.ts';

const nothing: ConfigSources = {
  file: null,
  environment: {},
  commandLine: [],
  port: null,
  secrets: { variable: () => undefined, readText: () => new UnreadableFile('ENOENT') },
  machine: { hostName: 'host.example', cores: 2, memoryBytes: 8 * 2 ** 30 },
};

/** Resolves the lines of a start file, on a machine that is always the same, with no other layer unless given. */
export function resolveFile(lines: string, more: Partial<ConfigSources> = {}): ResolvedConfig {
  return resolveConfig({ ...nothing, file: { path: 'server.properties', text: lines }, ...more });
}

export function resolveNode(lines: string, more: Partial<ConfigSources> = {}): NodeConfig {
  const { node, errors } = resolveFile(lines, more);
  assert(node !== null, errors.join('\n'));
  return node;
}
