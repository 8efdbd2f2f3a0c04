import type { SeededRandom } from '../../../src/base/random.ts';
import type { Clock } from '../../../src/port/clock.ts';
import type { Channel, ChannelHandler } from '../../../src/shared-memory/channel.ts';
import { allocateSharedMemory, sharedGeometry } from '../../../src/shared-memory/layout.ts';
import type { SharedMemory } from '../../../src/shared-memory/layout.ts';
import { recordBytes, ringStride, smallestRingBytes } from '../../../src/shared-memory/ring.ts';
import { ThreadMemory } from '../../../src/shared-memory/thread_memory.ts';
import type { Finding } from '../checkers.ts';
import { drawProcessOptions } from '../options.ts';
import type { Suite, SuiteOutcome } from '../run.ts';
import { SimClock, WallTime } from '../sim_clock.ts';
import { SimProcess } from '../sim_process.ts';
import { SimThreads } from '../sim_threads.ts';
import type { World } from '../world.ts';

/** Long enough for any backlog that still moves. */
const patienceMs = 60_000;
const slots = 64;

interface RingsOptions {
  readonly threads: number;
  readonly payloadMax: number;
  readonly ringBytes: number;
  readonly requestsEach: number;
  readonly drainBudget: number;
  /** Requests begun in one turn at most. */
  readonly burst: number;
  /** Answers come after up to so long. */
  readonly answerMsMax: number;
  /** Where the free-running positions begin. */
  readonly startPosition: number;
}

/**
 * Threads that ask each other through the smallest rings, with answers sooner or later, budgets, sleeping and waking.
 * Row 51: back-pressure, no overwrite, no lost wake-up, also where positions pass 2^32. Each request must be answered
 * once with the right bytes, each notice taken, and all of it must come to an end.
 */
export const ringsSuite: Suite = {
  name: 'rings',
  title: 'channels, doorbells and notices between threads over tiny rings (row 51)',

  run(world: World): SuiteOutcome {
    const options = drawOptions(world.random);
    const memory = allocate(options);
    const process = new SimProcess(world, 'node', drawProcessOptions(world.random));
    const findings: Finding[] = [];
    const talkers: Talker[] = [];
    process.ended = (reason) => findings.push({ rule: 'a thread threw', detail: reason });
    for (let number = 0; number < options.threads; number++) {
      const thread = process.createThread(number);
      thread.failed = ({ message, stack }) => findings.push({ rule: 'a thread threw', detail: `${message}\n${stack}` });
      const threads = new SimThreads(process, thread, () => {});
      const clock = new SimClock(thread, new WallTime(world));
      const talker = new Talker(new ThreadMemory(memory, threads), clock, world.random.fork(), options, findings);
      talkers.push(talker);
      thread.post(world.random.fraction(), () => talker.turn());
    }
    const ended = world.runUntil(() => findings.length > 0 || talkers.every((talker) => talker.isDone), patienceMs);
    if (!ended && findings.length === 0) {
      const state = talkers.map((talker) => talker.describe()).join('; ');
      findings.push({ rule: 'row 51 nobody goes on', detail: `${process.sleepers} asleep; ${state}` });
    }
    const sum = (count: (talker: Talker) => number): number => talkers.reduce((all, one) => all + count(one), 0);
    return {
      options: { ...options },
      findings,
      counts: {
        answered: sum((talker) => talker.answered),
        refused: sum((talker) => talker.refused),
        noticesTaken: sum((talker) => talker.noticesTaken),
        notified: process.wakes.notified,
        late: process.wakes.late,
        spurious: process.wakes.spurious,
      },
    };
  },
};

function drawOptions(random: SeededRandom): RingsOptions {
  const payloadMax = random.pick([16, 48, 100, 240]);
  return {
    threads: random.between(2, 4),
    payloadMax,
    ringBytes: smallestRingBytes(payloadMax) * random.pick([1, 1, 2, 8]),
    requestsEach: random.between(20, 150),
    drainBudget: random.pick([1, 2, 8, 100]),
    burst: random.pick([1, 4, 30]),
    answerMsMax: random.pick([0, 0, 1, 30]),
    startPosition: random.pick([0, 0x7fff_ffff - 1000, 0xffff_ffff - 1000]) & ~15,
  };
}

function allocate(options: RingsOptions): SharedMemory {
  const memory = allocateSharedMemory(
    sharedGeometry(options.threads - 1, {
      partitionsMax: slots,
      followerBlocksExtra: 1,
      ringBytes: options.ringBytes,
      ringPayloadMax: options.payloadMax,
      arenaBytes: 8 * 16 * 1024,
      arenaBudgetBytes: 2 * 16 * 1024,
      segmentHeapBytes: 4096,
      addressEntries: 1024,
      listenersMax: 2,
      tokenBuckets: 1,
    }),
  );
  // Tail, head and refunded of every ring begin at the same position, as after so many bytes.
  const rings = options.threads ** 2;
  for (let ring = 0; ring < rings; ring++) {
    const words = new Int32Array(memory.rings, ring * ringStride(options.ringBytes), 40);
    words[0] = options.startPosition;
    words[32] = options.startPosition;
    words[33] = options.startPosition;
  }
  return memory;
}

interface Question {
  readonly peer: number;
  readonly kind: number;
  readonly length: number;
  readonly answerLength: number;
}

