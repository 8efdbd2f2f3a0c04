// The generator's process against the limit loop's process: every load, for a fixed count of requests.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { LimitTarget } from '../../bench/limit_target.ts';
import { GeneratorProcess } from '../../bench/load/client.ts';
import { buildBatch } from '../../bench/load/record_batch.ts';
import { benchRows, type LoadRow } from '../../bench/rows.ts';
import { jobOf } from '../../bench/targets.ts';

const rows = benchRows.filter((row) => row.kind === 'load').filter((row) => !row.acrossShards);

/** Bytes of batches that a request of the row moves; null where two kinds of requests are mixed. */
function bytesOfRequest(row: LoadRow): number | null {
  const { bytes, plainBytes } = buildBatch(row, 0);
  if (row.workload === 'both') return null;
  return row.workload === 'catch-up' ? Math.floor(row.fetchBytes / bytes.length) * bytes.length : plainBytes;
}

/** The limit loop with a load generator, until the test is over. */
function limitLoop(
  context: TestContext,
  threads = 1,
): { readonly generator: GeneratorProcess; readonly limit: LimitTarget; readonly directory: string } {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-test-'));
  const generator = new GeneratorProcess();
  const limit = new LimitTarget(directory, threads);
  context.after(async () => {
    generator.end();
    await limit.end();
    rmSync(directory, { recursive: true, force: true });
  });
  return { generator, limit, directory };
}

test('every row runs against the limit loop', async (context) => {
  const { generator, limit } = limitLoop(context);
  for (const planned of rows) {
    const row = { ...planned, partitionBytes: Math.min(planned.partitionBytes, 4 << 20) };
    await limit.open(row, generator);
    // Two runs over the same connections, of a count that the requests in flight do not divide.
    for (const count of [23, 18]) {
      const result = await generator.run({ seconds: 60, requests: count, watch: [limit.pid] });
      const requests = row.workload === 'tail' ? 2 * count : count;
      assert.equal(result.requests, requests, row.name);
      const each = bytesOfRequest(row);
      if (each === null) assert.ok(result.bytes >= count * 16_000, row.name);
      else assert.equal(result.bytes, requests * each, row.name);
      assert.equal(
        result.records,
        Math.floor(result.bytes / buildBatch(row, 0).plainBytes) * buildBatch(row, 0).records,
      );
      assert.equal(result.watched.length, 1);
    }
    await generator.closeConnections();
    await limit.close();
  }
});

test('frames that cross threads are each written once and answered', async (context) => {
  const { generator, limit, directory } = limitLoop(context, 3);
  const across = benchRows.filter((row) => row.kind === 'load').filter((row) => row.acrossShards);
  assert.ok(across.length > 0);
  for (const row of across) {
    const batchBytes = buildBatch(row, 0).bytes.length;
    // The threads stay for the second round, and their files are emptied between.
    for (let round = 0; round < 2; round++) {
      await limit.open(row, generator);
      for (const count of [1303, 1201]) {
        const result = await generator.run({ seconds: 60, requests: count, watch: [] });
        assert.equal(result.requests, count, row.name);
      }
      await generator.closeConnections();
      const sizes = [0, 1, 2].map((thread) => statSync(join(directory, `limit-${row.name}-3-${thread}`)).size);
      const each = sizes.reduce((sum, size) => sum + size, 0) / 2504;
      assert.ok(Number.isInteger(each) && each > batchBytes && each < batchBytes + 200, `${each} B a frame`);
      assert.ok(Math.min(...sizes) > Math.max(...sizes) / 2, 'every thread owns its share');
      await limit.close();
    }
  }
});

test('a paced load keeps its rate', async (context) => {
  const { generator, limit } = limitLoop(context);
  const row = rows.find((one) => one.workload === 'paced')!;
  await limit.open(row, generator);
  const result = await generator.run({ seconds: 60, requests: 400, watch: [] });
  assert.equal(result.requests, 400);
  // The last message of a lane is due that many intervals after its first: never earlier, however slow the machine.
  assert.ok(result.seconds >= 199 / (row.rate / row.connections), `${result.seconds} s`);
});

test('a generator that cannot connect says so', async (context) => {
  const generator = new GeneratorProcess();
  context.after(() => generator.end());
  const nowhere = { host: '127.0.0.1', port: 1 };
  const job = jobOf(rows[0]!, nowhere, { produce: 9, fetch: 12, deletesTopics: false });
  const nothing = { topic: { name: 't', idHex: '' }, batchesPerPartition: 0 };
  await assert.rejects(generator.prepare({ ...job, ...nothing }), /ECONNREFUSED/);
});
