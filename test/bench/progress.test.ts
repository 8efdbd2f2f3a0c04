import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Progress } from '../../bench/progress.ts';

function written(isTTY: boolean, work: (progress: Progress) => void): string {
  let text = '';
  const out = { isTTY, write: (piece: string) => ((text += piece), true) } as unknown as NodeJS.WriteStream;
  work(new Progress(out));
  // What clears the line is easier to read as a word.
  return text.replaceAll('\r\x1b[K', '<clear>');
}

test('a terminal gets a bar that is overwritten and goes', () => {
  const text = written(true, (progress) => {
    progress.expect(4);
    for (const label of ['first', 'second', 'third']) progress.step(label);
    progress.clear();
  });
  assert.match(text, /^<clear>·{24} {3}0 % {2}first<clear>/);
  assert.match(text, /█{12}·{12} {2}50 % {2}third<clear>$/);
  assert.doesNotMatch(text, /\n/);
});

test('elsewhere there are lines, and few of them', () => {
  const text = written(false, (progress) => {
    progress.expect(1000);
    for (let step = 0; step < 1000; step++) progress.step('work');
    progress.note('something else');
    progress.clear();
  });
  assert.equal(text, 'something else\n');
});
