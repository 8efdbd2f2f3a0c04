import { viewOf } from '../../src/base/bytes.ts';
import type { SeededRandom } from '../../src/base/random.ts';
import { frameAt, patchCrc, RECORDS_AT } from '../../src/protocol/record_batch.ts';
import type { BatchVector } from '../tools/batch_vectors.ts';
import { buildBatch } from '../tools/conformance_batches.ts';
import { fromHex, kernels } from '../tools/kernels.ts';
import { mutate, MUTATIONS } from '../tools/mutation.ts';
import { readVectors } from '../tools/vector_file.ts';

const vectors = readVectors(
  new URL('../fixtures/protocol/batches.jsonl.gz', import.meta.url).pathname,
) as BatchVector[];
const known = vectors.map(({ hex }) => fromHex(hex)).filter((bytes) => bytes.length <= 20_000);

/** Records of a Produce: as Kafka's clients send them, as hostile ones do, and with something changed. */
export function drawRecords(random: SeededRandom): Uint8Array {
  const kind = random.fraction();
  if (kind < 0.35) return ordinary(random);
  let bytes: Uint8Array = kind < 0.6 ? ordinary(random) : random.pick(known);
  if (kind > 0.8) return bytes;
  for (let count = random.between(1, 3); count > 0; count--) {
    bytes = mutate(bytes, { how: random.pick(MUTATIONS), at: random.uint32(), value: random.uint32() });
  }
  // With the right checksum, what lies behind it is looked at.
  const size = random.chance(0.75) ? frameAt(viewOf(bytes), 0, bytes.length) : -1;
  if (size >= RECORDS_AT) patchCrc(viewOf(bytes), bytes, 0, kernels);
  return bytes;
}

function ordinary(random: SeededRandom): Uint8Array {
  const isIdempotent = random.chance(0.4);
  return buildBatch({
    records: Array.from({ length: random.between(1, 4) }, (_, index) => [random.pick([null, 'key']), `value ${index}`]),
    codec: random.pick(['none', 'none', 'gzip', 'snappy', 'lz4', 'zstd']),
    magic: random.chance(0.9) ? 2 : random.between(0, 1),
    ts: random.pick([1_700_000_000_000, -1, 0, 4_102_444_800_000]),
    ...(isIdempotent
      ? { pid: random.between(0, 3), epoch: random.between(0, 2), seq: random.pick([0, 0, 1, 2, 4, 0x7fff_fffe]) }
      : {}),
    txn: isIdempotent && random.chance(0.2),
  });
}
