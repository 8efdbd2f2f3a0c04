/** Limits on connections, and peers that hold one without using it (RELIABILITY: I14, I18, rows 78 and 79). */
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, test } from 'node:test';
import { BrokerProcess, skipOnKafka } from './broker_process.ts';
import { RawConnection } from './raw_connection.ts';
import { readRecords, recordBatch } from './record_batch.ts';
import {
  ApiKey,
  apiVersionsRequest,
  fetchBody,
  fetchVersion,
  readApiVersionsAnswer,
  readFetchAnswer,
  requestFrame,
} from './wire.ts';
import { WireClient } from './wire_client.ts';

const mebibyte = 1 << 20;
/** Against hanging only. */
const limited = { timeout: 120_000 };
const limitedMillrace = { ...limited, skip: skipOnKafka };

/** Asks; true if it is served, false if it is closed without a byte. */
async function isServed(connection: RawConnection): Promise<boolean> {
  connection.write(apiVersionsRequest(1));
  const outcome = await connection.outcome();
  if (outcome.kind === 'closed') {
    assert.equal(outcome.bytesReceived, 0, 'a refused socket is closed without a byte');
    return false;
  }
  assert.equal(readApiVersionsAnswer(outcome.answer).errorCode, 0);
  return true;
}

async function openRefused(port: number, localAddress: string): Promise<void> {
  using connection = await RawConnection.open(port, { localAddress });
  assert.equal(await isServed(connection), false, `one more from ${localAddress} is refused`);
}

/** Connections of a test, closed with it however it ends. */
class Pool implements Disposable {
  readonly open: RawConnection[] = [];

  add(connection: RawConnection): RawConnection {
    this.open.push(connection);
    return connection;
  }

  /** `count` more, each of which must be served. */
  async addServed(port: number, localAddress: string, count: number): Promise<void> {
    for (let number = 1; number <= count; number++) {
      const connection = this.add(await RawConnection.open(port, { localAddress }));
      assert.ok(await isServed(connection), `connection ${number} of ${count} from ${localAddress}`);
    }
  }

  /** The broker learns of a close in its own time: asks again until it has. The test's end limit bounds it. */
  async addWhenFree(port: number, localAddress: string): Promise<void> {
    for (;;) {
      const connection = this.add(await RawConnection.open(port, { localAddress }));
      if (await isServed(connection)) return;
      this.open.pop();
      await pause(10);
    }
  }

  [Symbol.dispose](): void {
    for (const connection of this.open) connection.destroy();
    this.open.length = 0;
  }
}

