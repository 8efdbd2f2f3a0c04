import assert from 'node:assert/strict';
import net from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';

import { createNetwork } from '../../src/platform/network/network.ts';
import type { Socket } from '../../src/port/network.ts';
import { Events, listen, Receiver } from './events.ts';

const network = createNetwork();

/** A listener with the port under test, and a client of Node's own. */
async function connectedPair(t: TestContext, receiver: Receiver): Promise<{ socket: Socket; client: net.Socket }> {
  let accepted: (socket: Socket) => void = () => {};
  const first = new Promise<Socket>((resolve) => (accepted = resolve));
  const { port, listener } = await listen(network, (socket) => accepted(socket));
  const client = net.connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  client.on('error', () => {});
  const socket = await first;
  socket.start(receiver);
  t.after(() => {
    listener.close();
    client.destroy();
    socket.destroy();
  });
  return { socket, client };
}

function patterned(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; at++) bytes[at] = (at * 31 + (at >>> 8)) & 0xff;
  return bytes;
}

test('bytes arrive in the destination asked for last, which may change after each read', async (t) => {
  const memory = new Uint8Array(new SharedArrayBuffer(1 << 16));
  const places: number[] = [];
  let place = 0;
  const sizes = [1, 7, 100, 3000];
  const collected: Buffer[] = [];
  const events = new Events<number>();
  const receiver = new Receiver();
  receiver.destination = () => {
    const size = sizes[places.length % sizes.length] as number;
    places.push(place);
    return memory.subarray(place, place + size);
  };
  let total = 0;
  receiver.received = (length) => {
    const size = sizes[(places.length - 1) % sizes.length] as number;
    assert.ok(length >= 1 && length <= size);
    collected.push(Buffer.from(memory.slice(place, place + length)));
    place = (place + length) % 30_000;
    total += length;
    events.add(total);
  };
  const { client } = await connectedPair(t, receiver);
  const sent = patterned(50_000);
  client.write(sent);
  await events.until(() => total === sent.length);
  assert.deepEqual(Buffer.concat(collected), sent);
  assert.equal(places.length, collected.length + 1);
});

test('a write that the kernel takes whole is true, and needs no event', async (t) => {
  const receiver = new Receiver();
  const { socket, client } = await connectedPair(t, receiver);
  const shared = new Uint8Array(new SharedArrayBuffer(16)).fill(7);
  assert.equal(socket.write([shared, Buffer.from('abc'), shared.subarray(0, 2)], 2), true);
  const answer = await new Promise<Buffer | string>((resolve) => client.once('data', resolve));
  assert.deepEqual(answer, Buffer.concat([Buffer.alloc(16, 7), Buffer.from('abc')]));
  client.end();
  await receiver.events.has('ended');
  assert.ok(!receiver.events.seen.includes('written'));
});

test('a slow reader: writes are false, and written comes once for all of them', async (t) => {
  const receiver = new Receiver();
  const { socket, client } = await connectedPair(t, receiver);
  client.pause();
  const part = patterned(1 << 20);
  let writes = 0;
  while (socket.write([part.subarray(0, 1000), part.subarray(1000)], 2)) writes++;
  for (let more = 0; more < 3; more++) assert.equal(socket.write([part], 1), false);
  const expected = (writes + 4) * part.length;
  assert.ok(!receiver.events.seen.includes('written'));
  let got = 0;
  let matches = true;
  client.on('data', (bytes) => {
    for (let at = 0; at < bytes.length; at += 997) matches &&= bytes[at] === part[(got + at) % part.length];
    got += bytes.length;
    if (got === expected) client.end();
  });
  client.resume();
  await receiver.events.has('ended');
  await receiver.events.has('written');
  assert.equal(receiver.events.seen.filter((event) => event === 'written').length, 1);
  assert.ok(matches);
  assert.equal(socket.write([part.subarray(0, 10)], 1), true);
});

test('half-close: the peer ends, what is asked before is still answered, then both are closed', async (t) => {
  const receiver = new Receiver();
  const { socket, client } = await connectedPair(t, receiver);
  client.end('question');
  await receiver.events.has('ended');
  assert.equal(receiver.bytes.toString(), 'question');
  assert.ok(!receiver.events.seen.includes('closed'));
  const answer = new Promise<string>((resolve) => {
    let text = '';
    client.on('data', (bytes) => (text += bytes.toString()));
    client.on('end', () => resolve(text));
  });
  assert.equal(socket.write([Buffer.from('answer')], 1), true);
  socket.end();
  assert.equal(await answer, 'answer');
  await receiver.events.has('closed');
  assert.equal(receiver.events.seen.at(-1), 'closed');
});

