import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createCodecs } from '../../src/platform/codecs.ts';
import type { PartitionLog } from '../../src/log/partition_log.ts';
import { TimestampResult } from '../../src/log/read_position.ts';
import { ProcessEnded } from '../simulation/world.ts';
import { inArena, makeBatch, packBatch } from './batches.ts';
import { concatenated, LogMachine, readAll } from './log_machine.ts';

const codecs = createCodecs(null);

const config = { segmentBytes: 600, indexIntervalBytes: 150, fileDeleteDelayMs: 50 };

/** A batch to be written: what its records say, and how it is stored. */
interface DrawnBatch {
  readonly times: readonly number[];
  readonly codec: number;
  /** The time of the log, which stands in the head, is that of every record. */
  readonly isAppendTime: boolean;
}

const plain = (...times: number[]): DrawnBatch => ({ times, codec: 0, isAppendTime: false });

/** The naive log: batches in order. */
interface ModelBatch {
  readonly bytes: Uint8Array;
  readonly baseOffset: number;
  readonly nextOffset: number;
  readonly timestamps: readonly number[];
}

class Model {
  batches: ModelBatch[] = [];
  start = 0;
  /** Where a log without batches goes on. */
  floor = 0;

  get end(): number {
    return this.batches.at(-1)?.nextOffset ?? this.floor;
  }

  truncateTo(offset: number): void {
    while (this.batches.length > 0 && this.batches.at(-1)!.nextOffset > offset) {
      this.floor = this.batches.pop()!.baseOffset;
    }
  }

  firstAtOrAfter(timestamp: number): [number, number] {
    for (const [offset, at] of this.records()) if (at >= timestamp) return [offset, at];
    return [-1, -1];
  }

  /** As it is told to one who reads below `end`. */
  found(timestamp: number, end = this.end): [number, number] {
    const found = timestamp === -3 ? this.firstOfLargest() : this.firstAtOrAfter(timestamp);
    return found[0] < end ? found : [-1, -1];
  }

  firstOfLargest(): [number, number] {
    let best: [number, number] = [-1, -1];
    for (const [offset, at] of this.records()) if (at > best[1]) best = [offset, at];
    return best;
  }

  *records(): Generator<[number, number]> {
    for (const batch of this.batches) {
      for (let index = 0; index < batch.timestamps.length; index++) {
        if (batch.baseOffset + index >= this.start) yield [batch.baseOffset + index, batch.timestamps[index]!];
      }
    }
  }
}

type Command =
  | { readonly kind: 'append'; readonly batches: readonly DrawnBatch[]; readonly later: boolean }
  | { readonly kind: 'truncate' | 'advance'; readonly part: number }
  | {
      readonly kind: 'killInside';
      readonly batches: readonly DrawnBatch[];
      readonly call: number;
      readonly bytes: number;
    }
  | { readonly kind: 'roll' | 'flush' | 'clean' | 'kill' | 'power' | 'full' | 'wait' };

const batchOf = (time: fc.Arbitrary<number>): fc.Arbitrary<DrawnBatch> =>
  fc.record({
    times: fc.array(time, { minLength: 1, maxLength: 4 }),
    codec: fc.constantFrom(0, 0, 0, 1, 2, 3, 4),
    isAppendTime: fc.boolean(),
  });
const someBatch = batchOf(fc.integer({ min: 100, max: 400 }));
const commands: fc.Arbitrary<Command[]> = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        kind: fc.constant('append' as const),
        batches: fc.array(someBatch, { minLength: 1, maxLength: 8 }),
        later: fc.boolean(),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constantFrom('truncate' as const, 'advance' as const),
        part: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('killInside' as const),
        batches: fc.array(someBatch, { minLength: 1, maxLength: 12 }),
        call: fc.nat({ max: 12 }),
        bytes: fc.nat({ max: 400 }),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constantFrom(
          'roll' as const,
          'flush' as const,
          'clean' as const,
          'kill' as const,
          'power' as const,
          'full' as const,
          'wait' as const,
        ),
      }),
    },
  ),
  { maxLength: 30 },
);

