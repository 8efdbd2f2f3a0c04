import { checkBatchVector, type BatchVector } from './batch_vectors.ts';
import { checkMessageVector, type MessageVector } from './message_vectors.ts';
import { readVectors } from './vector_file.ts';

/**
 * `npm run -s vectors -- FILE…`: checks files of vectors (JSON lines, perhaps gzipped) of messages and of record
 * batches. Prints what differs, and last `N passed, N failed`. Exits with 1 if any failed.
 */
const SHOWN_PER_VECTOR = 4;

let passed = 0;
let failed = 0;
for (const path of process.argv.slice(2)) {
  for (const vector of readVectors(path)) {
    const isBatch = typeof vector === 'object' && vector !== null && 'batches' in vector;
    const problems = isBatch ? checkBatchVector(vector as BatchVector) : checkMessageVector(vector as MessageVector);
    if (problems.length === 0) {
      passed++;
      continue;
    }
    failed++;
    const { name, version, kind } = vector as MessageVector;
    console.log(isBatch ? name : `${name} version ${version} ${kind}`);
    for (const problem of problems.slice(0, SHOWN_PER_VECTOR)) console.log(`  ${problem}`);
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
