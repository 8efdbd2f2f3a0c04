import { checkMessageVector, type MessageVector } from './message_vectors.ts';
import { readVectors } from './vector_file.ts';

/**
 * `npm run -s vectors -- FILE…`: checks files of vectors (JSON lines, perhaps gzipped) against the codecs. Prints what
 * differs, and last `N passed, N failed`. Exits with 1 if any failed.
 */
const SHOWN_PER_VECTOR = 4;

let passed = 0;
let failed = 0;
for (const path of process.argv.slice(2)) {
  for (const vector of readVectors(path)) {
    const problems = checkMessageVector(vector as MessageVector);
    if (problems.length === 0) passed++;
    else {
      failed++;
      const { name, version, kind } = vector as MessageVector;
      console.log(`${name} ${version === undefined ? '' : `version ${version} `}${kind ?? ''}`.trim());
      for (const problem of problems.slice(0, SHOWN_PER_VECTOR)) console.log(`  ${problem}`);
    }
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
