// In a process of its own: the counted constructors stay counted.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';

const program = `
const count = new Int32Array(1);
const { countViews } = await import(${JSON.stringify(new URL('../../../bench/counting/view_count.ts', import.meta.url).href)});
const memory = new ArrayBuffer(64);
const before = new Uint8Array(memory);
countViews(count);
const steps = {
  nothing: () => before[0],
  uint8Array: () => new Uint8Array(memory, 8),
  dataView: () => new DataView(memory),
  subarray: () => before.subarray(1),
  slice: () => before.slice(1),
  bufferSubarray: () => Buffer.prototype.subarray.call(Buffer.allocUnsafeSlow(4), 1),
};
const told = {};
for (const [name, step] of Object.entries(steps)) {
  count[0] = 0;
  const made = step();
  told[name] = count[0];
  if (name === 'uint8Array' && !(made instanceof Uint8Array && made.byteOffset === 8)) throw new Error('not the same');
}
console.log(JSON.stringify(told));
`;

test('each way to make a view counts once', () => {
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
  assert.deepEqual(JSON.parse(output), {
    nothing: 0,
    uint8Array: 1,
    dataView: 1,
    subarray: 1,
    slice: 1,
    bufferSubarray: 1,
  });
});
