import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkQueue } from './checkers.ts';
import type { Expectations } from './checkers.ts';
import { History } from './history.ts';
import type { Send, SendOutcome } from './history.ts';

const strict: Expectations = { acknowledgedSurvives: true, finalCatchUp: true };

function rulesOf(history: History, expectations: Expectations = strict): string[] {
  return [...new Set(checkQueue(history, expectations).map((finding) => finding.rule))].toSorted();
}

/** A history of sends in order, one after the other, each acknowledged at the next offset and read there. */
class Story {
  readonly history = new History();
  #nowMs = 0;

  send(outcome: SendOutcome, offset = -1, connection = 1): Send {
    const send = this.history.beginSend('t-0', 1, connection, this.#nowMs++, true);
    this.history.endSend(send, outcome, this.#nowMs++, offset);
    return send;
  }

  read(offset: number, send: Send, consumer = 1, sum = send.value): void {
    const atMs = this.#nowMs++;
    this.history.read({ partition: 't-0', offset, value: send.value, consumer, atMs, sum, isFirst: offset === 0 });
  }

  fetch(highWatermark: number): void {
    this.history.watermark('t-0', highWatermark, 0, this.history.floorOf('t-0'), this.#nowMs++);
  }
}

function healthy(): Story {
  const story = new Story();
  for (let offset = 0; offset < 5; offset++) {
    const send = story.send('ok', offset);
    story.fetch(offset + 1);
    story.read(offset, send);
  }
  return story;
}

test('a healthy history has no findings', () => {
  assert.deepEqual(rulesOf(healthy().history), []);
});

test('an unknown outcome may be there or not', () => {
  const story = healthy();
  const there = story.send('info');
  story.send('info');
  story.read(5, there);
  assert.deepEqual(rulesOf(story.history), []);
});

test('a value that was refused and is read is an aborted read', () => {
  const story = healthy();
  story.read(5, story.send('fail'));
  assert.deepEqual(rulesOf(story.history), ['I21 aborted read']);
});

test('a value of another partition, or of nobody, is foreign', () => {
  const story = healthy();
  const other = story.history.beginSend('t-1', 1, 1, 100, true);
  story.read(5, other);
  story.history.read({ partition: 't-0', offset: 6, value: 999, consumer: 1, atMs: 200, sum: 0, isFirst: false });
  assert.deepEqual(rulesOf(story.history), ['I2 foreign value']);
});

test('two values at one offset, other bytes at one offset, another offset than was told: divergence', () => {
  const story = healthy();
  const other = story.send('info');
  story.read(3, other, 2);
  assert.deepEqual(rulesOf(story.history), ['I2 divergence', 'order in real time', 'order of a connection']);
  const bytes = healthy();
  bytes.read(3, bytes.history.sends[3] as Send, 2, 12345);
  assert.deepEqual(rulesOf(bytes.history), ['I2 divergence']);
  const wrong = healthy();
  wrong.send('ok', 4);
  assert.ok(rulesOf(wrong.history).includes('I2 divergence'));
});

test('an acknowledged value that nobody read below what was read is lost, at the end it is unseen', () => {
  const story = new Story();
  story.send('ok', 0);
  story.read(1, story.send('ok', 1));
  assert.deepEqual(rulesOf(story.history), ['I1 lost', 'I1 unseen at the end']);
  const tail = healthy();
  tail.send('ok', 5);
  assert.deepEqual(rulesOf(tail.history), ['I1 unseen at the end']);
  assert.deepEqual(rulesOf(tail.history, { ...strict, finalCatchUp: false }), []);
});

test('a value at two offsets is a duplicate unless it was sent twice', () => {
  const story = healthy();
  const send = story.send('ok', 5);
  story.read(5, send);
  story.read(6, send);
  assert.deepEqual(rulesOf(story.history), ['I6 duplicate']);
  send.attempts = 2;
  assert.deepEqual(rulesOf(story.history), []);
});

test('sends of one connection keep their order, those of two need not', () => {
  const swapped = (connection: number): Story => {
    const story = new Story();
    const first = story.history.beginSend('t-0', 1, 1, 0, true);
    const second = story.history.beginSend('t-0', 1, connection, 1, true);
    story.history.endSend(first, 'ok', 10, 1);
    story.history.endSend(second, 'ok', 11, 0);
    story.read(0, second);
    story.read(1, first);
    return story;
  };
  assert.deepEqual(rulesOf(swapped(1).history), ['order of a connection']);
  assert.deepEqual(rulesOf(swapped(2).history), []);
});

test('what was acknowledged before another send began lies before it', () => {
  const story = new Story();
  const first = story.send('ok', 1, 1);
  const second = story.send('ok', 0, 2);
  story.read(0, second);
  story.read(1, first);
  assert.deepEqual(rulesOf(story.history), ['order in real time']);
});

test('a consumer that skips or goes back is seen; one that begins again at 0 is not', () => {
  const story = healthy();
  story.read(4, story.history.sends[4] as Send);
  assert.deepEqual(rulesOf(story.history), ['consumer goes back']);
  const again = healthy();
  again.read(0, again.history.sends[0] as Send);
  assert.deepEqual(rulesOf(again.history), []);
  const skip = new Story();
  const sends = [skip.send('ok', 0), skip.send('ok', 1), skip.send('ok', 2)] as const;
  skip.read(0, sends[0]);
  skip.read(2, sends[2]);
  skip.read(1, sends[1], 2);
  assert.deepEqual(rulesOf(skip.history), ['consumer skips']);
});

test('a watermark below one that was shown, or below what was acknowledged, goes back', () => {
  const story = healthy();
  story.fetch(4);
  assert.deepEqual(rulesOf(story.history), ['I4 watermark goes back']);
  const hidden = healthy();
  hidden.read(5, hidden.send('ok', 5));
  hidden.fetch(5);
  assert.deepEqual(rulesOf(hidden.history), ['I4 watermark goes back']);
});

test('after a loss of power that was announced offsets may be given anew, but not within one era', () => {
  const story = healthy();
  story.history.powerLost();
  const after = story.send('ok', 3);
  story.read(3, after, 2);
  story.fetch(4);
  const lenient: Expectations = { acknowledgedSurvives: false, finalCatchUp: true };
  assert.deepEqual(rulesOf(story.history, lenient), []);
  assert.ok(rulesOf(story.history).includes('I2 divergence'));
  story.send('ok', 4);
  assert.deepEqual(rulesOf(story.history, lenient), ['I1 unseen at the end']);
  story.read(3, story.send('info'), 3);
  assert.ok(rulesOf(story.history, lenient).includes('I2 divergence'));
});
