import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';

import { createDisk } from '../../src/platform/disk/disk.ts';
import { allocatePoolBudget } from '../../src/platform/disk/pool_budget.ts';
import { DiskError } from '../../src/port/disk.ts';
import type { Disk, File } from '../../src/port/disk.ts';

function temporaryDisk(t: TestContext, calls: string[] = []): { readonly disk: Disk; readonly directory: string } {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'millrace-disk-'));
  t.after(() => fs.rmSync(directory, { recursive: true, force: true }));
  const disk = createDisk({
    poolBudget: allocatePoolBudget(8, 1),
    dataDirectories: [directory],
    metadataLogDirectory: path.join(directory, '__cluster_metadata-0'),
    countSystemCall: (call) => calls.push(call),
  });
  return { disk, directory };
}

function opened(file: File | DiskError): File {
  if (file instanceof DiskError) throw new Error(file.toString());
  return file;
}

function codeOf(result: unknown): string {
  assert.ok(result instanceof DiskError, `${String(result)} is an error`);
  return result.code;
}

function shared(text: string): Uint8Array {
  const bytes = Buffer.from(text);
  const view = new Uint8Array(new SharedArrayBuffer(bytes.length));
  view.set(bytes);
  return view;
}

test('writes vectors of shared and plain memory, reads them back into shared memory at a place', (t) => {
  const { disk, directory } = temporaryDisk(t);
  const file = opened(disk.open(path.join(directory, 'a.log'), 'create'));
  assert.equal(file.write([shared('one '), Buffer.from('two '), shared('three')], 0), 13);
  assert.equal(file.write([shared('TWO')], 4), 3);
  assert.equal(file.write([], 4), 0);
  assert.equal(file.size(), 13);
  const into = new Uint8Array(new SharedArrayBuffer(20)).fill(46);
  assert.equal(file.read(into, 2, 9, 4), 9);
  assert.equal(Buffer.from(into.slice()).toString(), '..TWO three.........');
  assert.equal(file.read(into, 0, 20, 10), 3, 'fewer at the end of the file');
  assert.equal(file.read(into, 0, 20, 13), 0);
  assert.equal(file.truncate(3), null);
  assert.equal(file.size(), 3);
  assert.equal(file.sync(), null);
  file.close();
});

test('more views than the kernel takes at once are all written', (t) => {
  const { disk, directory } = temporaryDisk(t);
  const file = opened(disk.open(path.join(directory, 'many'), 'create'));
  const views = Array.from({ length: 3000 }, (_, index) => Uint8Array.of(index & 0xff, index >>> 8));
  let written = 0;
  while (written < 6000) {
    assert.equal(written % 2, 0);
    const more = file.write(views.slice(written / 2), written);
    assert.ok(typeof more === 'number' && more > 0);
    written += more;
  }
  const into = new Uint8Array(6000);
  assert.equal(file.read(into, 0, 6000, 0), 6000);
  assert.ok(views.every((view, index) => into[2 * index] === view[0] && into[2 * index + 1] === view[1]));
  file.close();
});

test('positions above 4 GiB, synchronous and later', async (t) => {
  const { disk, directory } = temporaryDisk(t);
  const file = opened(disk.open(path.join(directory, 'sparse'), 'create'));
  const far = 5 * 2 ** 30 + 3;
  assert.equal(file.write([shared('far'), shared('ther')], far), 7);
  assert.equal(file.size(), far + 7);
  const written = await new Promise((done) => file.writeLater([shared('X'), shared('Y')], far + 1, done));
  assert.equal(written, 2);
  const into = new Uint8Array(new SharedArrayBuffer(7));
  assert.equal(file.read(into, 0, 7, far), 7);
  assert.equal(Buffer.from(into.slice()).toString(), 'fXYther');
  assert.equal(await new Promise((done) => file.readLater(into, 1, 6, far + 4, done)), 3);
  assert.equal(Buffer.from(into.slice()).toString(), 'fherher');
  assert.equal(file.truncate(far), null);
  assert.equal(file.size(), far);
  file.close();
});

