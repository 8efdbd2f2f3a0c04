import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { recordsOfImage } from '../../src/metadata/image_records.ts';
import { metadataRecord } from '../../src/metadata/metadata_record.ts';
import type { MetadataRecord } from '../../src/metadata/records.ts';
import { abortTransactionRecord } from '../../src/protocol/schema/metadata/abort_transaction_record.ts';
import { beginTransactionRecord } from '../../src/protocol/schema/metadata/begin_transaction_record.ts';
import { endTransactionRecord } from '../../src/protocol/schema/metadata/end_transaction_record.ts';
import { anyRecords, told } from './any_records.ts';
import { apply, imageWithColumns, NotedChanges } from './metadata_fixture.ts';

const begin = metadataRecord(beginTransactionRecord, 0, { name: 'a test' });
const end = metadataRecord(endTransactionRecord, 0, {});
const abort = metadataRecord(abortTransactionRecord, 0, { reason: 'a test' });

/** An image of those of the records that can be applied, and them. */
function imageOf(records: readonly MetadataRecord[]) {
  const made = imageWithColumns();
  const taken = records.filter((record) => apply(made.image, new NotedChanges(), record) === null);
  return { ...made, taken };
}

suite('snapshots', () => {
  test('I10: an image, as records and from them again, is the same', () => {
    fc.assert(
      fc.property(anyRecords, (records) => {
        const { image, columns } = imageOf(records);
        const again = imageWithColumns();
        for (const record of recordsOfImage(image, columns)) {
          assert.equal(apply(again.image, new NotedChanges(), record), null);
        }
        assert.deepEqual(told(again.image, again.columns), told(image, columns));
      }),
      { numRuns: 300 },
    );
  });

  test('metadata.version comes first, and an image of nothing is no records', () => {
    const { image, columns } = imageWithColumns();
    assert.deepEqual([...recordsOfImage(image, columns)], []);
    fc.assert(
      fc.property(anyRecords, (records) => {
        const made = imageOf(records);
        const [first] = recordsOfImage(made.image, made.columns);
        const { image: alone } = imageOf([first!]);
        assert.deepEqual([...alone.features.levels], [['metadata.version', made.image.features.metadataVersion]]);
      }),
      { numRuns: 20 },
    );
  });
});

suite('metadata transactions (KIP-868)', () => {
  test('nothing is seen before the end, and all of it then', () => {
    fc.assert(
      fc.property(anyRecords, anyRecords, (before, within) => {
        const direct = imageOf(before);
        const inside = within.slice(1).filter((record) => apply(direct.image, new NotedChanges(), record) === null);
        const { image, columns } = imageOf(direct.taken);
        const atBegin = told(image, columns);
        const changes = new NotedChanges();
        assert.equal(apply(image, changes, begin, ...inside), null);
        assert.ok(image.isInTransaction);
        assert.deepEqual([told(image, columns), changes.lines], [atBegin, []]);
        assert.equal(apply(image, changes, end), null);
        assert.ok(!image.isInTransaction);
        assert.deepEqual(told(image, columns), told(direct.image, direct.columns));
      }),
      { numRuns: 100 },
    );
  });

  test('nothing of an aborted one is seen', () => {
    fc.assert(
      fc.property(anyRecords, anyRecords, (before, within) => {
        const { image, columns } = imageOf(before);
        const atBegin = told(image, columns);
        assert.equal(apply(image, new NotedChanges(), begin, ...within, abort), null);
        assert.deepEqual(told(image, columns), atBegin);
        assert.equal(apply(image, new NotedChanges(), begin, end), null, 'another may begin');
      }),
      { numRuns: 50 },
    );
  });

  test('transactions do not nest, and end only where they have begun', () => {
    const { image } = imageWithColumns();
    const noted = new NotedChanges();
    assert.match(apply(image, noted, end)!, /EndTransactionRecord comes outside/);
    assert.match(apply(image, noted, abort)!, /AbortTransactionRecord comes outside/);
    assert.match(apply(image, noted, begin, begin)!, /BeginTransactionRecord comes within/);
  });

  test('a record that this build does not know stops the applier before the end', () => {
    const { image } = imageWithColumns();
    assert.equal(apply(image, new NotedChanges(), begin), null);
    const unknown: MetadataRecord = { type: 99, version: 0, write: () => {} };
    assert.match(apply(image, new NotedChanges(), unknown)!, /unknown type 99/);
    assert.match(apply(image, new NotedChanges(), { ...end, version: 1 })!, /newer than this build knows/);
  });

  test('what cannot be applied at the end stops the applier there', () => {
    const { image } = imageWithColumns();
    const impossible = metadataRecord(abortTransactionRecord, 0, {});
    assert.equal(apply(image, new NotedChanges(), begin, { ...impossible, type: 9 }), null);
    assert.match(apply(image, new NotedChanges(), end)!, /cannot be: RemoveTopicRecord is malformed/);
  });
});
