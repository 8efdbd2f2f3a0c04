import assert from 'node:assert/strict';
import { test } from 'node:test';
import { uuidOfWords, ZERO_UUID } from '../../src/base/uuid.ts';
import type { ControlPorts } from '../../src/control/control_ports.ts';
import { FoundLogs } from '../../src/control/found_logs.ts';
import { writeOffsetCheckpoint } from '../../src/log/checkpoint_file.ts';
import type { DataDirectories, PlacedLog } from '../../src/storage/data_directories.ts';
import { LogMachine } from '../log/log_machine.ts';
import { simKernels } from '../simulation/sim_kernels.ts';
import { SimLog } from '../simulation/sim_log.ts';

type Placed = readonly (readonly [string, readonly PlacedLog[]])[];
const TOPIC = uuidOfWords(0, 0, 0, 7);
const OTHER = uuidOfWords(0, 0, 0, 8);

function machine(): { machine: LogMachine; log: SimLog; found: (isClean?: boolean, more?: Placed) => FoundLogs } {
  const one = new LogMachine(3);
  const { disk } = one;
  const log = new SimLog(one.world, 'node');
  const write = (name: 'recovery-point-offset-checkpoint' | 'log-start-offset-checkpoint', offset: number): void => {
    assert.equal(writeOffsetCheckpoint(disk, simKernels, '/data', name, new Map([['t-0', offset]])), null);
  };
  write('recovery-point-offset-checkpoint', 70);
  write('log-start-offset-checkpoint', 30);
  const found = (isClean = true, more: Placed = []): FoundLogs => {
    const ports = { disk, kernels: simKernels, log } as unknown as ControlPorts;
    const directories: Partial<DataDirectories> = {
      all: [{ path: '/data', id: ZERO_UUID, isClean, cleanBrokerEpoch: -1, failure: null }],
      placed: new Map([
        ['t-0', [{ directory: 0, topicId: null }]],
        ['t-1', [{ directory: 0, topicId: null }]],
        ...more,
      ]),
    };
    return new FoundLogs(ports, directories as DataDirectories);
  };
  return { machine: one, log, found };
}

test('what the checkpoints say of a log that was found, 0 where they say nothing', () => {
  const { found } = machine();
  const logs = found();
  assert.deepEqual(logs.take('t-0', TOPIC), {
    directory: 0,
    topicId: null,
    recoveryPoint: 70,
    logStartOffset: 30,
    highWatermark: 0,
    needsRecovery: false,
  });
  assert.equal(logs.take('t-1', TOPIC)?.recoveryPoint, 0);
  assert.equal(found(false).take('t-0', TOPIC)?.needsRecovery, true);
});

test('a partition made anew under an old name begins with nothing', () => {
  const logs = machine().found();
  assert.notEqual(logs.take('t-0', TOPIC), null);
  assert.equal(logs.take('t-0', TOPIC), null);
  assert.equal(logs.take('never-0', TOPIC), null);
});

test('of two logs of one name a topic gets its own, and the other is left', () => {
  const placed = [TOPIC, OTHER].map((topicId) => ({ directory: 0, topicId }));
  for (const [topicId, left] of [
    [TOPIC, OTHER],
    [OTHER, TOPIC],
  ] as const) {
    const logs = machine().found(true, [['n-0', placed]]);
    assert.equal(logs.take('n-0', topicId)?.topicId, topicId);
    const unknown = logs.takeUnknown().filter(([name]) => name === 'n-0');
    assert.deepEqual(
      unknown.map(([, log]) => log.topicId),
      [left],
    );
  }
  const logs = machine().found(true, [['n-0', placed]]);
  assert.equal(logs.take('n-0', uuidOfWords(9, 9, 9, 9)), null);
});

test('while the metadata is read, a topic that was deleted gives back its log, and its namesake takes the other', () => {
  const logs = machine().found(true, [['n-0', [TOPIC, OTHER].map((topicId) => ({ directory: 0, topicId }))]]);
  assert.equal(logs.take('n-0', TOPIC)?.topicId, TOPIC);
  assert.equal(logs.giveBack('n-0'), true);
  assert.equal(logs.take('n-0', OTHER)?.topicId, OTHER);
  assert.deepEqual(
    logs
      .takeUnknown()
      .filter(([name]) => name === 'n-0')
      .map(([, log]) => log.topicId),
    [TOPIC],
  );
});

test('of two logs of one name, one that does not say its topic is taken where the other is of another one', () => {
  const placed = [OTHER, null].map((topicId) => ({ directory: 0, topicId }));
  assert.equal(
    machine()
      .found(true, [['n-0', placed]])
      .take('n-0', TOPIC)?.topicId,
    null,
  );
});

test('row 15: a damaged checkpoint is one line and no recovery point, never a log that is refused', () => {
  const name = '/data/recovery-point-offset-checkpoint';
  const whole = machine().machine.contents(name);
  const text = new TextDecoder().decode(whole);
  const damages = [
    ...Array.from({ length: whole.length - 1 }, (_, length) => whole.slice(0, length + 1)),
    new TextEncoder().encode(text.replace('0\n', '9\n')),
    new TextEncoder().encode(text.replace('t 0', 't 0 0')),
    new TextEncoder().encode(text.replace('70', '7x')),
  ];
  for (const bytes of damages) {
    const { machine: one, log, found } = machine();
    one.put(name, bytes);
    const logs = found();
    assert.deepEqual([logs.take('t-0', TOPIC)?.recoveryPoint, log.lines.length], [0, 1]);
  }
});
