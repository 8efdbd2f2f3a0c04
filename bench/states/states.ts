/** The rows that ask what a broker is: at rest, with idle connections, with many partitions, at its start. */
import { connect, type Socket } from 'node:net';
import type { GeneratorProcess } from '../load/client.ts';
import { apiVersionsFrame, metadataFrame } from '../load/frames.ts';
import { exchange, type BrokerAddress } from '../load/session.ts';
import { cpuSecondsBetween, NO_CPU, readProcessCpu, readResidentMemory } from '../measure/proc_stat.ts';
import type { LoadRow, StateRow } from '../rows.ts';
import { BrokerTarget } from '../targets.ts';
import { makeAndWritePartitions } from './partitions.ts';
import { BuiltSubject, settledMemory, sleep, type RunningBroker, type Subject } from './subject.ts';

const MIB = 2 ** 20;
const REST_SECONDS = 5;
/** After the start: what it left for later is done by then. */
const REST_AFTER_MS = 2000;
const CONNECT_TOGETHER = 100;
const LOADED_SECONDS = 0.5;

/** A value by the name of a figure and its unit; less is better. */
export type Told = readonly { readonly name: string; readonly unit: string; readonly value: number }[];

/** One repetition. An empty answer: this subject cannot tell. */
export function measureState(
  row: StateRow,
  subject: Subject,
  loads: readonly LoadRow[],
  generator: GeneratorProcess,
): Promise<Told> {
  switch (row.state) {
    case 'rest':
      return subject.use(atRest);
    case 'idle-connections':
      return subject.use((broker) => withIdleConnections(broker, row.count));
    case 'start':
      return subject instanceof BuiltSubject ? start(subject) : Promise.resolve([]);
    case 'partitions':
      return subject.use((broker) => withPartitions(subject, broker, row.count));
    case 'loaded':
      return subject.use((broker) => afterLoads(subject, broker, loads, generator));
  }
}

async function atRest({ pid }: RunningBroker): Promise<Told> {
  await sleep(REST_AFTER_MS);
  const before = readProcessCpu(pid);
  await sleep(REST_SECONDS * 1000);
  const cpu = cpuSecondsBetween(before, readProcessCpu(pid));
  return [
    { name: 'CPU', unit: '% of a core', value: (cpu / REST_SECONDS) * 100 },
    { name: 'resident memory', unit: 'MiB', value: (await settledMemory(pid)) / MIB },
  ];
}

async function withIdleConnections({ address, pid }: RunningBroker, count: number): Promise<Told> {
  // What the first connections need is there from then on.
  for (const socket of await openIdle(address, CONNECT_TOGETHER)) socket.destroy();
  const before = await settledMemory(pid);
  const sockets = await openIdle(address, count);
  const after = await settledMemory(pid);
  for (const socket of sockets) socket.destroy();
  return [
    { name: 'for each connection', unit: 'KiB', value: Math.max(0, after - before) / 1024 / count },
    { name: 'resident memory', unit: 'MiB', value: after / MIB },
  ];
}

/** Connections that have asked for the versions once, as any client's. */
async function openIdle(address: BrokerAddress, count: number): Promise<Socket[]> {
  const sockets: Socket[] = [];
  const hello = apiVersionsFrame(0);
  while (sockets.length < count) {
    const wave = Array.from(
      { length: Math.min(CONNECT_TOGETHER, count - sockets.length) },
      () =>
        new Promise<Socket>((resolve, reject) => {
          const socket = connect({ ...address, noDelay: true });
          socket.once('error', reject);
          socket.once('connect', () => socket.write(hello));
          socket.once('data', () => resolve(socket));
        }),
    );
    sockets.push(...(await Promise.all(wave)));
  }
  return sockets;
}

/** From the start of the process to the first answered Metadata. */
async function start(subject: BuiltSubject): Promise<Told> {
  const first = await subject.start();
  await first.end();
  const startMs = performance.now();
  const own = await subject.start(undefined, first.dataDirectory);
  await exchange({ host: '127.0.0.1', port: own.port }, metadataFrame(0, 'nothing'));
  const took = performance.now() - startMs;
  const cpu = cpuSecondsBetween(NO_CPU, readProcessCpu(own.pid));
  await own.stop();
  return [
    { name: 'to the first Metadata', unit: 'ms', value: took },
    { name: 'CPU', unit: 'ms', value: cpu * 1000 },
  ];
}

async function withPartitions(subject: Subject, broker: RunningBroker, count: number): Promise<Told> {
  const memoryBefore = await settledMemory(broker.pid);
  const cpuBefore = readProcessCpu(broker.pid);
  const { createdMs, writtenMs, remove } = await makeAndWritePartitions(broker.address, count);
  const cpu = cpuSecondsBetween(cpuBefore, readProcessCpu(broker.pid));
  const memory = (await settledMemory(broker.pid)) - memoryBefore;
  const told = [
    { name: 'creation', unit: 's', value: createdMs / 1000 },
    { name: 'creation and one write to each', unit: 's', value: (createdMs + writtenMs) / 1000 },
    { name: 'CPU of both', unit: 's', value: cpu },
    { name: 'memory more', unit: 'MiB', value: Math.max(0, memory) / MIB },
  ];
  if (!(subject instanceof BuiltSubject) || broker.own === null) {
    await remove();
    return told;
  }
  await broker.own.end();
  const startMs = performance.now();
  const again = await subject.start(undefined, broker.own.dataDirectory);
  await exchange({ host: '127.0.0.1', port: again.port }, metadataFrame(0, 'nothing'));
  const took = performance.now() - startMs;
  await again.end();
  return [...told, { name: 'start with them', unit: 'ms', value: took }];
}

/** Every load for a moment over the same broker. */
async function afterLoads(
  subject: Subject,
  { address, pid }: RunningBroker,
  loads: readonly LoadRow[],
  generator: GeneratorProcess,
): Promise<Told> {
  const target = await BrokerTarget.reach(subject.name, address, pid);
  for (const row of loads) {
    await target.open(row, generator);
    const requests = Math.ceil((128 * MIB) / row.batchBytes);
    await generator.run({ seconds: LOADED_SECONDS, requests, watch: [] });
    await generator.closeConnections();
    await target.close();
  }
  const memory = await settledMemory(pid);
  await target.end();
  return [{ name: 'resident memory', unit: 'MiB', value: Math.min(memory, readResidentMemory(pid)) / MIB }];
}
