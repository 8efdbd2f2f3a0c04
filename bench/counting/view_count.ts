/**
 * Counts how often code makes a view of memory (typed arrays, DataViews, Buffers), by standing in for the constructors
 * and methods that make them. Node's own modules took the originals before, and are not counted. This slows a program
 * down and allocates by itself, so nothing else is measured in the same run.
 */

const COUNTED = ['DataView', 'Uint8Array', 'Int32Array', 'Uint32Array', 'Float64Array'] as const;
const BUFFER_MAKERS = ['from', 'alloc', 'allocUnsafe', 'concat'] as const;

type AnyFunction = (this: unknown, ...values: unknown[]) => unknown;

/** Adds to `count[0]` from now on, in this thread. */
export function countViews(count: Int32Array): void {
  const add = (): void => {
    count[0] = count[0]! + 1;
  };
  for (const name of COUNTED) {
    const original = globalThis[name] as unknown as { new (...values: unknown[]): object };
    const proxy: object = new Proxy(original, {
      construct(target, values, newTarget): object {
        add();
        return Reflect.construct(target, values, newTarget === proxy ? target : newTarget) as object;
      },
    });
    Object.defineProperty(globalThis, name, { value: proxy });
  }
  const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as object;
  for (const prototype of [typedArray, Buffer.prototype]) {
    for (const name of ['subarray', 'slice']) countCalls(prototype, name, add);
  }
  for (const name of BUFFER_MAKERS) countCalls(Buffer, name, add);
}

function countCalls(owner: object, name: string, add: () => void): void {
  const descriptor = Object.getOwnPropertyDescriptor(owner, name);
  if (descriptor === undefined || typeof descriptor.value !== 'function') return;
  const original = descriptor.value as AnyFunction;
  Object.defineProperty(owner, name, {
    ...descriptor,
    value(this: unknown, ...values: unknown[]): unknown {
      add();
      return original.apply(this, values);
    },
  });
}
