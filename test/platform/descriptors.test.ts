import assert from 'node:assert/strict';
import { closeSync, openSync } from 'node:fs';
import net from 'node:net';
import { once } from 'node:events';
import { test } from 'node:test';
import { descriptorLimit, descriptorOf } from '../../src/platform/network/descriptors.ts';

test('the limit is the soft one, and none where the system tells none', () => {
  const line = (soft: string): string =>
    `Limit                     Soft Limit  Hard Limit  Units\nMax open files            ${soft}      1048576     files\n`;
  assert.equal(descriptorLimit(line('256')), 256);
  assert.equal(descriptorLimit(line('unlimited')), Infinity);
  assert.equal(descriptorLimit(null), Infinity);
  if (process.platform === 'linux') assert.ok(Number.isFinite(descriptorLimit()));
});

test('row 81: the number of a connection is the lowest that was free, so it tells how many are open', async (t) => {
  const server = net.createServer();
  server.listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const files = Array.from({ length: 50 }, () => openSync(import.meta.filename, 'r'));
  t.after(() => files.forEach((file) => closeSync(file)));
  const client = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1');
  t.after(() => client.destroy());
  const [accepted] = (await once(server, 'connection')) as [net.Socket];
  t.after(() => accepted.destroy());
  const descriptor = descriptorOf(accepted);
  assert.ok(descriptor >= 50 && !files.includes(descriptor), `${descriptor}`);
  accepted.destroy();
  assert.equal(descriptorOf(accepted), -1);
});
