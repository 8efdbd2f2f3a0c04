/** `node bench/load/main.ts produce|catch-up|tail|both|paced --broker HOST:PORT …`: one load of one's own choosing; prints JSON. */
import { parseArgs } from 'node:util';
import { GeneratorProcess } from './client.ts';
import type { LoadJob } from './job.ts';
import { createTopic, deleteTopic, negotiate } from './session.ts';

const USAGE = `node bench/load/main.ts produce|catch-up|tail|both|paced --broker HOST:PORT [options]
  --pid PID            counts the broker's CPU time
  --seconds N (2)      or --requests N: a fixed count, dealt out to the connections in turn
  --batch-bytes N (16384)  --record-bytes N (100)
  --connections N (4)  --in-flight N (5)  --partitions N (4)  --acks -1|0|1 (-1)
  --compression none|lz4|zstd (none)  --rate N (2000): messages in a second, for paced
  --fetch-bytes N (1048576)  --partition-bytes N (67108864): for catch-up and both, what each partition is filled with
  --warm-up N (0.3)    seconds before`;

const number = (value: string) => ({ type: 'string', default: value }) as const;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    broker: { type: 'string' },
    pid: { type: 'string' },
    requests: { type: 'string' },
    seconds: number('2'),
    'batch-bytes': number('16384'),
    'record-bytes': number('100'),
    connections: number('4'),
    'in-flight': number('5'),
    partitions: number('4'),
    acks: number('-1'),
    'fetch-bytes': number('1048576'),
    'partition-bytes': number('67108864'),
    'warm-up': number('0.3'),
    compression: number('none'),
    rate: number('2000'),
  },
});

const workload = positionals[0];
const WORKLOADS: readonly string[] = ['produce', 'catch-up', 'tail', 'both', 'paced'];
if (workload === undefined || !WORKLOADS.includes(workload) || options.broker === undefined) {
  console.error(USAGE);
  process.exitCode = 64;
} else await load(workload as LoadJob['workload'], options.broker);

async function load(kind: LoadJob['workload'], broker: string): Promise<void> {
  const colon = broker.lastIndexOf(':');
  const address = { host: broker.slice(0, colon), port: Number(broker.slice(colon + 1)) };
  const versions = await negotiate(address);
  const partitions = Number(options.partitions);
  const name = `load-${process.pid}-${Date.now()}`;
  const topic = await createTopic(address, name, partitions);
  const batchBytes = Number(options['batch-bytes']);
  const job: LoadJob = {
    ...address,
    workload: kind,
    topic: { name, idHex: Buffer.from(topic.id).toString('hex') },
    partitions,
    produceVersion: versions.produce,
    fetchVersion: versions.fetch,
    connections: Number(options.connections),
    inFlight: Number(options['in-flight']),
    acks: Number(options.acks),
    batchBytes,
    recordBytes: Number(options['record-bytes']),
    compression: options.compression as LoadJob['compression'],
    rate: Number(options.rate),
    fetchBytes: Number(options['fetch-bytes']),
    batchesPerPartition: Math.floor(Number(options['partition-bytes']) / batchBytes),
  };
  const generator = new GeneratorProcess();
  try {
    if (kind === 'catch-up' || kind === 'both') {
      await generator.prepare({ ...job, workload: 'produce', connections: 1, inFlight: partitions, acks: -1 });
      await generator.run({ seconds: 300, requests: partitions * job.batchesPerPartition, watch: [] });
    }
    await generator.prepare(job);
    const watch = options.pid === undefined ? [] : [Number(options.pid)];
    const unbounded = Number.MAX_SAFE_INTEGER;
    const warmUp = Number(options['warm-up']);
    if (warmUp > 0) await generator.run({ seconds: warmUp, requests: unbounded, watch });
    const bounds =
      options.requests === undefined
        ? { seconds: Number(options.seconds), requests: unbounded }
        : { seconds: 300, requests: Number(options.requests) };
    console.log(JSON.stringify(await generator.run({ ...bounds, watch }), null, 1));
    await generator.closeConnections();
  } finally {
    generator.end();
    if (versions.deletesTopics) await deleteTopic(address, name);
  }
}
