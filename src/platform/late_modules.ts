/**
 * Modules of Node that a start can do without, loaded when they are first asked for. Every thread would pay for them:
 * `node:crypto` 10 to 25 ms, `node:zlib` 5 to 10 ms of the 60 that a shard needs to be there.
 */
export const lateCrypto = (): typeof import('node:crypto') => process.getBuiltinModule('node:crypto');
export const lateZlib = (): typeof import('node:zlib') => process.getBuiltinModule('node:zlib');
export const lateChildProcess = (): typeof import('node:child_process') =>
  process.getBuiltinModule('node:child_process');
