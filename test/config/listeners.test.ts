import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isWellFormedHost } from '../../src/config/address.ts';
import { parseEndpoint } from '../../src/config/listeners.ts';
import { resolveFile, resolveNode } from './sources.ts';

/** The errors that these lines cause. */
function errors(lines: string): string {
  const { errors: found, node } = resolveFile(lines);
  equal(node, null, 'a configuration with errors gives no node');
  return found.join('\n');
}

test('without a file: one plain listener on this machine only', () => {
  const { listeners, interBrokerListener } = resolveNode('');
  equal(listeners.length, 1);
  const [listener] = listeners;
  equal(listener?.name, 'PLAINTEXT');
  equal(listener?.host, '127.0.0.1');
  equal(listener?.port, 9092);
  deepEqual(listener?.advertised, { host: '127.0.0.1', port: 9092 });
  equal(listener?.isController, false);
  equal(interBrokerListener, 'PLAINTEXT');
});

test('the start file that comes with Apache Kafka for one node', () => {
  const node = resolveNode(`
    process.roles=broker,controller
    node.id=1
    controller.quorum.bootstrap.servers=localhost:9093
    listeners=PLAINTEXT://:9092,CONTROLLER://:9093
    inter.broker.listener.name=PLAINTEXT
    advertised.listeners=PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093
    controller.listener.names=CONTROLLER
    listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL
    log.dirs=/tmp/kraft-combined-logs`);
  deepEqual(
    node.listeners.map(({ name, host, port, isController }) => ({ name, host, port, isController })),
    [
      { name: 'PLAINTEXT', host: '', port: 9092, isController: false },
      { name: 'CONTROLLER', host: '', port: 9093, isController: true },
    ],
  );
});

test('IPv6 in brackets, dual-stack, ports that the kernel chooses', () => {
  deepEqual(parseEndpoint('a://[::1]:9092'), { name: 'A', host: '::1', port: 9092 });
  // Kafka takes this too: the last colon is before the port.
  deepEqual(parseEndpoint('A://::1:9092'), { name: 'A', host: '::1', port: 9092 });
  deepEqual(parseEndpoint('PLAINTEXT://:0'), { name: 'PLAINTEXT', host: '', port: 0 });
  for (const text of [
    'PLAINTEXT://h',
    'h:9092',
    '://h:1',
    'A://h:65536',
    'A://h:-1',
    'A://[::1:9',
    'A://[1:2]:3',
    'A://h h:1',
    'A://1.2.3.256:1',
  ]) {
    equal(parseEndpoint(text), null, text);
  }
  const node = resolveNode(
    'listeners=A://0.0.0.0:1,B://[::]:1\nadvertised.listeners=A://x:1,B://x:1\n' +
      'listener.security.protocol.map=A:PLAINTEXT,B:PLAINTEXT\ninter.broker.listener.name=A',
  );
  deepEqual(
    node.listeners.map((listener) => listener.host),
    ['0.0.0.0', '::'],
  );
  resolveNode(
    'listeners=A://:0,B://:0\nlistener.security.protocol.map=A:PLAINTEXT,B:PLAINTEXT\ninter.broker.listener.name=A',
  );
});

test('names and ports are used once, but for an IPv4 and IPv6 pair', () => {
  match(errors('listeners=PLAINTEXT://:1,plaintext://:2'), /must not name the listener PLAINTEXT twice/);
  const map = 'listener.security.protocol.map=A:PLAINTEXT,B:PLAINTEXT,C:PLAINTEXT\ninter.broker.listener.name=A\n';
  for (const listeners of [
    'A://:9,B://:9',
    'A://127.0.0.1:9,B://127.0.0.2:9',
    'A://x:9,B://[::1]:9',
    'A://1.1.1.1:9,B://[::1]:9,C://[::2]:9',
  ]) {
    match(errors(`${map}listeners=${listeners}`), /must not use port 9 more than once/, listeners);
  }
  resolveNode(`${map}listeners=A://127.0.0.1:9,B://[::1]:9`);
});

