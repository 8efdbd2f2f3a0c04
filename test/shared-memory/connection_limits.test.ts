import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { ConnectionClaim, ConnectionLimits, limitsBytes } from '../../src/shared-memory/connection_limits.ts';

function makeLimits(entries = 64): ConnectionLimits {
  return new ConnectionLimits(new SharedArrayBuffer(limitsBytes(3, entries)), 3, entries);
}

const unlimited = { total: Infinity, listener: Infinity, address: Infinity };
const step = fc.record({
  release: fc.boolean(),
  listener: fc.nat(2),
  address: fc.integer({ min: -3, max: 3 }),
  caps: fc.record({
    total: fc.oneof(fc.nat(12), fc.constant(Infinity)),
    listener: fc.oneof(fc.nat(6), fc.constant(Infinity)),
    address: fc.oneof(fc.nat(4), fc.constant(Infinity)),
  }),
  which: fc.nat(),
});

suite('connection limits', () => {
  test('a connection is counted everywhere or nowhere, and every cap holds', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const limits = makeLimits();
        const held: { claim: ConnectionClaim; listener: number; address: number }[] = [];
        for (const { release, listener, address, caps, which } of steps) {
          if (release && held.length > 0) {
            limits.release(held.splice(which % held.length, 1)[0]!.claim);
          } else {
            const ofListener = held.filter((one) => one.listener === listener).length;
            const ofAddress = held.filter((one) => one.address === address).length;
            let expected = 'granted';
            if (held.length >= caps.total) expected = 'total';
            else if (ofListener >= caps.listener) expected = 'listener';
            else if (ofAddress >= caps.address) expected = 'address';
            const claim = new ConnectionClaim();
            assert.equal(limits.reserve(listener, address, caps, claim), expected);
            assert.equal(claim.isHeld, expected === 'granted');
            if (claim.isHeld) held.push({ claim, listener, address });
          }
          assert.equal(limits.total, held.length);
          for (const at of [0, 1, 2]) {
            assert.equal(limits.ofListener(at), held.filter((one) => one.listener === at).length);
          }
          for (let at = -3; at <= 3; at++) {
            assert.equal(limits.ofAddress(at), held.filter((one) => one.address === at).length);
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  test('entries of addresses that are gone are used again; a full table refuses', () => {
    const limits = makeLimits();
    const claim = new ConnectionClaim();
    for (let address = 0; address < 10_000; address++) {
      assert.equal(limits.reserve(0, address, unlimited, claim), 'granted');
      limits.release(claim);
    }
    const verdicts = Array.from({ length: 65 }, (_, address) =>
      limits.reserve(0, address, unlimited, new ConnectionClaim()),
    );
    assert.ok(verdicts.includes('granted') && verdicts.includes('address'));
    assert.equal(limits.total, verdicts.filter((verdict) => verdict === 'granted').length);
  });

  test('released exactly once', () => {
    const limits = makeLimits();
    const claim = new ConnectionClaim();
    assert.throws(() => limits.release(claim), /released once/);
    limits.reserve(0, 1, unlimited, claim);
    assert.throws(() => limits.reserve(0, 1, unlimited, claim), /counted once/);
    limits.release(claim);
    assert.throws(() => limits.release(claim), /released once/);
  });
});
