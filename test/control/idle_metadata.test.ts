import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readOffsetCheckpoint } from '../../src/log/checkpoint_file.ts';
import { LogFailure } from '../../src/log/log_failure.ts';
import { METADATA_TOPIC_DIRECTORY } from '../../src/metadata/metadata_log.ts';
import { BatchFile } from '../../src/metadata/batch_file.ts';
import { DiskError } from '../../src/port/disk.ts';
import { noOpRecord } from '../../src/protocol/schema/metadata/no_op_record.ts';
import { steadyDisk } from '../simulation/disk_faults.ts';
import { Internet } from '../simulation/internet.ts';
import { drawNetworkOptions, drawProcessOptions } from '../simulation/options.ts';
import { nodeConfig, product, roomySettings } from '../simulation/product.ts';
import { simKernels } from '../simulation/sim_kernels.ts';
import { SimNode } from '../simulation/sim_node.ts';
import { SimThread } from '../simulation/sim_thread.ts';
import { World } from '../simulation/world.ts';

const MINUTE_MS = 60_000;

interface IdleMinute {
  /** Records without content that were written. */
  readonly records: number;
  readonly endOffset: number;
  /** Up to where the checkpoint says that the log is on stable storage; null without one. */
  readonly checkpoint: number | null;
}

/** A minute of a node without clients. */
function idleMinute(metadataIdleMs: number, checkpointIntervalMs: number): IdleMinute {
  const world = new World(1);
  const config = nodeConfig('node', { ...roomySettings, checkpointIntervalMs, metadataIdleMs });
  const process = drawProcessOptions(world.random);
  const options = { config, process, disk: steadyDisk, wallRate: 1 };
  const node = new SimNode(world, new Internet(world, drawNetworkOptions(world.random)), 'node', product, options);
  node.start();
  assert.ok(world.runUntil(() => node.state === 'up', MINUTE_MS));
  world.runFor(MINUTE_MS);
  const disk = node.disk.portFor(new SimThread(world, 'test'));
  const directory = `/data/${METADATA_TOPIC_DIRECTORY}`;
  const offsets = readOffsetCheckpoint(disk, simKernels, directory, 'recovery-point-offset-checkpoint');
  assert.ok(!(offsets instanceof LogFailure));
  const file = BatchFile.open(disk, simKernels, `${directory}/00000000000000000000.log`, 0, 0);
  assert.ok(!(file instanceof DiskError));
  let records = 0;
  const outcome = file.readTo(Infinity, {
    record(type) {
      if (type === noOpRecord.apiKey) records++;
      return null;
    },
    control: () => null,
  });
  assert.equal(outcome, 'end');
  return { records, endOffset: file.nextOffset, checkpoint: offsets.get(METADATA_TOPIC_DIRECTORY) ?? null };
}

test('a metadata log at rest gets a record without content now and then, and none where that is turned off', () => {
  const recordsOf = (idleMs: number): number => idleMinute(idleMs, 2 * MINUTE_MS).records;
  assert.equal(recordsOf(0), 0);
  const often = recordsOf(500);
  assert.ok(often > 100 && often <= 120, `${often} in a minute, each half a second`);
  const seldom = recordsOf(7000);
  assert.ok(seldom >= 7 && seldom <= 9, `${seldom} in a minute, each seven seconds`);
});

test('how far a metadata log is synced is noted as often as for any log', () => {
  assert.equal(idleMinute(500, 2 * MINUTE_MS).checkpoint, null);
  const { checkpoint, endOffset } = idleMinute(500, 5000);
  assert.ok(checkpoint !== null && checkpoint <= endOffset, `${checkpoint} of ${endOffset}`);
  assert.ok(checkpoint > endOffset - 20, `${checkpoint} of ${endOffset}, two a second, noted each five seconds`);
});
