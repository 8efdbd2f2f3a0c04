import { deepEqual, equal, match, throws } from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { DynamicConfig, dynamicSettingsProblem } from '../../src/config/dynamic_config.ts';
import type { DynamicSettings } from '../../src/config/dynamic_settings.ts';
import { NODE_KEYS } from '../../src/config/keys.ts';
import type { NodeConfig } from '../../src/config/node_config.ts';
import { replaceMethod } from '../simulation/planted/planted_bug.ts';
import { resolveNode } from './sources.ts';

const settings = (entries: Readonly<Record<string, string>>): ReadonlyMap<string, string> =>
  new Map(Object.entries(entries));

function effective(lines: string, dynamic: Partial<DynamicSettings> = {}): NodeConfig {
  const none = new Map<string, string>();
  return new DynamicConfig(resolveNode(lines)).effective({ cluster: none, node: none, ...dynamic }).config;
}

/** Keys that change while a node runs, where they end up, and values that they may have. */
const CHANGEABLE: readonly (readonly [string, (config: NodeConfig) => unknown, readonly string[]])[] = [
  ['background.threads', ({ storage }) => storage.backgroundThreads, ['3', '7']],
  ['num.recovery.threads.per.data.dir', ({ storage }) => storage.recoveryThreadsPerDirectory, ['2', '4']],
  ['max.connections', ({ network }) => network.connectionsMax, ['100', '200']],
  ['max.connections.per.ip', ({ network }) => network.connectionsPerAddressMax, ['10', '20']],
  ['max.connection.creation.rate', ({ network }) => network.connectionCreationRateMax, ['5', '6']],
  ['log.retention.ms', ({ topics }) => topics.config.retentionMs, ['1000', '-1']],
  ['log.segment.bytes', ({ topics }) => topics.config.segmentBytes, ['2000000', '3000000']],
  ['message.max.bytes', ({ topics }) => topics.config.maxMessageBytes, ['1000', '2000']],
  ['log.cleanup.policy', ({ topics }) => topics.config.cleanupPolicy, ['compact', 'delete,compact']],
  ['min.insync.replicas', ({ topics }) => topics.config.minInsyncReplicas, ['2', '3']],
  ['compression.type', ({ topics }) => topics.config.compressionType, ['gzip', 'zstd']],
  ['log.flush.interval.ms', ({ topics }) => topics.config.flushMs, ['11', '12']],
  ['unclean.leader.election.enable', ({ topics }) => topics.config.uncleanLeaderElectionEnable, ['true', 'false']],
];

const layer = fc
  .subarray([...CHANGEABLE])
  .chain((keys) => fc.tuple(...keys.map(([name, , values]) => fc.tuple(fc.constant(name), fc.constantFrom(...values)))))
  .map((entries) => new Map(entries));

/** The same, as an administrator would have it: everything in one start file, the strongest last. */
function inOneFile(...layers: readonly ReadonlyMap<string, string>[]): NodeConfig {
  const merged = new Map(layers.flatMap((entries) => [...entries]));
  return resolveNode([...merged].map(([name, text]) => `${name}=${text}`).join('\n'));
}

function precedence(): void {
  fc.assert(
    fc.property(layer, layer, layer, (written, cluster, node) => {
      const config = effective([...written].map(([name, text]) => `${name}=${text}`).join('\n'), { cluster, node });
      const expected = inOneFile(written, cluster, node);
      for (const [name, read] of CHANGEABLE) deepEqual(read(config), read(expected), name);
    }),
    { seed: 5, numRuns: 60 },
  );
}

suite('what counts', () => {
  test("a node's own settings, then those of all brokers, then what was written, then the default", precedence);

  test('the planted bug: precedence swapped', () => {
    // The method is not for callers.
    const open = DynamicConfig.prototype as unknown as { layers: (dynamic: DynamicSettings) => readonly unknown[] };
    const heal = replaceMethod(
      open,
      'layers',
      (original) =>
        function swapped(this: unknown, dynamic) {
          return original.call(this, dynamic).toReversed();
        },
    );
    try {
      throws(precedence);
    } finally {
      heal();
    }
    precedence();
  });

  test('a setting that this build cannot use counts as if it were not there, and is told once', () => {
    const cluster = settings({ 'log.segment.bytes': '2000000' });
    const node = settings({ 'log.segment.bytes': 'many', 'from.a.plugin': 'x' });
    const { config, ignored } = new DynamicConfig(resolveNode('')).effective({ cluster, node });
    equal(config.topics.config.segmentBytes, 2_000_000);
    equal(ignored.length, 1);
    match(ignored[0]!, /^log\.segment\.bytes in the metadata must be a whole number/);
  });

  test('what cannot change while a node runs does not', () => {
    const node = settings({ 'num.partitions': '9', 'log.retention.hours': '1' });
    const { topics } = effective('num.partitions=3', { node });
    equal(topics.partitions, 3);
    equal(topics.config.retentionMs, 168 * 3_600_000);
  });

  test('without settings in the metadata, exactly what was written', () => {
    const config = resolveNode(
      'log.retention.minutes=5\nlog.roll.hours=2\nmax.connections.per.ip.overrides=10.0.0.1:5',
    );
    const none = new Map<string, string>();
    deepEqual(new DynamicConfig(config).effective({ cluster: none, node: none }).config, config);
  });
});

suite('what may be set', () => {
  const now = (name: string): number => (name === 'background.threads' ? 10 : 8);
  const problem = (entries: Readonly<Record<string, string>>, isOfOneBroker = true): string | null =>
    dynamicSettingsProblem(settings(entries), isOfOneBroker, now);

  test('keys that only the start file can have', () => {
    match(problem({ 'num.partitions': '2', 'node.id': '4' })!, /^Cannot update these configs dynamically: .*num\.part/);
    for (const { name, updateMode } of NODE_KEYS) {
      if (updateMode === 'read-only') match(problem({ [name]: '1' })!, /dynamically/, name);
    }
  });

  test('keys of one broker, for all of them', () => {
    equal(problem({ 'principal.builder.class': 'x' }), null);
    match(problem({ 'principal.builder.class': 'x' }, false)!, /broker id must be specified: principal/);
  });

  test('keys of TLS, without their listener', () => {
    match(problem({ 'ssl.keystore.location': '/x' })!, /only per-listener using the listener prefix: ssl\.keystore/);
  });

  test('values that are none', () => {
    match(problem({ 'log.retention.ms': 'x' })!, /^Invalid value x for configuration log\.retention\.ms/);
    match(problem({ 'max.connections.per.ip.overrides': 'nowhere' })!, /^Invalid value nowhere/);
    equal(problem({ 'max.connections.per.ip.overrides': '10.0.0.1:5' }), null);
  });

  test('pools of threads at most double and halve', () => {
    equal(problem({ 'background.threads': '20' }), null);
    equal(problem({ 'background.threads': '5' }), null);
    match(problem({ 'background.threads': '21' })!, /not be greater than double the current value 10$/);
    match(problem({ 'background.threads': '4' })!, /at least half the current value 10$/);
  });

  test('a name that nobody knows: a plug-in may', () => {
    equal(problem({ 'my.own.key': 'x' }, false), null);
  });
});