/** The log and its model through one sequence of commands. */
class Run {
  readonly machine: LogMachine;
  readonly model = new Model();
  log: PartitionLog;
  /** What the checkpoint of the data directory says. */
  recoveryPoint = 0;
  #fill = 0;
  #leaderEpoch = 0;
  /** What the log was before truncations that no flush has followed: a loss of power may bring it back. */
  #versions: ModelBatch[][] = [];

  constructor(seed: number) {
    this.machine = new LogMachine(seed, { shortWriteChance: 0.1 });
    this.log = this.machine.open(config);
  }

  apply(command: Command): void {
    const { machine, model, log } = this;
    if (command.kind === 'append') this.#append(command.batches, command.later);
    else if (command.kind === 'roll') assert.equal(log.roll(), null);
    else if (command.kind === 'flush') {
      assert.equal(machine.flush(log), null);
      assert.equal(log.recoveryPoint, log.logEndOffset);
      this.recoveryPoint = log.recoveryPoint;
      this.#versions = [];
    } else if (command.kind === 'truncate') {
      const offset = Math.round(model.start + command.part * (model.end - model.start));
      this.recoveryPoint = Math.min(
        this.recoveryPoint,
        model.batches.find((batch) => batch.nextOffset > offset)?.baseOffset ?? offset,
      );
      this.#versions.push([...model.batches]);
      this.#leaderEpoch++;
      assert.equal(log.truncateTo(offset), null);
      model.truncateTo(offset);
      model.start = Math.min(model.start, model.end);
    } else if (command.kind === 'advance') {
      const offset = Math.round(model.start + command.part * (model.end - model.start));
      assert.equal(log.advanceLogStartOffset(offset), null);
      model.start = offset;
    } else if (command.kind === 'full') {
      machine.storage.options = { ...machine.storage.options, capacityBytes: machine.storage.usedBytes + 100 };
      this.#append([plain(150), plain(160), plain(170)], false);
      machine.storage.options = { ...machine.storage.options, capacityBytes: Infinity };
    } else if (command.kind === 'killInside') this.#killInside(command.batches, command.call, command.bytes);
    else if (command.kind === 'wait') machine.world.runFor(200);
    else this.#restart(command.kind);
    machine.publish(this.log);
    this.check();
  }

  check(): void {
    const { machine, model, log } = this;
    assert.equal(log.logEndOffset, model.end);
    assert.equal(log.logStartOffset, model.start);
    assert.ok(log.recoveryPoint <= log.logEndOffset);
    const reader = machine.reader();
    assert.deepEqual(readAll(machine, reader, model.start, 300), visible(model.batches, model.start));
    const row = machine.snapshot();
    const out = new TimestampResult();
    for (const timestamp of [-3, 90, 180, 250, 333, 401]) {
      reader.offsetForTimestamp(row, timestamp, model.end, codecs, out);
      const found = [out.status, out.offset, out.timestamp];
      assert.deepEqual(found, ['found', ...model.found(timestamp)], `timestamp ${timestamp}`);
    }
    reader.close();
  }

