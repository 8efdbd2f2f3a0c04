import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FrameQueue } from '../../src/shard/frame_queue.ts';

test('frames come out as they went in', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 200 }), (pushes) => {
      const queue = new FrameQueue();
      const model: [number, number][] = [];
      for (const [step, push] of pushes.entries()) {
        if (push) {
          // Places are above 2^30 in a large arena.
          queue.push(0x7fff_0000 + step, step * 3);
          model.push([0x7fff_0000 + step, step * 3]);
        } else if (model.length > 0) {
          assert.deepEqual([queue.headPlace, queue.headLength], model.shift());
          queue.shift();
        }
        assert.equal(queue.size, model.length);
      }
    }),
  );
});