describe('limits', { concurrency: 2 }, () => {
  test('max.connections: one more is refused, and let in when another has left', limitedMillrace, async () => {
    await using broker = await BrokerProcess.start({ overrides: { 'max.connections': 20 } });
    using pool = new Pool();
    await pool.addServed(broker.port, '127.0.0.2', 10);
    await pool.addServed(broker.port, '127.0.0.3', 10);
    await openRefused(broker.port, '127.0.0.4');
    await openRefused(broker.port, '127.0.0.2');
    await broker.line(/127\.0\.0\.4|max\.connections/);
    pool.open.pop()?.destroy();
    await pool.addWhenFree(broker.port, '127.0.0.4');
    await openRefused(broker.port, '127.0.0.5');
    pool.open.shift()?.reset();
    await pool.addWhenFree(broker.port, '127.0.0.5');
    pool[Symbol.dispose]();
    // All counts come back: as many as at first fit again.
    while (pool.open.length < 20) await pool.addWhenFree(broker.port, '127.0.0.6');
    await openRefused(broker.port, '127.0.0.6');
    await broker.stop();
  });

  test('max.connections.per.ip, with overrides: each address has its own count', limited, async () => {
    await using broker = await BrokerProcess.start({
      overrides: { 'max.connections.per.ip': 3, 'max.connections.per.ip.overrides': '127.0.0.9:1,127.0.0.10:5' },
    });
    using pool = new Pool();
    const limits = { '127.0.0.2': 3, '127.0.0.3': 3, '127.0.0.9': 1, '127.0.0.10': 5 };
    for (const [address, limit] of Object.entries(limits)) {
      await pool.addServed(broker.port, address, limit);
      await openRefused(broker.port, address);
    }
    pool.open[0]?.destroy();
    await pool.addWhenFree(broker.port, '127.0.0.2');
    await openRefused(broker.port, '127.0.0.2');
    await broker.stop();
  });

  test('a listener’s prefix limits that listener', limitedMillrace, async () => {
    await using broker = await BrokerProcess.start({
      overrides: { 'max.connections': 100, 'listener.name.plaintext.max.connections': 4 },
    });
    using pool = new Pool();
    await pool.addServed(broker.port, '127.0.0.2', 4);
    await openRefused(broker.port, '127.0.0.3');
    pool.open.pop()?.destroy();
    await pool.addWhenFree(broker.port, '127.0.0.3');
    await broker.stop();
  });

  test('connections.max.idle.ms closes who says nothing, and keeps who speaks', limited, async () => {
    const idleMsMax = 3_000;
    await using broker = await BrokerProcess.start({ overrides: { 'connections.max.idle.ms': idleMsMax } });
    // Nobody else is there: nothing but the passing of time can make the broker look.
    using silent = await RawConnection.open(broker.port);
    await silent.closed();
    using onceActive = await RawConnection.open(broker.port);
    using active = await WireClient.connect(broker.port);
    assert.ok(await isServed(onceActive));
    const closing = onceActive.closed();
    for (let done = false; !done;) {
      assert.equal((await active.apiVersions()).errorCode, 0);
      done = await Promise.race([closing.then(() => true), pause(idleMsMax / 20, false)]);
    }
    assert.equal(silent.bytesReceived, 0);
    assert.equal((await active.apiVersions()).errorCode, 0);
    await broker.stop();
  });
});

