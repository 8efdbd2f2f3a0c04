import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ByteReader } from '../../src/base/bytes.ts';
import type { MetadataImage } from '../../src/metadata/metadata_image.ts';
import { simKernels } from '../simulation/sim_kernels.ts';
import {
  apply,
  decodeText,
  fieldsOf,
  imageWithColumns,
  NotedChanges,
  partition,
  producerIds,
  removal,
  setting,
  topic,
  topicId,
} from './metadata_fixture.ts';

const begun = (): { image: MetadataImage; changes: NotedChanges } => {
  const { image } = imageWithColumns();
  const changes = new NotedChanges();
  assert.equal(apply(image, changes, topic('orders', topicId(1)), partition(topicId(1), 0, 5)), null);
  return { image, changes };
};

test('topics are found by name, by id and by the bytes of both', () => {
  const { image, changes } = begun();
  const orders = image.topicByName('orders')!;
  assert.equal(image.topicById(topicId(1)), orders);
  assert.equal(image.index.byName(simKernels.encodeText('xorders'), 1, 7), orders);
  const [a, b, c, d] = orders.idWords;
  assert.equal(image.index.byId(a!, b!, c!, d!), orders);
  assert.equal(orders.slotOf(0), 0);
  assert.deepEqual([orders.slotOf(-1), orders.slotOf(1)], [-1, -1]);
  assert.deepEqual(changes.lines, ['partition orders-0']);
  assert.deepEqual([image.topicCount, orders.isInternal], [1, false]);
});

test('partitions may be told of in any order', () => {
  const { image, changes } = begun();
  assert.equal(apply(image, changes, partition(topicId(1), 3)), null);
  const orders = image.topicByName('orders')!;
  assert.equal(orders.partitionCount, 4);
  assert.deepEqual([...orders.slots], [0, -1, -1, 1]);
});

test('a setting is taken back by null', () => {
  const { image, changes } = begun();
  assert.equal(apply(image, changes, setting('orders', 'segment.bytes', '99'), setting('orders', 'x', null)), null);
  assert.deepEqual([...image.topicByName('orders')!.configs], [['segment.bytes', '99']]);
  assert.equal(apply(image, changes, setting('orders', 'segment.bytes', null)), null);
  assert.equal(image.topicByName('orders')!.configs.size, 0);
});

test('a removed topic is nowhere any more, and its name may come again with another id', () => {
  const { image, changes } = begun();
  const { idWords, nameBytes } = image.topicByName('orders')!;
  assert.equal(apply(image, changes, removal(topicId(1))), null);
  assert.equal(image.topicByName('orders'), undefined);
  assert.equal(image.topicById(topicId(1)), undefined);
  assert.equal(image.index.byName(nameBytes, 0, nameBytes.length), null);
  assert.equal(image.index.byId(idWords[0]!, idWords[1]!, idWords[2]!, idWords[3]!), null);
  assert.equal(apply(image, changes, topic('orders', topicId(2))), null);
  assert.equal(image.topicByName('orders')!.id, topicId(2));
  assert.deepEqual(changes.lines.at(-1), 'removed orders');
});

test('producer ids go on from where the last block ended', () => {
  const { image, changes } = begun();
  assert.equal(apply(image, changes, producerIds(3000n)), null);
  assert.equal(image.nextProducerId, 3000);
});

test('what this build does not know, or cannot be, stops the applier', () => {
  const { image, changes } = begun();
  const { type, version } = topic('a', topicId(3));
  const apply0 = (kind: number, of: number, reader: ByteReader): string | null =>
    image.apply(kind, of, reader, changes);
  assert.match(apply0(9999, 0, fieldsOf(topic('a', topicId(3))))!, /unknown type 9999/);
  assert.match(apply0(type, version + 1, fieldsOf(topic('a', topicId(3))))!, /TopicRecord version 1, newer/);
  const short = new ByteReader(decodeText).resetTo(new Uint8Array([5, 97]));
  assert.match(apply0(type, version, short)!, /TopicRecord is malformed/);
  for (const impossible of [topic('orders', topicId(7)), partition(topicId(7), 0), removal(topicId(7))]) {
    assert.match(apply(image, changes, impossible)!, /there/);
  }
  assert.equal(image.topicCount, 1);
});