  #append(batches: readonly DrawnBatch[], later: boolean): void {
    const { machine, model, log } = this;
    log.setWriteMode(later ? 'asynchronous' : 'synchronous');
    const staged = this.#stage(batches);
    const failure = machine.commit(log);
    // A commit that rolls may have taken place in part.
    const written = staged.filter((batch) => batch.nextOffset <= log.logEndOffset);
    assert.equal(failure === null, written.length === staged.length);
    model.batches.push(...written);
  }

  /** The process is killed in one of the system calls of a commit. */
  #killInside(batches: readonly DrawnBatch[], call: number, bytes: number): void {
    const { machine, model, log } = this;
    log.setWriteMode('synchronous');
    const staged = this.#stage(batches);
    machine.storage.faults.arm({ after: call, effect: { kind: 'kill', bytes } });
    try {
      log.commit(() => {});
    } catch (thrown) {
      assert.ok(thrown instanceof ProcessEnded, String(thrown));
    }
    machine.storage.faults.disarm();
    machine.crash(false);
    this.log = machine.open(config, { recoveryPoint: this.recoveryPoint, logStartOffset: model.start });
    const end = this.log.logEndOffset;
    assert.ok(end >= model.end, 'what was committed survives the death of the process');
    model.batches.push(...staged.filter((batch) => batch.nextOffset <= end));
  }

  #stage(batches: readonly DrawnBatch[]): ModelBatch[] {
    const { log } = this;
    const staged: ModelBatch[] = [];
    let baseOffset = log.stagedEndOffset;
    for (const { times, codec, isAppendTime } of batches) {
      const loose = makeBatch({
        baseOffset,
        timestamps: times,
        fill: this.#fill++ & 0x7f,
        leaderEpoch: this.#leaderEpoch,
        logAppendTime: isAppendTime,
      });
      const bytes = codec === 0 ? loose : packBatch(loose, codec, codecs);
      const { memory, start, end } = inArena([bytes]);
      log.stage(memory, start, end);
      const timestamps = isAppendTime ? times.map(() => Math.max(...times)) : times;
      staged.push({ bytes, baseOffset, nextOffset: baseOffset + times.length, timestamps });
      baseOffset += times.length;
    }
    return staged;
  }

  #restart(kind: 'clean' | 'kill' | 'power'): void {
    const { machine, model } = this;
    if (kind === 'clean') {
      assert.equal(this.log.close(true), null);
      this.recoveryPoint = this.log.recoveryPoint;
    }
    machine.crash(kind === 'power');
    this.log = machine.open(config, {
      cleanShutdown: kind === 'clean',
      closedEnd: kind === 'clean' ? this.recoveryPoint : 0,
      recoveryPoint: this.recoveryPoint,
      logStartOffset: model.start,
    });
    if (kind === 'clean') assert.equal(this.log.report.scannedBatches, 0);
    if (kind !== 'power') return;
    // What was synced is there, and of the rest a prefix: of the log as it was, or as it had been before a truncation.
    const end = this.log.logEndOffset;
    assert.ok(end >= this.recoveryPoint, `${end} is not below the recovery point ${this.recoveryPoint}`);
    model.start = this.log.logStartOffset;
    machine.publish(this.log);
    const bytes = readAll(machine, machine.reader(), model.start);
    const survivor = [model.batches, ...this.#versions.toReversed()]
      .map((version) => version.filter((batch) => batch.nextOffset <= end))
      .find((version) => sameBytes(visible(version, model.start), bytes));
    assert.ok(survivor !== undefined, `what is left up to ${end} has been written like this`);
    model.batches = survivor;
    model.floor = end;
    assert.equal(model.end, end);
    this.#versions = [];
  }
}

/** As a reader sees it: from the batch that holds the start on. */
function visible(batches: readonly ModelBatch[], start: number): Uint8Array {
  return concatenated(batches.filter((batch) => batch.nextOffset > start).map((batch) => batch.bytes));
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

test('any sequence of appends, truncations, restarts and crashes keeps what the naive log keeps (rows 13, 19, 29; I19)', () => {
  fc.assert(
    fc.property(fc.nat(), commands, (seed, sequence) => {
      const run = new Run(seed);
      for (const command of sequence) run.apply(command);
    }),
    { numRuns: 120 },
  );
});

test('timestamps in the future, backwards, equal and missing are found as by a naive search, the log’s own and packed ones too (row 29)', () => {
  const anyTimestamp = fc.oneof(fc.integer({ min: -1, max: 20 }), fc.constantFrom(2 ** 45, 2 ** 52, 0));
  const part = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(
      fc.nat(),
      fc.array(batchOf(anyTimestamp), { minLength: 1, maxLength: 40 }),
      fc.array(fc.oneof(anyTimestamp, fc.constant(-3)), { minLength: 1, maxLength: 10 }),
      part,
      part,
      (seed, batches, queries, startPart, endPart) => {
        const run = new Run(seed);
        run.apply({ kind: 'append', batches, later: false });
        run.apply({ kind: 'advance', part: startPart * 0.5 });
        const { start, end: logEnd } = run.model;
        const row = run.machine.snapshot();
        const reader = run.machine.reader();
        const out = new TimestampResult();
        for (const query of queries) {
          if (query === -1) continue;
          // A reader of committed records sees an end before that of the log.
          for (const end of [logEnd, Math.round(start + endPart * (logEnd - start))]) {
            reader.offsetForTimestamp(row, query, end, codecs, out);
            assert.deepEqual(
              [out.offset, out.timestamp],
              run.model.found(query, end),
              `timestamp ${query} below ${end}`,
            );
          }
        }
      },
    ),
    { numRuns: 80 },
  );
});
