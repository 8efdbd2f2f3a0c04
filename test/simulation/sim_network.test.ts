import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Socket, SocketEvents } from '../../src/port/network.ts';
import { Internet } from './internet.ts';
import type { NetworkOptions, SimHost } from './internet.ts';
import { SimNetwork } from './sim_network.ts';
import { SimThread } from './sim_thread.ts';
import { World } from './world.ts';

/** What one side of a connection saw. */
class Side implements SocketEvents {
  socket: Socket | null = null;
  readonly bytes: number[] = [];
  readonly reads: number[] = [];
  readonly happened: string[] = [];
  writtenCount = 0;
  readonly landing = new Uint8Array(4096);

  connected(): void {
    this.happened.push('connected');
  }
  destination(): Uint8Array {
    return this.landing;
  }
  received(length: number): void {
    this.reads.push(length);
    for (let at = 0; at < length; at++) this.bytes.push(this.landing[at] as number);
  }
  written(): void {
    this.writtenCount++;
  }
  ended(): void {
    this.happened.push('ended');
  }
  closed(code: string): void {
    this.happened.push(`closed ${code}`);
  }
}

interface Pair {
  readonly world: World;
  readonly internet: Internet;
  readonly server: SimHost;
  readonly client: SimHost;
  readonly accepted: Side;
  readonly connecting: Side;
}

function pair(seed: number, options: Partial<NetworkOptions> = {}, shared = 1): Pair {
  const world = new World(seed);
  const internet = new Internet(world, options);
  const server = internet.host('server');
  const client = internet.host('client');
  const accepted = new Side();
  for (let number = 1; number <= shared; number++) {
    new SimNetwork(server, new SimThread(world, `server/${number}`, number)).listen(
      { host: '', port: 9092, backlog: 100, shared: shared > 1 },
      {
        listening: () => {},
        accepted: (socket) => {
          accepted.socket = socket;
          socket.start(accepted);
        },
        failed: (code) => accepted.happened.push(`listen ${code}`),
        closed: () => {},
      },
    );
  }
  world.runFor(1);
  const connecting = new Side();
  connecting.socket = new SimNetwork(client, new SimThread(world, 'client')).connect('server', 9092, connecting);
  world.runFor(5);
  return { world, internet, server, client, accepted, connecting };
}

const numbered = (length: number): Uint8Array => Uint8Array.from({ length }, (_, at) => at % 251);

test('bytes come in order however the stream is cut', () => {
  const shapes = new Set<string>();
  for (let seed = 0; seed < 30; seed++) {
    const { world, accepted, connecting } = pair(seed);
    const bytes = numbered(6000);
    const done = connecting.socket?.write([bytes.subarray(0, 10), bytes.subarray(10)], 2);
    assert.equal(done, true);
    world.runFor(500);
    assert.deepEqual(Uint8Array.from(accepted.bytes), bytes);
    if (accepted.reads.includes(1)) shapes.add('single bytes');
    if (accepted.reads.some((length) => length > 2000)) shapes.add('large');
  }
  assert.deepEqual([...shapes].toSorted(), ['large', 'single bytes']);
});

test('memory behind the delivered bytes belongs to the port until the next destination', () => {
  const { world, accepted, connecting } = pair(1, { segmentation: 'whole' });
  accepted.landing.fill(0x11);
  connecting.socket?.write([numbered(10)], 1);
  world.runFor(50);
  assert.equal(accepted.landing[200], 0xa5);
});

test('a reader that does not read holds the writer up, who is told when all bytes have gone', () => {
  const options = { sendBufferBytes: 1000, receiveBufferBytes: 2000, segmentation: 'segments' } as const;
  const { world, accepted, connecting } = pair(2, options);
  accepted.socket?.pauseReading();
  assert.equal(connecting.socket?.write([numbered(5000)], 1), false);
  world.runFor(100);
  assert.equal(connecting.writtenCount, 0);
  accepted.socket?.resumeReading();
  world.runFor(100);
  assert.equal(connecting.writtenCount, 1);
  assert.deepEqual(Uint8Array.from(accepted.bytes), numbered(5000));
});

test('memory that changes while the socket still holds it is seen', () => {
  const { world, accepted, connecting } = pair(3, { sendBufferBytes: 100, receiveBufferBytes: 100 });
  accepted.socket?.pauseReading();
  const memory = numbered(1000);
  connecting.socket?.write([memory], 1);
  memory.fill(0xdb);
  accepted.socket?.resumeReading();
  world.runFor(100);
  assert.equal(world.violations[0]?.rule, 'memory freed early');
});