describe('peers that hold connections', { concurrency: 2 }, () => {
  test('row 79: a consumer that never reads is closed, and costs bounded memory', limited, async () => {
    await using broker = await BrokerProcess.start({ overrides: { 'connections.max.idle.ms': 5_000 } });
    using client = await WireClient.connect(broker.port);
    await client.createTopic('large');
    const records = recordBatch([Buffer.alloc(mebibyte - 1000, 7)]);
    for (let count = 0; count < 16; count++) assert.equal((await client.produce('large', 0, records)).errorCode, 0);
    const residentBefore = broker.residentBytes();
    using pool = new Pool();
    let closed = 0;
    for (let count = 0; count < 8; count++) {
      const connection = pool.add(await RawConnection.open(broker.port));
      connection.stopReading();
      connection.socket.once('close', () => closed++);
      const body = fetchBody([{ topic: 'large', partition: 0, offset: 0, maxBytes: 64 * mebibyte }], 0, 1);
      // 200 answers of 16 MiB on each connection, if the broker made them all.
      for (let id = 0; id < 200; id++) connection.write(requestFrame(ApiKey.fetch, fetchVersion, id, body));
    }
    let peak = 0;
    const giveUpAt = performance.now() + 90_000;
    while (closed < pool.open.length) {
      assert.ok(performance.now() < giveUpAt, `${closed} of ${pool.open.length} were closed`);
      peak = Math.max(peak, broker.residentBytes());
      assert.equal((await client.apiVersions()).errorCode, 0);
      // A socket that is not read tells nothing: that a write fails is how this side learns of the close.
      for (const connection of pool.open) if (!connection.isClosed) connection.write(apiVersionsRequest(1));
      await pause(100);
    }
    const grown = peak - residentBefore;
    // One batch of answers for each of them, not 200.
    assert.ok(grown < 500 * mebibyte, `resident memory grew by ${grown} B`);
    assert.equal((await client.readAll('large', 0)).length, 16);
    await broker.stop();
  });

  test('a consumer that reads slowly but steadily gets a large answer whole', limited, async () => {
    const idleMsMax = 2_000;
    await using broker = await BrokerProcess.start({ overrides: { 'connections.max.idle.ms': idleMsMax } });
    using pool = new Pool();
    {
      using client = await WireClient.connect(broker.port);
      await client.createTopic('large');
      const records = recordBatch([Buffer.alloc(mebibyte - 1000, 7)]);
      for (let count = 0; count < 40; count++) assert.equal((await client.produce('large', 0, records)).errorCode, 0);
    }
    const connection = pool.add(await RawConnection.open(broker.port));
    const body = fetchBody([{ topic: 'large', partition: 0, offset: 0, maxBytes: 64 * mebibyte }], 0, 1);
    connection.stopReading();
    connection.write(requestFrame(ApiKey.fetch, fetchVersion, 1, body));
    // Some of it in every tenth of the idle time, all of it in more than twice that time.
    for (let step = 1; step <= 25; step++) {
      await pause(idleMsMax / 10);
      connection.socket.resume();
      const giveUpAt = performance.now() + 10_000;
      while (connection.bytesReceived < step * mebibyte && !connection.isClosed) {
        assert.ok(performance.now() < giveUpAt, `${connection.bytesReceived} B came, and then nothing`);
        await pause(1);
      }
      connection.stopReading();
    }
    connection.socket.resume();
    const [part] = readFetchAnswer(await connection.answer());
    assert.equal(readRecords(part?.records ?? Buffer.alloc(0)).length, 40);
    await broker.stop();
  });

  test('row 78: a flood of connections leaves those that were there alone', limitedMillrace, async () => {
    const limit = 500;
    await using broker = await BrokerProcess.start({
      overrides: { 'max.connections': limit, 'max.connections.per.ip': 300 },
    });
    using bystander = await WireClient.connect(broker.port);
    await bystander.createTopic('steady', 2);
    let produced = 0;
    for (let round = 0; round < 5; round++) {
      using flood = new Pool();
      const opening = Array.from({ length: 600 }, async (_, index) => {
        try {
          flood.add(await RawConnection.open(broker.port, { localAddress: `127.2.0.${1 + (index % 50)}` }));
        } catch {
          // Reset before this side noticed that it was made: refused.
        }
      });
      for (let count = 0; count < 20; count++) {
        assert.equal((await bystander.produce('steady', 1, recordBatch([String(produced)]))).errorCode, 0);
        produced++;
      }
      await Promise.all(opening);
      const served = await Promise.all(flood.open.map(isServed));
      assert.ok(served.filter(Boolean).length < limit, 'those let in are bounded by the limit');
    }
    assert.equal((await bystander.readAll('steady', 1)).length, produced);
    using pool = new Pool();
    await pool.addWhenFree(broker.port, '127.0.0.7');
    await broker.stop();
  });

  test('row 78: slow, silent and half-closed ones do not hold up the others', limited, async () => {
    await using broker = await BrokerProcess.start();
    using bystander = await WireClient.connect(broker.port);
    using silent = new Pool();
    using slow = new Pool();
    for (let count = 0; count < 200; count++) {
      silent.add(await RawConnection.open(broker.port));
      slow.add(await RawConnection.open(broker.port));
    }
    const request = apiVersionsRequest(9);
    for (let at = 0; at < request.length; at++) {
      for (const connection of slow.open) connection.write(request.subarray(at, at + 1));
      assert.equal((await bystander.apiVersions()).errorCode, 0);
    }
    for (const connection of slow.open) {
      assert.equal(readApiVersionsAnswer(await connection.answer()).correlationId, 9);
    }
    // They end their side in the middle of a frame, which can never be whole then.
    for (const connection of slow.open) {
      connection.write(request.subarray(0, 10));
      connection.end();
    }
    for (const connection of slow.open) await connection.closed();
    assert.equal((await bystander.apiVersions()).errorCode, 0);
    assert.ok(silent.open.every((connection) => connection.bytesReceived === 0 && !connection.isClosed));
    await broker.stop();
  });

  test('a peer that asks and then ends its side still gets its answers', limitedMillrace, async () => {
    await using broker = await BrokerProcess.start();
    using connection = await RawConnection.open(broker.port);
    connection.write(Buffer.concat([apiVersionsRequest(1), apiVersionsRequest(2)]));
    connection.end();
    assert.equal(readApiVersionsAnswer(await connection.answer()).correlationId, 1);
    assert.equal(readApiVersionsAnswer(await connection.answer()).correlationId, 2);
    await connection.closed();
    await broker.stop();
  });
});
