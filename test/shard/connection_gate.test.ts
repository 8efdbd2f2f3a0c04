import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ListenerEvents, Network, Socket } from '../../src/port/network.ts';
import { ConnectionLimits, limitsBytes } from '../../src/shared-memory/connection_limits.ts';
import { CounterBlock, counterBlockBytes } from '../../src/shared-memory/counters.ts';
import { TokenBuckets, tokenBucketStride } from '../../src/shared-memory/token_buckets.ts';
import { ConnectionGate } from '../../src/shard/connection_gate.ts';
import { resolveNode } from '../config/sources.ts';
import { simKernels } from '../simulation/sim_kernels.ts';
import { FakeSocket } from './fake_socket.ts';

/** A gate on a process that may have so many descriptors. */
function gate(descriptorsMax: number) {
  let accepted: ListenerEvents['accepted'] = () => {};
  const said: string[] = [];
  const network: Network = {
    sharesPorts: true,
    descriptorsMax,
    listen: (_address, events) => {
      accepted = (socket) => events.accepted(socket);
      return { close: () => {} };
    },
    connect: () => assert.fail('a gate lets in'),
  };
  const entered: Socket[] = [];
  let nowMs = 0;
  const say = (message: string, fields?: object): void => void said.push(`${message} ${JSON.stringify(fields)}`);
  new ConnectionGate({
    config: resolveNode(''),
    network,
    clock: { monotonicMs: () => (nowMs += 400), wallMs: () => 0, schedule: () => assert.fail(), defer: () => {} },
    kernels: simKernels,
    log: { info: say, warn: say, error: say },
    limits: new ConnectionLimits(new SharedArrayBuffer(limitsBytes(4, 64)), 4, 64),
    tokens: new TokenBuckets(new SharedArrayBuffer(8 * tokenBucketStride)),
    counters: new CounterBlock(new SharedArrayBuffer(counterBlockBytes), 0),
    enter: (_listener, socket) => entered.push(socket),
  }).listen(0, 0, false, () => {});
  const come = (descriptor: number): FakeSocket => {
    const socket = Object.assign(new FakeSocket(), { descriptor });
    accepted(socket);
    return socket;
  };
  return { come, entered, said };
}

test('row 81: the last descriptors are not for connections, and the log says which limit it was', () => {
  const { come, entered, said } = gate(256);
  assert.equal(come(223).isDestroyed, false);
  const refused = Array.from({ length: 6 }, (_, index) => come(224 + index));
  assert.ok(refused.every(({ isDestroyed }) => isDestroyed));
  assert.equal(entered.length, 1);
  assert.match(said[0]!, /refused a connection.*open files of the process \(ulimit -n\)/);
  assert.ok(said.length < refused.length, 'a flood of connections is no flood of lines');
  assert.equal(come(100).isDestroyed, false, 'there are descriptors again');
});

test('a process with many descriptors keeps a thousand of them, one whose limit nobody knows none', () => {
  const many = gate(1_048_576);
  assert.equal(many.come(1_047_551).isDestroyed, false);
  assert.equal(many.come(1_047_552).isDestroyed, true);
  const unknown = gate(Infinity);
  assert.equal(unknown.come(5_000_000).isDestroyed, false);
  assert.equal(gate(256).come(-1).isDestroyed, false);
});