test('what is advertised is a listener, and an address', () => {
  match(
    errors('listeners=PLAINTEXT://0.0.0.0:9092'),
    /listeners = .*server\.properties:1.* would tell clients to connect to 0\.0\.0\.0/,
  );
  match(
    errors('listeners=PLAINTEXT://:1\nadvertised.listeners=PLAINTEXT://0.0.0.0:1'),
    /advertised\.listeners = .* 0\.0\.0\.0/,
  );
  match(
    errors('advertised.listeners=PLAINTEXT://h:1,OTHER://h:2'),
    /must name only listeners that there are, which OTHER is not/,
  );
  match(errors('advertised.listeners='), /must name at least one listener/);
  deepEqual(resolveNode('listeners=PLAINTEXT://:9092').listeners[0]?.advertised, { host: 'host.example', port: 9092 });
  const { warnings } = resolveFile('listeners=PLAINTEXT://:9092\nadvertised.listeners=PLAINTEXT://localhost:9092');
  match(warnings.join('\n'), /those on other machines will reach themselves/);
});

test('the listener between brokers is never guessed', () => {
  const external = 'listeners=EXTERNAL://:1\nlistener.security.protocol.map=EXTERNAL:PLAINTEXT\n';
  match(
    errors(external),
    /must be the name of an advertised listener for clients \(EXTERNAL\); brokers would use PLAINTEXT/,
  );
  match(
    errors(`${external}inter.broker.listener.name=INTERNAL`),
    /must be in listener\.security\.protocol\.map, which INTERNAL is not/,
  );
  match(
    errors(`${external}inter.broker.listener.name=EXTERNAL\nsecurity.inter.broker.protocol=PLAINTEXT`),
    /must not be set together/,
  );
  match(errors('inter.broker.listener.name=SSL'), /must be the name of an advertised listener/);
  equal(resolveNode(`${external}inter.broker.listener.name=external`).interBrokerListener, 'EXTERNAL');
  match(
    errors(
      'listeners=PLAINTEXT://:1,CONTROLLER://:2\ncontroller.listener.names=CONTROLLER\ninter.broker.listener.name=CONTROLLER',
    ),
    /must be the name of an advertised listener for clients \(PLAINTEXT\)/,
  );
});

test('controller listeners are listeners of controllers only', () => {
  match(
    errors('controller.listener.names=CONTROLLER'),
    /must be among the listeners of a controller, which CONTROLLER is not/,
  );
  match(
    errors('process.roles=broker\nlisteners=PLAINTEXT://:1,CONTROLLER://:2\ncontroller.listener.names=CONTROLLER'),
    /must not be among the listeners of a node that is no controller/,
  );
  match(errors('listeners=CONTROLLER://:2\ncontroller.listener.names=CONTROLLER'), /must have a listener for clients/);
  equal(
    errors('process.roles=controller\nlisteners=CONTROLLER://:2\ncontroller.listener.names=CONTROLLER').split('\n')
      .length,
    1,
    'nothing but the role is wrong',
  );
});

test('a controller that is no broker listens for controllers alone', () => {
  match(
    errors('process.roles=controller\nlisteners=PLAINTEXT://:1,CONTROLLER://:2\ncontroller.listener.names=CONTROLLER'),
    /must be those of controller\.listener\.names alone on a controller, unlike PLAINTEXT/,
  );
});

test('security is refused, never left out', () => {
  match(
    errors('listeners=SSL://:1\nsecurity.inter.broker.protocol=SSL'),
    /listeners = .* asks for SSL on the listener SSL; this version serves PLAINTEXT only/,
  );
  match(
    errors('listener.security.protocol.map=PLAINTEXT:SASL_SSL'),
    /listener\.security\.protocol\.map = .* asks for SASL_SSL/,
  );
  match(
    errors('listeners=CLIENTS://:1\ninter.broker.listener.name=CLIENTS'),
    /must be in listener\.security\.protocol\.map|must give the listener CLIENTS/,
  );
  match(errors('listener.security.protocol.map=PLAINTEXT:PLAIN'), /which 'PLAINTEXT:PLAIN' is not/);
});

test('caps of one listener', () => {
  const { listeners } = resolveNode(
    'listener.name.plaintext.max.connections=7\nlistener.name.PLAINTEXT.max.connection.creation.rate=3',
  );
  equal(listeners[0]?.connectionsMax, 7);
  equal(listeners[0]?.connectionCreationRateMax, 3);
  match(errors('listener.name.plaintext.max.connections=-1'), /must be a whole number, at least 0/);
  match(
    resolveFile('listener.name.other.max.connections=1').warnings.join('\n'),
    /names a listener that listeners does not have/,
  );
});

test('an IPv6 literal is told from what only looks like one', () => {
  fc.assert(fc.property(fc.ipV6(), (address) => isWellFormedHost(address)));
  for (const text of [':', ':::', '1::2::3', '12345::', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '::1.2.3.256']) {
    ok(!isWellFormedHost(text), text);
  }
  ok(isWellFormedHost('fe80::1%eth0'));
});