test('end sends what is queued before it closes', async (t) => {
  const receiver = new Receiver();
  const { socket, client } = await connectedPair(t, receiver);
  client.pause();
  const part = patterned(1 << 20);
  let sent = part.length;
  while (socket.write([part], 1)) sent += part.length;
  socket.end();
  let got = 0;
  client.on('data', (bytes) => (got += bytes.length));
  client.resume();
  await new Promise((resolve) => client.once('end', resolve));
  assert.equal(got, sent);
});

test('destroy while writes pend: closed follows, written does not', async (t) => {
  const receiver = new Receiver();
  const { socket, client } = await connectedPair(t, receiver);
  client.pause();
  const part = patterned(1 << 20);
  while (socket.write([part], 1));
  socket.destroy();
  assert.ok(!receiver.events.seen.includes('closed'), 'not from inside the call');
  await receiver.events.has('closed');
  assert.ok(!receiver.events.seen.includes('written'));
  assert.equal(socket.write([part], 1), true, 'bytes for a connection that is over are dropped');
});

test('a reset by the peer is closed with its code', async (t) => {
  const receiver = new Receiver();
  const { client } = await connectedPair(t, receiver);
  client.resetAndDestroy();
  await receiver.events.has('closed ECONNRESET');
  assert.equal(receiver.events.seen.at(-1), 'closed ECONNRESET');
});

test('pause stops reading after at most one more delivery; resume goes on with nothing lost', async (t) => {
  const receiver = new Receiver(1000);
  const { socket, client } = await connectedPair(t, receiver);
  const sent = patterned(100_000);
  receiver.onReceived = () => {
    socket.pauseReading();
    // A pause, a resume and a pause in one turn are a pause.
    socket.resumeReading();
    socket.pauseReading();
  };
  client.write(sent);
  for (let round = 1; receiver.bytes.length < sent.length; round++) {
    await receiver.events.until((seen) => seen.filter((event) => event === 'received').length >= round);
    // Turns of the loop in which more would arrive if reading went on.
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
    const deliveries = receiver.events.seen.length;
    assert.ok(deliveries <= round + 1, `${deliveries} deliveries after ${round} resumes`);
    socket.resumeReading();
  }
  assert.deepEqual(receiver.bytes, sent);
});

test('addresses: IPv4 peers of a dual-stack listener are IPv4, and stay known after the end', async (t) => {
  const receiver = new Receiver();
  const sockets = new Events<Socket>();
  const { port, listener } = await listen(network, (socket) => sockets.add(socket), { host: '' });
  t.after(() => listener.close());
  const client = net.connect({ host: '127.0.0.1', port });
  await sockets.until((seen) => seen.length === 1);
  const socket = sockets.seen[0] as Socket;
  assert.equal(socket.remoteAddress, '127.0.0.1');
  assert.equal(socket.remotePort, client.localPort);
  assert.equal(socket.localAddress, '127.0.0.1');
  assert.equal(socket.localPort, port);
  socket.start(receiver);
  client.end();
  await receiver.events.has('ended');
  socket.end();
  await receiver.events.has('closed');
  assert.equal(socket.remoteAddress, '127.0.0.1');
  assert.equal(socket.localAddress, '127.0.0.1');
});

test('IPv6 loopback', { skip: !hasIPv6() }, async (t) => {
  const sockets = new Events<Socket>();
  const { port, listener } = await listen(network, (socket) => sockets.add(socket), { host: '::1' });
  t.after(() => listener.close());
  const receiver = new Receiver();
  const client = network.connect('::1', port, receiver);
  await receiver.events.has('connected');
  await sockets.until((seen) => seen.length === 1);
  assert.equal(sockets.seen[0]?.remoteAddress, '::1');
  assert.equal(client.remoteAddress, '::1');
  sockets.seen[0]?.destroy();
  client.destroy();
  await receiver.events.has('closed');
});

