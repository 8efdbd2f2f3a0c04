import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createNetwork } from '../../src/platform/network/network.ts';
import { probePort } from '../../src/platform/port_probe.ts';
import { listen } from './events.ts';

const network = createNetwork();

test('a port that a sharing listener has is taken, though a sharing listener could join it', async (t) => {
  const { port, listener, events } = await listen(network, () => {}, { shared: true });
  if (network.sharesPorts) {
    const joined = await listen(network, () => {}, { shared: true, port });
    joined.listener.close();
    await joined.events.has('closed');
  }
  t.after(() => listener.close());
  const taken = await probePort('127.0.0.1', port);
  assert.equal(taken?.code, 'EADDRINUSE');
  const otherwise = 'another port is chosen with --port, or listeners';
  assert.equal(taken?.message, `127.0.0.1:${port} is taken: another process listens there; ${otherwise}`);
  assert.equal((await probePort('', port))?.message, `*:${port} is taken: another process listens there; ${otherwise}`);
  listener.close();
  await events.has('closed');
  assert.equal(await probePort('127.0.0.1', port), null);
  assert.equal(await probePort('127.0.0.1', port), null, 'the probe itself takes nothing');
});

test('port 0 is free; an address of another machine is not ours', async () => {
  assert.equal(await probePort('127.0.0.1', 0), null);
  const taken = await probePort('192.0.2.1', 19092);
  assert.equal(taken?.code, 'EADDRNOTAVAIL');
  assert.match(taken?.message ?? '', /^192\.0\.2\.1:19092 is not an address of this machine; /);
});
