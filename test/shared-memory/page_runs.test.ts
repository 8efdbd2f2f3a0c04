import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PageRuns } from '../../src/shared-memory/page_runs.ts';

/** One character a page: '.' clear, 's' soft, 't' taken. */
class NaivePages {
  readonly pages: string[];
  constructor(count: number) {
    this.pages = Array.from({ length: count }, () => '.');
  }
  find(count: number, usable: string): number {
    for (let first = 0; first + count <= this.pages.length; first++) {
      if (this.pages.slice(first, first + count).every((page) => usable.includes(page))) return first;
    }
    return -1;
  }
  set(first: number, count: number, kind: string): void {
    this.pages.fill(kind, first, first + count);
  }
}

const step = fc.record({
  action: fc.constantFrom('take', 'takeAny', 'free', 'reserve', 'soften'),
  at: fc.nat(99),
  count: fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 70 })),
});

test('runs of pages are found, taken and given back as in a list of pages', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100 }), fc.array(step, { maxLength: 60 }), (count, steps) => {
      const runs = new PageRuns(count);
      const naive = new NaivePages(count);
      for (const { action, at, count: wanted } of steps) {
        const clear = runs.findClear(wanted);
        const untaken = runs.findUntaken(wanted);
        assert.equal(clear, naive.find(wanted, '.'), 'lowest clear run');
        assert.equal(untaken, naive.find(wanted, '.s'), 'lowest untaken run');
        const first = at % count;
        const length = Math.min(wanted, count - first);
        const kinds = new Set(naive.pages.slice(first, first + length));
        const only = (kind: string): boolean => kinds.size === 1 && kinds.has(kind);
        if (action === 'take' && clear >= 0) {
          runs.take(clear, wanted);
          naive.set(clear, wanted, 't');
        } else if (action === 'takeAny' && untaken >= 0) {
          runs.take(untaken, wanted);
          naive.set(untaken, wanted, 't');
        } else if (action === 'free' && only('t')) {
          runs.free(first, length);
          naive.set(first, length, '.');
        } else if (action === 'reserve' && only('.')) {
          runs.reserve(first, length);
          naive.set(first, length, 's');
        } else if (action === 'soften' && only('s')) {
          runs.soften(first, length);
          naive.set(first, length, '.');
        }
        assert.equal(runs.takenBefore(first), naive.pages.lastIndexOf('t', first - 1 < 0 ? -Infinity : first - 1));
        assert.equal(runs.isSoft(first), naive.pages[first] === 's');
        assert.equal(runs.isTaken(first), naive.pages[first] === 't');
        const after = naive.pages.slice(first, first + wanted).findIndex((page) => page !== '.');
        assert.equal(runs.clearFrom(first, wanted), after < 0 ? Math.min(wanted, count - first) : after);
      }
    }),
    { numRuns: 300 },
  );
});
