import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { UnreadableFile, type SecretSource } from '../../src/config/secrets.ts';
import { resolveFile, resolveNode } from './sources.ts';

test('later layers win, and every value knows where it was written', () => {
  const { values } = resolveFile('# a comment\nnum.partitions = 3\nlog.roll.hours=1\nmessage.max.bytes=2000', {
    environment: { KAFKA_NUM_PARTITIONS: '4', KAFKA_LOG_ROLL_HOURS: '2', PATH: '/bin' },
    commandLine: [
      { name: 'num.partitions', text: '5', isSecret: false, origin: { kind: 'command line', place: '--override' } },
    ],
  });
  equal(values.number('num.partitions'), 5);
  equal(values.setting('num.partitions').origin.place, '--override');
  equal(values.number('log.roll.hours'), 2);
  equal(values.setting('log.roll.hours').origin.place, 'KAFKA_LOG_ROLL_HOURS');
  equal(values.setting('message.max.bytes').origin.place, 'server.properties:4');
  equal(values.setting('fetch.max.bytes').origin.place, 'default');
});

test('variables are named as in the official image', () => {
  const { values, warnings } = resolveFile('', {
    environment: {
      KAFKA_LISTENER_NAME_PLAINTEXT_MAX_CONNECTIONS: '9',
      MILLRACE_FLUSH_POLICY: 'acknowledged',
      KAFKA_A__B___C: 'x',
      KAFKA_HEAP_OPTS: '-Xmx1G',
      KAFKA_JVM_PERFORMANCE_OPTS: '',
      KAFKA_LOG4J_ROOT_LOGLEVEL: 'DEBUG',
      KAFKA_OPTS: '',
    },
  });
  equal(values.text('millrace.flush.policy'), 'acknowledged');
  equal(values.listenerNumber('PLAINTEXT', 'max.connections'), 9);
  const ignored = warnings.filter((line) => line.includes('KAFKA_HEAP_OPTS'));
  equal(ignored.length, 1);
  match(ignored[0] ?? '', /KAFKA_HEAP_OPTS, KAFKA_JVM_PERFORMANCE_OPTS, KAFKA_LOG4J_ROOT_LOGLEVEL, KAFKA_OPTS/);
  ok(warnings.some((line) => line.startsWith('a_b-c (KAFKA_A__B___C)')));
});

test('unknown keys are named with what was probably meant, and stop nothing', () => {
  const { warnings, node } = resolveFile(
    'num.partitons=3\nzookeeper.connect=h:2181\nxyzzy.plugh=1\nlistener.name.a.nothing=1',
  );
  ok(node !== null);
  ok(
    warnings.includes(
      'num.partitons (server.properties:1) is no key of Millrace or Apache Kafka: it is ignored; did you mean num.partitions?',
    ),
  );
  ok(
    warnings.includes(
      'zookeeper.connect (server.properties:2) is a key that Apache Kafka 4 no longer has: it is ignored',
    ),
  );
  ok(warnings.includes('xyzzy.plugh (server.properties:3) is no key of Millrace or Apache Kafka: it is ignored'));
});

test('repeated keys and keys without effect are said once', () => {
  const { warnings, values } = resolveFile(
    'num.partitions=1\nnum.io.threads=3\nsuper.users=User:a\nnum.partitions=2\nrsm.config.x=1',
  );
  deepEqual(warnings, [
    'num.partitions (lines 1, 4 of server.properties) is set more than once: the last one counts',
    'these keys of Apache Kafka have no effect in Millrace: num.io.threads, rsm.config.x, super.users',
  ]);
  equal(values.number('num.partitions'), 2);
});

test('all errors are said at once, with key, value, place and what is allowed', () => {
  const { errors, node } = resolveFile(
    'num.partitions=many\nlog.dirs=\nmillrace.flush.policy=sometimes\nssl.key.password=x',
    {
      environment: { KAFKA_LOG_RETENTION_MS: '0' },
    },
  );
  equal(node, null);
  deepEqual(errors, [
    'num.partitions = many (server.properties:1) must be a whole number, at least 1',
    'millrace.flush.policy = sometimes (server.properties:3) must be one of never, interval, acknowledged',
    'log.dirs =  (server.properties:2) must name at least one directory',
    'log.retention.ms = 0 (KAFKA_LOG_RETENTION_MS) must be at least 1, or -1 for ever',
  ]);
});