test('end sends what is queued, then the peer hears the end of the stream', () => {
  const { world, accepted, connecting } = pair(4, { sendBufferBytes: 500 });
  connecting.socket?.write([numbered(3000)], 1);
  connecting.socket?.end();
  world.runFor(500);
  assert.equal(accepted.bytes.length, 3000);
  assert.deepEqual(accepted.happened, ['ended']);
  assert.deepEqual(connecting.happened, ['connected', 'closed ']);
});

test('nobody listens, nobody of that name, nobody reachable', () => {
  const { world, internet, server, client } = pair(5, { retransmitMs: 3000 });
  const network = new SimNetwork(client, new SimThread(world, 'client'));
  const sides = [new Side(), new Side(), new Side()] as const;
  network.connect('server', 1, sides[0]);
  network.connect('nowhere', 1, sides[1]);
  world.runFor(10);
  internet.cut(server, client);
  network.connect('server', 9092, sides[2]);
  world.runFor(10_000);
  assert.deepEqual(
    sides.map((side) => side.happened),
    [['closed ECONNREFUSED'], ['closed ENOTFOUND'], ['closed ETIMEDOUT']],
  );
});

test('a second listener of a port is refused unless both share it; shared ones share the connections', () => {
  const { world, server, accepted } = pair(6);
  const seen: string[] = [];
  new SimNetwork(server, new SimThread(world, 'other')).listen(
    { host: '', port: 9092, backlog: 1, shared: true },
    { listening: () => {}, accepted: () => {}, failed: (code) => seen.push(code), closed: () => {} },
  );
  world.runFor(1);
  assert.deepEqual(seen, ['EADDRINUSE']);
  assert.deepEqual(accepted.happened, []);
  const threads = new Set<number>();
  for (let seed = 0; seed < 30; seed++) {
    const shared = pair(seed, {}, 3);
    const endpoint = shared.accepted.socket as unknown as { thread: SimThread };
    threads.add(endpoint.thread.number);
  }
  assert.deepEqual(threads, new Set([1, 2, 3]));
});

test('a cut in one direction holds bytes back until it heals, and the other direction goes on', () => {
  const { world, internet, server, client, accepted, connecting } = pair(7);
  internet.cut(client, server);
  connecting.socket?.write([numbered(10)], 1);
  accepted.socket?.write([numbered(20)], 1);
  world.runFor(500);
  assert.equal(accepted.bytes.length, 0);
  assert.equal(connecting.bytes.length, 20);
  internet.heal();
  world.runFor(2000);
  assert.equal(accepted.bytes.length, 10);
});

test('a cut that lasts ends the connection of who sends, and only of him', () => {
  const { world, internet, server, client, accepted, connecting } = pair(8, { retransmitMs: 5000 });
  internet.partition([client], [server]);
  connecting.socket?.write([numbered(10)], 1);
  world.runFor(30_000);
  assert.deepEqual(connecting.happened, ['connected', 'closed ETIMEDOUT']);
  assert.deepEqual(accepted.happened, []);
});

test('the death of a process is heard by its peers, a loss of power is not', () => {
  const heard = new Set<string>();
  for (let seed = 0; seed < 20; seed++) {
    const { world, server, connecting } = pair(seed);
    server.killProcess();
    world.runFor(100);
    heard.add(connecting.happened.at(-1) ?? '');
  }
  assert.deepEqual([...heard].toSorted(), ['closed ECONNRESET', 'ended']);
  const { world, server, connecting } = pair(9, { retransmitMs: 5000 });
  server.cutPower();
  world.runFor(60_000);
  assert.deepEqual(connecting.happened, ['connected']);
  connecting.socket?.write([numbered(1)], 1);
  world.runFor(30_000);
  assert.deepEqual(connecting.happened, ['connected', 'closed ETIMEDOUT']);
});

test('unread bytes make the close of a socket a reset', () => {
  const { world, accepted, connecting } = pair(10);
  accepted.socket?.pauseReading();
  connecting.socket?.write([numbered(6000)], 1);
  world.runFor(50);
  accepted.socket?.destroy();
  world.runFor(50);
  assert.equal(connecting.happened.at(-1), 'closed ECONNRESET');
  assert.equal(accepted.happened.at(-1), 'closed ');
});
