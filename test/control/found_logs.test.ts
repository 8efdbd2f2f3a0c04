import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ZERO_UUID } from '../../src/base/uuid.ts';
import type { ControlPorts } from '../../src/control/control_ports.ts';
import { FoundLogs } from '../../src/control/found_logs.ts';
import { writeOffsetCheckpoint } from '../../src/log/checkpoint_file.ts';
import type { DataDirectories } from '../../src/storage/data_directories.ts';
import { LogMachine } from '../log/log_machine.ts';
import { simKernels } from '../simulation/sim_kernels.ts';
import { SimLog } from '../simulation/sim_log.ts';

function machine(): { machine: LogMachine; log: SimLog; found: (isClean?: boolean) => FoundLogs } {
  const one = new LogMachine(3);
  const { disk } = one;
  const log = new SimLog(one.world, 'node');
  const write = (name: 'recovery-point-offset-checkpoint' | 'log-start-offset-checkpoint', offset: number): void => {
    assert.equal(writeOffsetCheckpoint(disk, simKernels, '/data', name, new Map([['t-0', offset]])), null);
  };
  write('recovery-point-offset-checkpoint', 70);
  write('log-start-offset-checkpoint', 30);
  const found = (isClean = true): FoundLogs => {
    const ports = { disk, kernels: simKernels, log } as unknown as ControlPorts;
    const directories: Partial<DataDirectories> = {
      all: [{ path: '/data', id: ZERO_UUID, isClean, cleanBrokerEpoch: -1, failure: null }],
      placed: new Map([
        ['t-0', 0],
        ['t-1', 0],
      ]),
    };
    return new FoundLogs(ports, directories as DataDirectories);
  };
  return { machine: one, log, found };
}

test('what the checkpoints say of a log that was found, 0 where they say nothing', () => {
  const { found } = machine();
  const logs = found();
  assert.deepEqual(logs.take('t-0'), {
    directory: 0,
    recoveryPoint: 70,
    logStartOffset: 30,
    highWatermark: 0,
    needsRecovery: false,
  });
  assert.equal(logs.take('t-1')?.recoveryPoint, 0);
  assert.equal(found(false).take('t-0')?.needsRecovery, true);
});

test('a partition made anew under an old name begins with nothing', () => {
  const logs = machine().found();
  assert.notEqual(logs.take('t-0'), null);
  assert.equal(logs.take('t-0'), null);
  assert.equal(logs.take('never-0'), null);
});

test('row 15: a damaged checkpoint is one line and no recovery point, never a log that is refused', () => {
  const name = '/data/recovery-point-offset-checkpoint';
  const whole = machine().machine.contents(name);
  const text = new TextDecoder().decode(whole);
  const damages = [
    new Uint8Array(0),
    ...Array.from({ length: whole.length }, (_, length) => whole.slice(0, length)),
    new TextEncoder().encode(text.replace('0\n', '9\n')),
    new TextEncoder().encode(text.replace('t 0', 't 0 0')),
    new TextEncoder().encode(text.replace('70', '7x')),
  ];
  for (const bytes of damages) {
    const { machine: one, log, found } = machine();
    one.put(name, bytes);
    const logs = found();
    assert.deepEqual([logs.take('t-0')?.recoveryPoint, log.lines.length], [0, 1]);
  }
});
