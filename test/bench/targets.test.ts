// The generator's process against the limit loop's process: every row, for a fixed count of requests.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { GeneratorProcess } from '../../bench/load/client.ts';
import { buildBatch } from '../../bench/load/record_batch.ts';
import { benchRows } from '../../bench/rows.ts';
import { LimitTarget } from '../../bench/targets.ts';

test('every row runs against the limit loop', async (context) => {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-test-'));
  const generator = new GeneratorProcess();
  const limit = new LimitTarget(directory);
  context.after(async () => {
    generator.end();
    await limit.end();
    rmSync(directory, { recursive: true, force: true });
  });
  for (const planned of benchRows) {
    const row = { ...planned, partitionBytes: Math.min(planned.partitionBytes, 4 << 20) };
    await generator.prepare(await limit.open(row));
    const batch = buildBatch(row, 0);
    const batches = row.workload === 'produce' ? 1 : Math.floor(row.fetchBytes / batch.bytes.length);
    // Two runs over the same connections, of a count that the requests in flight do not divide.
    for (const requests of [23, 18]) {
      const result = await generator.run({ seconds: 60, requests, watch: [limit.pid] });
      assert.equal(result.requests, requests, row.name);
      assert.equal(result.bytes, requests * batches * batch.bytes.length, row.name);
      assert.equal(result.records, requests * batches * batch.records, row.name);
      assert.equal(result.watched.length, 1);
    }
    await generator.closeConnections();
    await limit.close(row);
  }
});

test('a generator that cannot connect says so', async (context) => {
  const generator = new GeneratorProcess();
  context.after(() => generator.end());
  const { batchBytes, recordBytes, connections, inFlight, partitions, acks, fetchBytes, workload } = benchRows[0]!;
  const job = { batchBytes, recordBytes, connections, inFlight, partitions, acks, fetchBytes, workload };
  const nowhere = { host: '127.0.0.1', port: 1, produceVersion: 9, fetchVersion: 12, batchesPerPartition: 0 };
  await assert.rejects(generator.prepare({ ...job, ...nowhere, topic: { name: 't', idHex: '' } }), /ECONNREFUSED/);
});
