import { SmallCodecs } from '../small_codecs.ts';
import { replaceMethod } from './planted_bug.ts';
import type { PlantedBug } from './planted_bug.ts';

export const decompressionUnbounded: PlantedBug = {
  name: 'decompression-unbounded',
  title: 'a compressed batch becomes as large as its producer likes',
  suite: 'node',
  seed: 0,
  finding: /I14 a bomb/,
  plant: () => replaceMethod(SmallCodecs.prototype, 'bound', () => (outputBytesMax) => outputBytesMax),
};
