import assert from 'node:assert/strict';
import { test } from 'node:test';
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

/** Records without content that a node writes in a minute without clients. */
function idleRecords(metadataIdleMs: number): number {
  const world = new World(1);
  const config = nodeConfig('node', { ...roomySettings, checkpointIntervalMs: MINUTE_MS, metadataIdleMs });
  const process = drawProcessOptions(world.random);
  const options = { config, process, disk: steadyDisk, wallRate: 1 };
  const node = new SimNode(world, new Internet(world, drawNetworkOptions(world.random)), 'node', product, options);
  node.start();
  assert.ok(world.runUntil(() => node.state === 'up', MINUTE_MS));
  world.runFor(MINUTE_MS);
  const path = `/data/${METADATA_TOPIC_DIRECTORY}/00000000000000000000.log`;
  const file = BatchFile.open(node.disk.portFor(new SimThread(world, 'test')), simKernels, path, 0, 0);
  assert.ok(!(file instanceof DiskError));
  let count = 0;
  const outcome = file.readTo(Infinity, {
    record(type) {
      if (type === noOpRecord.apiKey) count++;
      return null;
    },
    control: () => null,
  });
  assert.equal(outcome, 'end');
  return count;
}

test('a metadata log at rest gets a record without content now and then, and none where that is turned off', () => {
  assert.equal(idleRecords(0), 0);
  const often = idleRecords(500);
  assert.ok(often > 100 && often <= 120, `${often} in a minute, each half a second`);
  const seldom = idleRecords(7000);
  assert.ok(seldom >= 7 && seldom <= 9, `${seldom} in a minute, each seven seconds`);
});
