/**
 * What a frame costs between landing buffer and disk, in three kinds of memory.
 *
 *     node bench/micro/arena.ts
 *
 * Eight connections receive frames in turns, in reads of up to 64 KiB; sixteen complete frames wait for the disk. The first
 * read of a frame comes in the landing buffer and is copied; later ones are received in place, so only their
 * bookkeeping is here (`alone`: without any copy from landing). `moved` is what growing had to copy, of all bytes;
 * `waste` is memory taken above the bytes that have arrived, on average, of the memory taken.
 */
import { measure } from 'mitata';
import { SeededRandom } from '../../src/base/random.ts';
import { Arena, landingBytes } from '../../src/shared-memory/arena.ts';
import { arenaWithPages, BuddyMemory, ChainMemory } from './arena_candidates.ts';
import type { FrameMemory } from './arena_candidates.ts';

const connections = 8;
const waitingMax = 16;
const readBytesMax = 64 * 1024;

class Load {
  readonly #memory: FrameMemory;
  readonly #sizeOf: () => number;
  readonly #copies: boolean;
  readonly #handles = new Float64Array(connections).fill(-1);
  readonly #declared = new Float64Array(connections);
  readonly #arrived = new Float64Array(connections);
  readonly #waiting = new Float64Array(waitingMax).fill(-1);
  readonly #waitingLength = new Float64Array(waitingMax);
  #connection = 0;
  #oldest = 0;
  receivedBytes = 0;
  pieces = 0;
  frames = 0;

  constructor(memory: FrameMemory, sizeOf: () => number, copies: boolean) {
    this.#memory = memory;
    this.#sizeOf = sizeOf;
    this.#copies = copies;
  }

  /** Receives until one frame is complete; releases the frame that has waited longest. */
  frame(): void {
    while (!this.#read(this.#connection)) this.#connection = (this.#connection + 1) % connections;
    this.#connection = (this.#connection + 1) % connections;
  }

  get heldBytes(): number {
    let held = 0;
    for (let at = 0; at < connections; at++) if (this.#handles[at]! >= 0) held += this.#arrived[at]!;
    for (let at = 0; at < waitingMax; at++) if (this.#waiting[at]! >= 0) held += this.#waitingLength[at]!;
    return held;
  }

  end(): void {
    for (const handle of [...this.#handles, ...this.#waiting]) if (handle >= 0) this.#memory.release(handle);
    this.#handles.fill(-1);
    this.#waiting.fill(-1);
  }

  #read(connection: number): boolean {
    const memory = this.#memory;
    let handle = this.#handles[connection]!;
    let arrived = this.#arrived[connection]!;
    if (handle < 0) {
      const declared = this.#sizeOf();
      arrived = Math.min(declared, landingBytes);
      handle = memory.begin(declared, arrived);
      this.#declared[connection] = declared;
      if (this.#copies) this.#copyIn(handle, arrived);
      if (arrived === declared) return this.#finish(connection, handle, declared);
    } else {
      const declared = this.#declared[connection]!;
      let read = Math.min(declared - arrived, readBytesMax);
      while (read > 0) {
        const room = memory.room(handle, arrived);
        const now = Math.min(read, room);
        arrived += now;
        read -= now;
        if (arrived < declared && now === room) handle = memory.grow(handle, arrived);
      }
      if (arrived === declared) {
        memory.complete(handle, declared);
        return this.#finish(connection, handle, declared);
      }
    }
    this.#handles[connection] = handle;
    this.#arrived[connection] = arrived;
    return false;
  }

  #copyIn(handle: number, length: number): void {
    const memory = this.#memory;
    for (let at = 0; at < length;) {
      const now = memory.pieces(length) === 1 ? length : Math.min(length - at, memory.room(handle, at));
      const place = memory.placeOf(handle, at);
      memory.bytes.copyWithin(place, at, at + now);
      at += now;
    }
  }

  #finish(connection: number, handle: number, declared: number): boolean {
    this.#handles[connection] = -1;
    const oldest = this.#oldest;
    this.#oldest = (oldest + 1) % waitingMax;
    if (this.#waiting[oldest]! >= 0) this.#memory.release(this.#waiting[oldest]!);
    this.#waiting[oldest] = handle;
    this.#waitingLength[oldest] = declared;
    this.receivedBytes += declared;
    this.pieces += this.#memory.pieces(declared);
    this.frames++;
    return true;
  }
}

const kib = 1024;
const sizes: readonly (readonly [string, () => number])[] = [
  ['200 B', () => 200],
  ['16 KiB', () => 16 * kib],
  ['100 KiB', () => 100 * kib],
  ['1 MiB', () => kib * kib],
  ['mixed', mixedSizes()],
];

/** Mostly small frames, a few of each larger size, none of them round. */
function mixedSizes(): () => number {
  const random = new SeededRandom(7);
  return () => {
    const kind = random.between(0, 99);
    if (kind < 60) return random.between(100, 2000);
    if (kind < 85) return random.between(2000, 40 * kib);
    if (kind < 97) return random.between(40 * kib, 200 * kib);
    return random.between(200 * kib, 4 * kib * kib);
  };
}

async function time(memory: FrameMemory, sizeOf: () => number, copies: boolean): Promise<number> {
  const load = new Load(memory, sizeOf, copies);
  const frame = (): void => load.frame();
  for (let warm = 0; warm < 2000; warm++) frame();
  const stats = await measure(frame, { min_cpu_time: 150e6, min_samples: 20 });
  load.end();
  return stats.p50;
}

/** A small frame taken and given back, and nothing around it. */
async function timeOfPair(length: number): Promise<number> {
  const arena = new Arena(new SharedArrayBuffer(64 * kib * kib), 32 * kib * kib);
  const kept = new Float64Array(waitingMax).map(() => arena.allocate(length));
  let at = 0;
  const pair = (): void => {
    arena.release(kept[at]!);
    kept[at] = arena.allocate(length);
    at = (at + 1) % waitingMax;
  };
  for (let warm = 0; warm < 20_000; warm++) pair();
  return (await measure(pair, { min_cpu_time: 150e6 })).p50;
}

for (const length of [200, 2000, 16 * kib, 100 * kib]) {
  console.log(`allocate and release of ${length} B: ${round(await timeOfPair(length))} ns`);
}

const candidates: readonly (() => Promise<FrameMemory>)[] = [
  () => arenaWithPages(16),
  () => arenaWithPages(64),
  async () => new BuddyMemory(),
  async () => new ChainMemory(16),
  async () => new ChainMemory(64),
];

const rows: Record<string, string | number>[] = [];
for (const [sizeName, sizeOf] of sizes) {
  for (const make of candidates) {
    const memory = await make();
    const alone = await time(memory, sizeOf, false);
    const withCopy = await time(memory, sizeOf, true);
    const load = new Load(memory, sizeOf, false);
    const movedBefore = memory.movedBytes;
    let waste = 0;
    const frames = 5000;
    for (let count = 0; count < frames; count++) {
      load.frame();
      waste += 1 - load.heldBytes / memory.usedBytes;
    }
    rows.push({
      frame: sizeName,
      memory: memory.name,
      'ns alone': Math.round(alone),
      'ns with landing copy': Math.round(withCopy),
      'moved %': round((100 * (memory.movedBytes - movedBefore)) / load.receivedBytes),
      'waste %': round((100 * waste) / frames),
      'pieces a frame': round(load.pieces / load.frames),
    });
    load.end();
  }
}
console.table(rows);

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
