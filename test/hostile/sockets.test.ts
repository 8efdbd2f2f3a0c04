/**
 * Drawn and spoilt requests through real sockets (RELIABILITY: I14, I15, hostile inputs 1 to 9, 15 to 17, 20, 22, 24).
 * `MILLRACE_FUZZ_FRAMES=1000000` for the long form, `MILLRACE_FUZZ_SEED` for the same inputs again; without it each commit
 * tries others.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { skipOnKafka } from '../processes/broker_process.ts';
import { currentCommit, seedOfCommit } from '../simulation/seeds.ts';
import { runCampaign } from './campaign.ts';

const inputs = Number(process.env['MILLRACE_FUZZ_FRAMES'] ?? 20_000);
const seed = Number(process.env['MILLRACE_FUZZ_SEED'] ?? seedOfCommit(currentCommit()));
const mebibyte = 1 << 20;

test(
  `${inputs} hostile requests beside clients that behave`,
  { timeout: 120_000 + inputs, skip: skipOnKafka },
  async () => {
    const report = await runCampaign({ inputs, seed });
    const grown = report.residentBytesMax - report.residentBytesBefore;
    assert.ok(grown < 300 * mebibyte, `seed ${seed}: resident memory grew by ${grown} B`);
    // The campaign itself is worth something: much is answered, much ends its connection, the pair gets on.
    assert.ok(
      report.answers > inputs / 4 && report.closed > inputs / 100 && report.records > 0,
      JSON.stringify(report),
    );
    const apis = new Set([...report.seen.keys()].map((what) => what.split(' ')[0]));
    assert.equal(apis.size, 21);
  },
);
