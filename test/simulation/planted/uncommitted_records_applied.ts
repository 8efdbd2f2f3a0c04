import { MetadataReader } from '../../../src/metadata/metadata_reader.ts';
import { replaceMethod } from './planted_bug.ts';
import type { PlantedBug } from './planted_bug.ts';

export const uncommittedRecordsApplied: PlantedBug = {
  name: 'uncommitted-records-applied',
  title:
    'a thread applies every whole batch that is in the file of the metadata log, not only those that are committed',
  suite: 'metadata',
  seed: 0,
  finding: /I10 applied metadata/,
  plant: () =>
    replaceMethod(
      MetadataReader.prototype,
      'readTo',
      (original) =>
        function (this: MetadataReader, endOffset, sink) {
          const problem = this.nextOffset > endOffset ? null : original.call(this, endOffset, sink);
          // It never gets there, and says so; what there is it has handed out by then.
          if (problem === null) original.call(this, Infinity, sink);
          return problem;
        },
    ),
};
