/** RELIABILITY row 31: sessions are lost, driven out, begun anew; no partition is forgotten for ever. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ErrorCode } from '../../src/protocol/errors.ts';
import type { FetchResponse } from '../../src/protocol/schema/01_fetch.ts';
import type { FakeSocket } from '../shard/fake_socket.ts';
import { SimFetchSession } from '../simulation/sim_fetch_session.ts';
import { FetchMachine, nameOf, PARTITIONS, slotOf, told, TOPICS, type Asked } from './fetch_machine.ts';

/** More than the shard has slots (8). */
const CLIENTS = 12;

/** A consumer of all partitions that keeps to the protocol: what it was not told, it does not know. */
class Client {
  readonly session = new SimFetchSession();
  /** By partition: the watermark that it was told, which is where it goes on. */
  readonly known = new Map<string, number>();
  socket: FakeSocket;
  readonly #machine: FetchMachine;

  constructor(machine: FetchMachine) {
    this.#machine = machine;
    this.socket = machine.shard.connect();
    for (const { topic, partition } of allPartitions) this.known.set(nameOf(topic, partition), 0);
  }

  /** Fetches once; `isLost`: the answer never comes, as the connection ends. */
  fetch(isLost: boolean): void {
    const wanted = [...this.known].map(([name, next]) => ({ name, next }));
    const request = this.session.request(wanted, false);
    const asked = allPartitions
      .map(({ topic, partition }): Asked => ({
        topic,
        partition,
        fetchOffset: this.known.get(nameOf(topic, partition))!,
      }))
      .filter(({ topic, partition }) => request.changed.has(nameOf(topic, partition)));
    this.#machine.socket = this.socket;
    const answer = this.#machine.fetch({ id: request.sessionId, epoch: request.sessionEpoch }, asked)!;
    if (isLost) return this.reconnect();
    assert.equal(this.session.answered(request, answer.errorCode, answer.sessionId), null);
    if (answer.errorCode === ErrorCode.NONE) this.#take(answer);
  }

  reconnect(): void {
    this.socket.close();
    this.#machine.shard.settle();
    this.socket = this.#machine.shard.connect();
    this.session.reset();
  }

  #take(answer: FetchResponse): void {
    for (const [name, errorCode, watermark] of told(answer) as [string, number, number][]) {
      assert.equal(errorCode, ErrorCode.NONE, name);
      assert.ok(watermark >= this.known.get(name)!, 'a watermark does not go back');
      this.known.set(name, watermark);
    }
  }
}

const allPartitions = [...TOPICS.keys()].flatMap((topic) =>
  Array.from({ length: PARTITIONS }, (_, partition) => ({ topic, partition })),
);

test('whatever happens to sessions and connections, every client is told of every partition (row 31)', () => {
  /** Mostly one of the first, so that sessions live on. */
  const aClient = fc.oneof({ weight: 4, arbitrary: fc.nat(1) }, { weight: 1, arbitrary: fc.nat(CLIENTS - 1) });
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('fetch' as const), client: aClient }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('grow' as const), at: fc.nat(allPartitions.length - 1) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('lost' as const), client: fc.nat(CLIENTS - 1) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('reconnect' as const), client: fc.nat(CLIENTS - 1) }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(1000, 60_000, 130_000) }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('storm' as const, 'wrap' as const) }) },
  );
  fc.assert(
    fc.property(fc.integer({ min: 7, max: 18 }), fc.array(step, { maxLength: 80 }), (version, steps) => {
      const machine = new FetchMachine(version);
      const { shard } = machine;
      const clients = Array.from({ length: CLIENTS }, () => new Client(machine));
      const ends = new Map(allPartitions.map(({ topic, partition }) => [nameOf(topic, partition), 0]));
      const grow = (at: number): void => {
        const { topic, partition } = allPartitions[at]!;
        const end = ends.get(nameOf(topic, partition))! + 1;
        ends.set(nameOf(topic, partition), end);
        shard.moveWatermark(slotOf(topic, partition), end);
      };
      for (const taken of steps) {
        if (taken.kind === 'fetch') clients[taken.client]!.fetch(false);
        else if (taken.kind === 'lost') clients[taken.client]!.fetch(true);
        else if (taken.kind === 'reconnect') clients[taken.client]!.reconnect();
        else if (taken.kind === 'wait') shard.nowMs += taken.ms;
        else if (taken.kind === 'grow') grow(taken.at);
        else if (taken.kind === 'storm') {
          // All come back at once, and all want a session.
          for (const client of clients) client.reconnect();
          for (const client of clients) client.fetch(false);
        } else for (const client of clients) client.session.skipTo(0x7fff_ffff, shard.requests.fetchSessions);
        assert.ok(shard.requests.fetchSessions.count <= 8, 'no more sessions than slots');
      }
      for (const client of clients) {
        // What drove a session out lets its client begin anew, with everything; then it is told each change.
        client.fetch(false);
        client.fetch(false);
        assert.deepEqual([...client.known], [...ends]);
        for (let round = 0; round < 2; round++) {
          for (const at of allPartitions.keys()) grow(at);
          client.fetch(false);
          assert.deepEqual([...client.known], [...ends], 'nothing is forgotten');
        }
        client.socket.close();
      }
      machine.socket.close();
      shard.settle();
      shard.assertIdle();
    }),
    { numRuns: 60 },
  );
});