test('connect: both sides are the port under test; bytes go both ways', async (t) => {
  const serverSide = new Receiver();
  const sockets = new Events<Socket>();
  const { port, listener } = await listen(network, (socket) => {
    socket.start(serverSide);
    sockets.add(socket);
  });
  t.after(() => listener.close());
  const clientSide = new Receiver();
  const client = network.connect('localhost', port, clientSide);
  await clientSide.events.has('connected');
  assert.equal(clientSide.events.seen[0], 'connected');
  assert.equal(client.remotePort, port);
  assert.equal(client.write([Buffer.from('ping')], 1), true);
  await serverSide.untilBytes(4);
  assert.equal(sockets.seen[0]?.write([Buffer.from('pong')], 1), true);
  await clientSide.untilBytes(4);
  assert.equal(clientSide.bytes.toString(), 'pong');
  client.end();
  await serverSide.events.has('ended');
  await clientSide.events.has('closed');
  sockets.seen[0]?.end();
  await serverSide.events.has('closed');
});

test('connect to nobody is closed with a code, and nothing else', async () => {
  const { port, listener, events } = await listen(network, () => {});
  listener.close();
  await events.has('closed');
  const receiver = new Receiver();
  network.connect('127.0.0.1', port, receiver);
  await receiver.events.has('closed ECONNREFUSED');
  assert.deepEqual(receiver.events.seen, ['closed ECONNREFUSED']);
  const destroyed = new Receiver();
  network.connect('127.0.0.1', port, destroyed).destroy();
  await destroyed.events.has('closed');
  assert.deepEqual(destroyed.events.seen, ['closed']);
});

test('a port or name that cannot be is closed with a code', async () => {
  for (const [host, port] of [
    ['127.0.0.1', 70_000],
    ['127.0.0.1', -1],
    ['no\0host', 9092],
    ['', 1],
  ] as const) {
    const receiver = new Receiver();
    network.connect(host, port, receiver);
    assert.deepEqual(receiver.events.seen, [], 'not from inside the call');
    await receiver.events.until((seen) => seen.length > 0);
    assert.match(receiver.events.seen[0] as string, /^closed E/);
  }
});

test('a taken port is failed with EADDRINUSE', async (t) => {
  const { port, listener } = await listen(network, () => {});
  t.after(() => listener.close());
  await assert.rejects(
    listen(network, () => {}, { port }),
    /EADDRINUSE/,
  );
});

test('a closed listener is closed while its connections go on, and its port is free', async (t) => {
  const receiver = new Receiver();
  const sockets = new Events<Socket>();
  const { port, listener, events } = await listen(network, (socket) => {
    socket.start(receiver);
    sockets.add(socket);
  });
  const client = net.connect({ host: '127.0.0.1', port });
  t.after(() => client.destroy());
  await sockets.until((seen) => seen.length === 1);
  listener.close();
  listener.close();
  await events.has('closed');
  assert.deepEqual(events.seen, ['closed']);
  client.write('still here');
  await receiver.untilBytes(10);
  const again = await listen(network, () => {}, { port });
  again.listener.close();
  sockets.seen[0]?.destroy();
  await receiver.events.has('closed');
});

test('an accepted socket that is destroyed before it is started sends no byte', async (t) => {
  const { port, listener } = await listen(network, (socket) => socket.destroy());
  t.after(() => listener.close());
  const client = net.connect({ host: '127.0.0.1', port });
  let bytes = 0;
  client.on('data', (data) => (bytes += data.length));
  client.on('error', () => {});
  await new Promise((resolve) => client.once('close', resolve));
  assert.equal(bytes, 0);
});

test('system calls are counted: one read and one write for a small request', async (t) => {
  const calls: string[] = [];
  const counting = createNetwork({ countSystemCall: (call) => calls.push(call) });
  const receiver = new Receiver();
  const sockets = new Events<Socket>();
  const { port, listener } = await listen(counting, (socket) => {
    socket.start(receiver);
    sockets.add(socket);
  });
  t.after(() => listener.close());
  const client = net.connect({ host: '127.0.0.1', port });
  client.write('request');
  await receiver.untilBytes(7);
  sockets.seen[0]?.write([Buffer.from('a'), Buffer.from('b')], 2);
  client.end();
  await receiver.events.has('ended');
  sockets.seen[0]?.destroy();
  client.destroy();
  assert.deepEqual(calls, ['accept', 'socketRead', 'socketWrite']);
});

function hasIPv6(): boolean {
  try {
    new net.BoundSocket({ host: '::1', port: 0 }).close();
    return true;
  } catch {
    return false;
  }
}