test('what the system refuses is a value with its name', async (t) => {
  const { disk, directory } = temporaryDisk(t);
  const inside = (name: string): string => path.join(directory, name);
  assert.equal(codeOf(disk.open(inside('none'), 'read')), 'ENOENT');
  opened(disk.open(inside('some'), 'create')).close();
  assert.equal(codeOf(disk.open(inside('some'), 'create')), 'EEXIST');
  assert.equal(codeOf(disk.unlink(inside('none'))), 'ENOENT');
  assert.equal(codeOf(disk.list(inside('none'))), 'ENOENT');
  assert.equal(codeOf(disk.rename(inside('none'), inside('other'))), 'ENOENT');
  assert.equal(codeOf(disk.makeDirectory(inside('some/under'))), 'ENOTDIR');
  // Where a parent is there and the system says that it is not, as in /proc, it comes back, with whatever error.
  if (fs.existsSync('/proc/self')) assert.ok(disk.makeDirectory('/proc/millrace') instanceof DiskError);
  assert.equal(codeOf(disk.removeDirectory(inside('some'))), 'ENOTDIR');
  assert.equal(codeOf(disk.syncDirectory(inside('none'))), 'ENOENT');
  assert.equal(codeOf(await new Promise((done) => disk.syncDirectoryLater(inside('none'), done))), 'ENOENT');

  const readOnly = opened(disk.open(inside('some'), 'read'));
  assert.equal(codeOf(readOnly.write([shared('x')], 0)), 'EBADF');
  assert.equal(codeOf(await new Promise((done) => readOnly.writeLater([shared('x')], 0, done))), 'EBADF');
  assert.equal(codeOf(readOnly.truncate(1)), 'EINVAL');
  const error = readOnly.write([shared('x')], 0);
  assert.equal(String(error), `write ${inside('some')}: EBADF`);
  readOnly.close();

  const asFile = opened(disk.open(directory, 'read'));
  assert.equal(codeOf(asFile.read(new Uint8Array(1), 0, 1, 0)), 'EISDIR');
  assert.equal(codeOf(await new Promise((done) => asFile.readLater(new Uint8Array(1), 0, 1, 0, done))), 'EISDIR');
  asFile.close();
});

test('a full device is ENOSPC', { skip: !fs.existsSync('/dev/full') }, async (t) => {
  const { disk } = temporaryDisk(t);
  const file = opened(disk.open('/dev/full', 'write'));
  assert.equal(codeOf(file.write([shared('x')], 0)), 'ENOSPC');
  assert.equal(codeOf(await new Promise((done) => file.writeLater([shared('x')], 0, done))), 'ENOSPC');
  file.close();
});

test('names: made with parents, listed in order, renamed over, removed, synced', async (t) => {
  const { disk, directory } = temporaryDisk(t);
  const inside = (name: string): string => path.join(directory, name);
  assert.equal(disk.makeDirectory(inside('orders-0/deep')), null);
  assert.equal(disk.makeDirectory(inside('orders-0/deep')), null);
  opened(disk.open(inside('b'), 'write')).close();
  opened(disk.open(inside('B'), 'write')).close();
  fs.symlinkSync(inside('orders-0'), inside('link'));
  fs.symlinkSync(inside('nowhere'), inside('dangling'));
  const names = disk.list(directory);
  assert.deepEqual(names, [
    { name: 'B', isDirectory: false },
    { name: 'b', isDirectory: false },
    { name: 'dangling', isDirectory: false },
    { name: 'link', isDirectory: true },
    { name: 'orders-0', isDirectory: true },
  ]);
  assert.equal(disk.rename(inside('b'), inside('B')), null);
  assert.equal(disk.exists(inside('b')), false);
  assert.equal(disk.exists(inside('B')), true);
  assert.equal(disk.syncDirectory(directory), null);
  assert.equal(await new Promise((done) => disk.syncDirectoryLater(directory, done)), null);
  assert.equal(disk.unlink(inside('B')), null);
  assert.equal(disk.removeDirectory(inside('orders-0/deep')), null);
});

test('syncs asked for while one is in flight share the next one; close waits for all', async (t) => {
  const calls: string[] = [];
  const { disk, directory } = temporaryDisk(t, calls);
  const file = opened(disk.open(path.join(directory, 'a'), 'create'));
  file.write([shared('x')], 0);
  let inCall = true;
  const results: string[] = [];
  const synced = (name: string): Promise<void> =>
    new Promise((resolve) =>
      file.syncLater((error) => {
        assert.ok(!inCall, 'never from inside the call');
        assert.equal(error, null);
        results.push(name);
        resolve();
      }),
    );
  const all = [synced('first'), synced('second'), synced('third')];
  file.close();
  inCall = false;
  await Promise.all(all);
  assert.deepEqual(results, ['first', 'second', 'third']);
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(calls, ['open', 'fileWrite', 'fileSync', 'fileSync', 'close']);
  assert.throws(() => file.size(), /close/);
});

test('calls of the metadata log do not wait while data directories use all that they may', async (t) => {
  const { disk, directory } = temporaryDisk(t);
  disk.makeDirectory(path.join(directory, '__cluster_metadata-0'));
  const data = opened(disk.open(path.join(directory, 'data'), 'create'));
  const metadata = opened(disk.open(path.join(directory, '__cluster_metadata-0', '0.log'), 'create'));
  const order: string[] = [];
  const results: Promise<unknown>[] = [];
  const bytes = new Uint8Array(8 << 20);
  for (let write = 0; write < 8; write++) {
    results.push(
      new Promise((done) => data.writeLater([bytes], write * bytes.length, done)).then(() => order.push('data')),
    );
  }
  results.push(
    new Promise((done) => metadata.writeLater([shared('vote')], 0, done)).then(() => order.push('metadata')),
  );
  await Promise.all(results);
  assert.notEqual(order.at(-1), 'metadata');
  assert.equal(order.length, 9);
  data.close();
  metadata.close();
});