test('cross checks', () => {
  const bad: readonly (readonly [string, RegExp])[] = [
    ['node.id=1\nbroker.id=2', /must be the same as node\.id/],
    ['millrace.ring.bytes=100000', /must be a power of two/],
    ['millrace.arena.bytes=8388608', /must hold socket\.request\.max\.bytes/],
    ['queued.max.request.bytes=1000', /must be at least socket\.request\.max\.bytes/],
    ['max.connections.per.ip=0', /must be above 0/],
    ['max.connections.per.ip.overrides=a:b', /must be a list of address:count/],
    ['max.connections.per.ip.overrides=a:9999999999', /must be a list of address:count/],
    ['log.dirs=a,b,a/', /must not name a directory twice/],
    ['replica.fetch.wait.max.ms=40000', /must not be above replica\.socket\.timeout\.ms\n.*replica\.lag/],
    ['log.cleaner.min.compaction.lag.ms=2\nlog.cleaner.max.compaction.lag.ms=1', /must not be above/],
    ['process.roles=', /must be broker, controller, or both/],
    ['process.roles=broker', /must be broker,controller: this version runs clusters of one node/],
    ['controller.quorum.voters=1@a:1,2@b:1', /must name node 1 alone/],
    ['controller.quorum.voters=2@b:1', /must name node 1 alone/],
    ['controller.quorum.bootstrap.servers=a:1,b:1', /must name this node alone/],
    ['socket.send.buffer.bytes=0', /must be at least 1, or -1/],
    ['controller.quorum.voters=1@a', /must be a list of id@host:port .*, which '1@a' is not/],
    ['controller.quorum.voters=1@a:99999', /must be a list of id@host:port/],
    ['process.roles=broker\ncontroller.quorum.voters=1@a:1', /must not name node 1, which is no controller/],
    ['controller.quorum.bootstrap.servers=a', /must be a list of host:port .*, which 'a' is not/],
    ['cordoned.log.dirs=/x', /must be among the directories of log\.dir, which \/x is not/],
    ['log.cleaner.dedupe.buffer.size=1500000\nlog.cleaner.threads=2', /at least 1 MiB for each/],
    ['early.start.listeners=OTHER', /must be among the listeners, which OTHER is not/],
    ['log.roll.ms=0', /log\.roll\.ms = 0 .* must be at least 1/],
    ['log.roll.jitter.ms=-1', /log\.roll\.jitter\.ms = -1 .* must be at least 0/],
    ['offsets.topic.compression.codec=9', /must be 0 \(none\), 1 \(gzip\)/],
    ['controller.quorum.voters=1@0.0.0.0:9093', /must name hosts that can be reached/],
    ['group.consumer.heartbeat.interval.ms=1', /must not be above group\.consumer\.heartbeat\.interval\.ms/],
    ['group.share.session.timeout.ms=70000', /must not be above group\.share\.max\.session\.timeout\.ms/],
    [
      'group.streams.min.session.timeout.ms=1\ngroup.streams.session.timeout.ms=5000',
      /must be below group\.streams\.session\.timeout\.ms, which is 5000/,
    ],
    ['group.share.record.lock.duration.ms=1000', /must not be above group\.share\.record\.lock\.duration\.ms/],
    ['group.streams.num.standby.replicas=3', /must not be above group\.streams\.max\.standby\.replicas/],
  ];
  for (const [lines, expected] of bad) match(resolveFile(lines).errors.join('\n'), expected, lines);
});

test('what Kafka only warns of', () => {
  const { warnings, node } = resolveFile('broker.heartbeat.interval.ms=5000\ncordoned.log.dirs=*');
  ok(node !== null);
  match(warnings.join('\n'), /broker\.heartbeat\.interval\.ms = 5000 .* is above half of broker\.session\.timeout\.ms/);
});

test('who names the voters: the configuration, or the metadata log', () => {
  equal(resolveNode('').quorum.hasStaticVoters, false);
  equal(resolveNode('controller.quorum.voters=1@[::1]:9093').quorum.hasStaticVoters, true);
  equal(resolveNode('controller.quorum.bootstrap.servers=[::1]:9093').quorum.hasStaticVoters, false);
});