/** One thread of the workload. */
class Talker implements ChannelHandler {
  answered = 0;
  refused = 0;
  noticesTaken = 0;
  readonly #memory: ThreadMemory;
  readonly #clock: Clock;
  readonly #random: SeededRandom;
  readonly #options: RingsOptions;
  readonly #findings: Finding[];
  readonly #peers: number[] = [];
  readonly #asked = new Map<number, Question>();
  #nextTag = 1;
  #begun = 0;
  /** The request that had no credit; nothing further is begun before it. */
  #waiting: Question | null = null;
  #turning = false;
  #answersLater = 0;

  constructor(memory: ThreadMemory, clock: Clock, random: SeededRandom, options: RingsOptions, findings: Finding[]) {
    this.#memory = memory;
    this.#clock = clock;
    this.#random = random;
    this.#options = options;
    this.#findings = findings;
    for (let peer = 0; peer < options.threads; peer++) if (peer !== memory.self) this.#peers.push(peer);
  }

  get isDone(): boolean {
    return this.#begun === this.#options.requestsEach && this.#asked.size === 0 && !this.#memory.hasWork();
  }

  describe(): string {
    return `thread ${this.#memory.self}: begun ${this.#begun}, unanswered ${this.#asked.size}, owes ${this.#answersLater}`;
  }

  readonly turn = (): void => {
    this.#turning = true;
    this.#memory.doorbell.disarm();
    this.#memory.drain(this.#options.drainBudget, this);
    this.#memory.notices.take(() => this.noticesTaken++);
    this.#ask();
    this.#memory.flush();
    this.#turning = false;
    const more = this.#begun < this.#options.requestsEach && this.#waiting === null;
    if (more) this.#clock.defer(this.turn);
    else if (!this.#memory.doorbell.arm(() => this.#memory.hasWork(), this.turn)) this.#clock.defer(this.turn);
  };

  request(peer: number, kind: number, correlation: number, view: DataView, start: number, length: number): void {
    this.#check(view, start, length, kind, peer);
    if (correlation < 0) return;
    const answerLength = kind % (this.#options.payloadMax + 1);
    const answer = (): void => {
      const channel = this.#memory.channel(peer);
      fill(channel, channel.answer(correlation, answerLength), answerLength, kind, this.#memory.self);
    };
    if (this.#options.answerMsMax === 0 || this.#random.chance(0.5)) return answer();
    this.#answersLater++;
    this.#clock.schedule(this.#random.fraction() * this.#options.answerMsMax, () => {
      this.#answersLater--;
      answer();
      this.#memory.flush();
    });
  }

  answer(peer: number, tag: number, kind: number, view: DataView, start: number, length: number): void {
    const question = this.#asked.get(tag);
    if (
      question === undefined ||
      question.kind !== kind ||
      question.peer !== peer ||
      question.answerLength !== length
    ) {
      this.#find('row 51 foreign answer', `tag ${tag} kind ${kind} from ${peer}, ${length} bytes`);
      return;
    }
    this.#check(view, start, length, kind, peer);
    this.#asked.delete(tag);
    this.answered++;
  }

  creditReturned(): void {
    if (!this.#turning) this.#find('credit outside of a drain', '');
  }

  #ask(): void {
    for (let count = 0; count < this.#options.burst && this.#begun < this.#options.requestsEach; count++) {
      const question = this.#waiting ?? this.#draw();
      if (!this.#begin(question)) {
        this.refused++;
        this.#waiting = question;
        return;
      }
      this.#waiting = null;
      this.#begun++;
    }
  }

  #draw(): Question {
    const { payloadMax } = this.#options;
    const answerLength = this.#random.between(0, payloadMax);
    return {
      peer: this.#random.pick(this.#peers),
      kind: answerLength + (payloadMax + 1) * this.#random.between(0, 1000),
      length: this.#random.between(0, payloadMax),
      answerLength,
    };
  }

  #begin(question: Question): boolean {
    const { peer, kind, length, answerLength } = question;
    const channel = this.#memory.channel(peer);
    if (this.#random.chance(0.1)) this.#memory.notices.post(peer, this.#random.between(0, slots - 1));
    if (this.#random.chance(0.1)) {
      const position = channel.send(kind, length);
      if (position >= 0) fill(channel, position, length, kind, this.#memory.self);
      return position >= 0;
    }
    const tag = this.#nextTag;
    const position = channel.request(kind, tag, length, answerLength);
    if (position < 0) return false;
    this.#nextTag++;
    this.#asked.set(tag, question);
    fill(channel, position, length, kind, this.#memory.self);
    return true;
  }

  #check(view: DataView, start: number, length: number, kind: number, from: number): void {
    for (let at = 0; at < length; at++) {
      if (view.getUint8(start + at) === patternAt(at, kind, from)) continue;
      this.#find('row 51 overwritten', `byte ${at} of ${length}, kind ${kind} from ${from}`);
      return;
    }
  }

  #find(rule: string, detail: string): void {
    this.#findings.push({ rule, detail: `thread ${this.#memory.self}: ${detail}` });
  }
}

function fill(channel: Channel, position: number, length: number, kind: number, from: number): void {
  for (let at = 0; at < length; at++) channel.view.setUint8(position + at, patternAt(at, kind, from));
  // The rounding behind a payload belongs to its record: nobody else's bytes may lie there.
  const end = recordBytes(length) - recordBytes(0);
  for (let at = length; at < end; at++) channel.view.setUint8(position + at, 0xff);
}

const patternAt = (at: number, kind: number, from: number): number => (at * 7 + kind * 31 + from) & 0xff;
