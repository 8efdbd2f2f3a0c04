import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TopicImage } from '../../src/metadata/topic_image.ts';
import { TopicIndex } from '../../src/metadata/topic_index.ts';
import { encodeText, topicId } from './metadata_fixture.ts';

function image(number: number): TopicImage {
  const name = `t${number}`;
  // Ids that share the words which are hashed, now and then.
  const words = Int32Array.of(number, number % 3, -number, number % 5);
  return new TopicImage(name, encodeText(name), topicId(number), words, new Map());
}

test('topics come and go; names and ids are found as in a map, from any memory', () => {
  const step = fc.record({ number: fc.nat(150), removes: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 250 }), (steps) => {
      const index = new TopicIndex();
      const model = new Map<number, TopicImage>();
      for (const { number, removes } of steps) {
        const known = model.get(number);
        if (removes && known !== undefined) {
          index.remove(known);
          model.delete(number);
        } else if (!removes && known === undefined) {
          const added = image(number);
          index.add(added);
          model.set(number, added);
        }
      }
      assert.equal(index.size, model.size);
      for (let number = 0; number <= 150; number++) {
        const expected = model.get(number) ?? null;
        const request = encodeText(`--t${number}--`);
        assert.equal(index.byName(request, 2, request.length - 2), expected);
        assert.equal(index.byId(number, number % 3, -number, number % 5), expected);
      }
    }),
    { numRuns: 40 },
  );
});

test('a front of a name is not the name, nor is the empty one', () => {
  const index = new TopicIndex();
  index.add(image(12));
  const bytes = encodeText('t123');
  assert.equal(index.byName(bytes, 0, 2), null);
  assert.equal(index.byName(bytes, 0, 4), null);
  assert.equal(index.byName(bytes, 1, 1), null);
  assert.notEqual(index.byName(bytes, 0, 3), null);
});