test('row 83: a start file cut off anywhere gives values that were written, or an error, never something else', () => {
  const whole =
    'node.id=41\nlisteners=PLAINTEXT://127.0.0.1:9092\nnum.partitions=12\nlog.dirs=/data/one,/data/two\n' +
    'log.retention.ms=604800000\nmillrace.flush.policy=acknowledged\n# the end\n';
  for (let length = 0; length <= whole.length; length++) {
    const cut = whole.slice(0, length);
    const { node, errors, warnings } = resolveFile(cut);
    equal(node === null, errors.length > 0, cut);
    for (const { name, text } of node?.written ?? []) ok(cut.includes(`${name}=${text}`), `${name} in ${cut}`);
    const last = cut.split('\n').at(-1)!;
    const isPartOfKey = last !== '' && !last.includes('=') && !last.startsWith('#');
    if (isPartOfKey)
      match([...warnings, ...errors].join('\n'), /server\.properties:\d/, `nothing is said of '${last}'`);
  }
});

test('the node that follows', () => {
  const node = resolveNode(
    'broker.id=7\nlog.dirs=/a/,/b\nqueued.max.request.bytes=629145600\nmax.connections.per.ip.overrides=10.0.0.1:5,[::1]:6,::2:7\n' +
      'log.retention.minutes=2\nlog.retention.hours=9\nlog.roll.jitter.hours=1\nmillrace.shards=3',
  );
  equal(node.nodeId, 7);
  equal(node.shards, 3);
  deepEqual(node.storage.directories, ['/a', '/b']);
  equal(node.storage.metadataDirectory, '/a');
  equal(node.network.arenaBytes, 200 * 2 ** 20);
  deepEqual(node.network.connectionsPerAddressOverrides, [
    { address: '10.0.0.1', connectionsMax: 5 },
    { address: '::1', connectionsMax: 6 },
    { address: '::2', connectionsMax: 7 },
  ]);
  equal(node.topics.config.retentionMs, 120_000);
  equal(node.topics.config.segmentJitterMs, 3_600_000);
  deepEqual(structuredClone(node), node);
  const { written } = resolveNode('ssl.key.password=p\nnum.partitions=2');
  deepEqual(written, [
    { name: 'num.partitions', text: '2', place: 'server.properties:2' },
    { name: 'ssl.key.password', text: null, place: 'server.properties:1' },
  ]);
});

test('a shard for each core, but of two cores one is left to the rest', () => {
  const shardsOf = (cores: number): number =>
    resolveNode('', { machine: { hostName: 'h', cores, memoryBytes: 2 ** 33 } }).shards;
  deepEqual([1, 2, 3, 4, 62, 128].map(shardsOf), [1, 1, 3, 4, 62, 62]);
});

test('an arena holds the longest request however little memory there is', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1_900_000_000 }),
      fc.integer({ min: 1, max: 62 }),
      fc.nat(),
      (longest, shards, memoryBytes) => {
        const machine = { hostName: 'h', cores: 1, memoryBytes };
        const lines = `millrace.shards=${shards}\nsocket.request.max.bytes=${longest}\nfetch.max.bytes=1024`;
        const { network } = resolveNode(lines, { machine });
        return network.arenaBytes >= longest && network.arenaBytes < 2 ** 31;
      },
    ),
    { numRuns: 50 },
  );
});

test('row 80: where the longest requests would be half of the memory, their default is less; what is written holds', () => {
  const longest = (lines: string, memoryMib: number, shards: number): number => {
    const machine = { hostName: 'h', cores: 1, memoryBytes: memoryMib * 2 ** 20 };
    const { requestBytesMax, arenaBytes } = resolveNode(`millrace.shards=${shards}\n${lines}`, { machine }).network;
    equal(arenaBytes >= requestBytesMax, true);
    return requestBytesMax / 2 ** 20;
  };
  equal(longest('', 256, 2), 32);
  equal(longest('', 256, 1), 100);
  equal(longest('', 1024, 4), 100);
  equal(longest('', 64, 62), 8);
  equal(longest('socket.request.max.bytes=104857600', 256, 2), 100);
  equal(longest('queued.max.request.bytes=209715200', 256, 2), 100);
});

