import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BATCH_OVERHEAD, buildBatch, crc32c } from '../../../bench/load/record_batch.ts';
import { ByteReader } from '../../../src/base/bytes.ts';
import { crc32cOf } from '../../../src/platform/crc32c.ts';
import * as batch from '../../../src/protocol/record_batch.ts';

test('CRC-32C of the check string', () => {
  assert.equal(crc32c(Buffer.from('123456789'), 0, 9), 0xe3069283);
});

for (const shape of [
  { recordBytes: 200, batchBytes: 200 },
  { recordBytes: 100, batchBytes: 16_384 },
  { recordBytes: 1000, batchBytes: 1 << 20 },
]) {
  test(`a batch of ${shape.batchBytes} bytes is one that the broker accepts`, () => {
    const { bytes, records } = buildBatch(shape, 1_700_000_000_000);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    assert.ok(records === 1 || bytes.length <= shape.batchBytes);
    assert.equal(batch.sizeOf(view, 0), bytes.length);
    assert.equal(batch.magicOf(view, 0), 2);
    assert.equal(batch.attributesOf(view, 0), 0);
    assert.equal(batch.recordCountOf(view, 0), records);
    assert.equal(batch.lastOffsetDeltaOf(view, 0), records - 1);
    assert.equal(batch.maxTimestampOf(view, 0), 1_700_000_000_000);
    assert.equal(batch.producerIdOf(view, 0), batch.NO_PRODUCER_ID);
    assert.equal(batch.crcOf(view, 0), crc32cOf(bytes, batch.ATTRIBUTES_AT, bytes.length, 0));
    const reader = new ByteReader(() => '').reset(view, bytes, BATCH_OVERHEAD, bytes.length);
    for (let index = 0; index < records; index++) {
      const length = reader.varint();
      const end = reader.position + length;
      assert.equal(reader.int8(), 0);
      assert.equal(reader.varlong(), 0);
      assert.equal(reader.varint(), index);
      assert.equal(reader.varint(), -1);
      assert.equal(reader.varint(), shape.recordBytes);
      reader.take(shape.recordBytes);
      assert.equal(reader.varint(), 0);
      assert.equal(reader.position, end);
    }
    assert.equal(reader.remaining, 0);
    assert.equal(reader.failed, false);
  });
}

test('one more record would not fit', () => {
  const { bytes } = buildBatch({ recordBytes: 100, batchBytes: 16_384 }, 0);
  assert.ok(bytes.length > 16_384 - 120);
});
