import assert from 'node:assert/strict';
import net from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';

import { CopiedReading } from '../../src/platform/network/copied_reading.ts';
import { readInPlace } from '../../src/platform/network/in_place_reading.ts';
import { Events, Receiver } from './events.ts';

/** A connection as a server accepts it, before anything is read. */
async function accept(t: TestContext): Promise<{ server: net.Server; outer: net.Socket; client: net.Socket }> {
  const server = net.createServer({ pauseOnConnect: true, allowHalfOpen: true });
  const accepted = new Promise<net.Socket>((resolve) => server.once('connection', resolve));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1');
  client.on('error', () => {});
  const outer = await accepted;
  t.after(() => {
    client.destroy();
    outer.destroy();
    server.close();
  });
  return { server, outer, client };
}

// If this fails with a new version of Node, connections are copied from Node's buffers until readInPlace is mended.
test('this version of Node lets an accepted connection be read in place, into shared memory', async (t) => {
  const { server, outer, client } = await accept(t);
  const receiver = new Receiver();
  let asked = 0;
  receiver.destination = () => {
    asked++;
    return receiver.landing;
  };
  const inner = readInPlace(outer, receiver);
  assert.ok(inner !== null);
  inner.on('close', () => receiver.closed(''));
  assert.equal(asked, 1);
  client.write('first');
  await receiver.untilBytes(5);
  assert.equal(Buffer.from(receiver.landing.slice(0, 5)).toString(), 'first');
  assert.equal(asked, 2);
  client.write('second');
  await receiver.untilBytes(11);
  assert.equal(Buffer.from(receiver.landing.slice(0, 6)).toString(), 'second');

  assert.ok(outer.destroyed, 'the outer socket is given up');
  const connections = await new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count)));
  assert.equal(connections, 0);
  const closed = new Promise((resolve) => server.close(resolve));
  await closed;
  client.write('third');
  await receiver.untilBytes(16);
  inner.destroy();
  await receiver.events.has('closed');
});

test('a socket without a kernel handle is left as it is', () => {
  const outer = new net.Socket();
  assert.equal(readInPlace(outer, new Receiver()), null);
  assert.equal(outer.destroyed, false);
});

test('the fall-back copies with the same calls: pieces of the destination, pauses, nothing lost', async (t) => {
  const { outer, client } = await accept(t);
  const receiver = new Receiver(1000);
  const events = new Events<number>();
  const reading = new CopiedReading(outer, receiver);
  receiver.onReceived = (length) => {
    assert.ok(length <= 1000);
    reading.pause();
    events.add(receiver.bytes.length);
  };
  const sent = Buffer.alloc(20_000, 'abcdefg');
  client.write(sent);
  while (receiver.bytes.length < sent.length) {
    const before = events.seen.length;
    await events.until((seen) => seen.length > before || receiver.bytes.length >= sent.length);
    const paused = receiver.bytes.length;
    for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(receiver.bytes.length, paused);
    reading.resume();
  }
  assert.deepEqual(receiver.bytes, sent);
});