test('--port moves the default listener, and contradicts a written one', () => {
  equal(resolveNode('', { port: 19_092 }).listeners[0]?.port, 19_092);
  match(
    resolveFile('listeners=PLAINTEXT://:1', { port: 2 }).errors.join(),
    /--port 2 .* listeners is set \(server\.properties:1\)/,
  );
});

const secrets: SecretSource = {
  variable: (name) => (name === 'RACK' ? 'r1' : undefined),
  readText: (path) =>
    path === '/run/secrets.properties'
      ? 'rack=${env:RACK}\nport=1234'
      : path === '/run/d/rack'
        ? 'r2'
        : new UnreadableFile('EACCES'),
};

test('secrets are put into the start file, and nowhere else', () => {
  const rack = (lines: string, environment = {}): string | null => resolveNode(lines, { secrets, environment }).rack;
  equal(rack('broker.rack=a-${env:RACK}-b'), 'a-r1-b');
  equal(rack('broker.rack=${file:/run/secrets.properties:rack}'), '${env:RACK}');
  equal(rack('broker.rack=${other:x}'), '${other:x}');
  equal(rack('', { KAFKA_BROKER_RACK: '${env:RACK}' }), '${env:RACK}');
  equal(
    rack(
      'config.providers=d\nconfig.providers.d.class=org.apache.kafka.common.config.provider.DirectoryConfigProvider\nbroker.rack=${d:/run/d:rack}',
    ),
    'r2',
  );
});

test('a secret that is not there is an error that names it', () => {
  const error = (lines: string): string => resolveFile(lines, { secrets }).errors.join('\n');
  equal(
    error('broker.rack=${env:NO}'),
    'broker.rack (server.properties:1) refers to ${env:NO}, which is not in the environment',
  );
  match(error('broker.rack=${file:/etc/shadow:root}'), /cannot be read \(EACCES\)/);
  match(error('broker.rack=${file:/run/secrets.properties:no}'), /has no such key/);
  match(error('broker.rack=${file:x}'), /names no path and key/);
  match(error('config.providers=v\nconfig.providers.v.class=com.example.Vault'), /must be one of EnvVarConfigProvider/);
});

test('a secret is never said, not even in an error', () => {
  const { errors } = resolveFile('num.partitions=${env:RACK}', { secrets });
  deepEqual(errors, ['num.partitions = ****** (server.properties:1) must be a whole number, at least 1']);
});

test('providers can be narrowed', () => {
  const file =
    'config.providers=file\nconfig.providers.file.class=FileConfigProvider\nconfig.providers.file.param.allowed.paths=/etc,/run/other\n';
  const error = (reference: string): string =>
    resolveFile(`${file}broker.rack=${reference}`, { secrets }).errors.join('\n');
  match(error('${file:/run/secrets.properties:rack}'), /outside of allowed\.paths/);
  match(error('${file:/etc/../run/secrets.properties:rack}'), /outside of allowed\.paths/);
  match(error('${file:/etcetera/x:rack}'), /outside of allowed\.paths/);
  const nothing = file.replace('/etc,/run/other', ' , ');
  match(resolveFile(`${nothing}broker.rack=\${file:/etc/x:y}`, { secrets }).errors.join(), /outside of allowed\.paths/);
  const env =
    'config.providers=env\nconfig.providers.env.class=EnvVarConfigProvider\nconfig.providers.env.param.allowlist.pattern=KAFKA_.*\n';
  match(resolveFile(`${env}broker.rack=\${env:RACK}`, { secrets }).errors.join(), /allowlist\.pattern does not allow/);
});

test('no file makes resolving throw', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('', 'listeners=', 'log.dirs=', 'config.providers=', '\\u'),
      (text, start) => {
        const { node, errors } = resolveFile(start + text);
        return (node === null) === errors.length > 0;
      },
    ),
  );
  deepEqual(resolveFile('num.partitions=\\u12').errors, [
    "server.properties is no properties file: malformed escaped unicode characters '\\u12'",
  ]);
});
