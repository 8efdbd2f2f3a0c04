import { TopicIndex } from '../../../src/metadata/topic_index.ts';
import type { TopicImage } from '../../../src/metadata/topic_image.ts';
import { replaceMethod } from './planted_bug.ts';
import type { PlantedBug } from './planted_bug.ts';

export const deletedIdServed: PlantedBug = {
  name: 'deleted-id-served',
  title: 'the id of a deleted topic still leads to its name, and so to the topic that was made anew under it',
  suite: 'node',
  seed: 0,
  finding: /I2 records of a topic that was deleted/,
  plant: () => {
    const removed = new WeakMap<TopicIndex, TopicImage[]>();
    const restore = [
      replaceMethod(
        TopicIndex.prototype,
        'remove',
        (original) =>
          function (this: TopicIndex, topic) {
            removed.set(this, [...(removed.get(this) ?? []), topic]);
            original.call(this, topic);
          },
      ),
      replaceMethod(
        TopicIndex.prototype,
        'byId',
        (original) =>
          function (this: TopicIndex, ...words) {
            const found = original.apply(this, words);
            if (found !== null) return found;
            const former = removed.get(this)?.find(({ idWords }) => words.every((word, at) => idWords[at] === word));
            return former === undefined ? null : this.byName(former.nameBytes, 0, former.nameBytes.length);
          },
      ),
    ];
    return () => restore.forEach((undo) => undo());
  },
};
