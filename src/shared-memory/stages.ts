import { assert } from '../base/assert.ts';
import { joinHalves, highHalf, lowHalf } from './halves.ts';

/**
 * What each thread is doing, and since when: the watchdog names the stage of a thread that is stuck.
 *
 * | word | field of a thread's 128 bytes |
 * | --- | --- |
 * | 0 | turn: counts the turns of its loop |
 * | 1 | stage, an index of `stageNames` |
 * | 2, 3 | since, milliseconds of the monotonic clock that all threads of the process share |
 *
 * A thread that is stuck stands still, so its words are read without a version; those of a running one may be of
 * two stages.
 */
export const stageStride = 128;

export const stageNames = ['starting', 'asleep', 'rings', 'sockets', 'log', 'answers', 'timers', 'stopping'] as const;
export type StageName = (typeof stageNames)[number];

export class StageWriter {
  readonly #words: Int32Array<SharedArrayBuffer>;

  constructor(memory: SharedArrayBuffer, thread: number) {
    this.#words = new Int32Array(memory, thread * stageStride, stageStride / 4);
  }

  /** `sinceMs` is the clock reading of the turn. */
  enter(stage: number, sinceMs: number): void {
    assert(stage >= 0 && stage < stageNames.length, 'a stage has a name');
    Atomics.store(this.#words, 1, stage);
    Atomics.store(this.#words, 2, lowHalf(sinceMs));
    Atomics.store(this.#words, 3, highHalf(sinceMs));
  }

  countTurn(): void {
    Atomics.store(this.#words, 0, (Atomics.load(this.#words, 0) + 1) | 0);
  }
}

export class StageReader {
  turn = 0;
  stage: StageName = 'starting';
  sinceMs = 0;
  readonly #words: Int32Array<SharedArrayBuffer>;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory);
  }

  /** Reads the words of a thread into this object's fields. */
  read(thread: number): void {
    const start = (thread * stageStride) / 4;
    this.turn = Atomics.load(this.#words, start);
    this.stage = stageNames[Atomics.load(this.#words, start + 1)] as StageName;
    this.sinceMs = joinHalves(Atomics.load(this.#words, start + 2), Atomics.load(this.#words, start + 3));
  }
}
