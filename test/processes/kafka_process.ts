/**
 * Apache Kafka in the broker's place, one node in combined mode on loopback, formatted when its directory is new.
 * Needs Java, and the jars that
 * `test/clients/prepare.sh` fetches.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

export interface LaunchCommand {
  readonly program: string;
  readonly arguments: readonly string[];
  readonly directory?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

const clusterId = 'bWlsbHJhY2UtdGVzdC0wMQ';
const loggingSettings = `
appender.console.type=Console
appender.console.name=console
appender.console.layout.type=PatternLayout
appender.console.layout.pattern=%p %m (%c{1})%n%throwable{short}
rootLogger.level=INFO
rootLogger.appenderRef.console.ref=console
`;

export async function kafkaCommand(
  dataDirectory: string,
  overrides: Readonly<Record<string, string | number | boolean>>,
): Promise<{ readonly command: LaunchCommand; readonly port: number }> {
  const libraries = join(process.env['MILLRACE_CLIENTS'] ?? '/tmp/millrace-clients', 'kafka');
  if (!existsSync(libraries)) throw new Error(`no jars of Apache Kafka in ${libraries}: run test/clients/prepare.sh`);
  const port = await freePort();
  const controllerPort = await freePort();
  const settings = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.bootstrap.servers': `127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': join(dataDirectory, 'logs'),
    'num.partitions': 1,
    'offsets.topic.num.partitions': 1,
    'offsets.topic.replication.factor': 1,
    'group.initial.rebalance.delay.ms': 0,
    // Records of the tests are years old: half a minute after its start Apache Kafka would begin to remove them.
    'log.initial.task.delay.ms': 86_400_000,
    ...overrides,
  };
  mkdirSync(dataDirectory, { recursive: true });
  const settingsFile = join(dataDirectory, 'server.properties');
  const loggingFile = join(dataDirectory, 'log4j2.properties');
  const lines = Object.entries(settings).map(([key, value]) => `${key}=${value}\n`);
  writeFileSync(settingsFile, lines.join(''));
  writeFileSync(loggingFile, loggingSettings);
  const java = ['-Xmx4g', `-Dlog4j2.configurationFile=${loggingFile}`, '-cp', `${libraries}/*`];
  if (!existsSync(join(dataDirectory, 'logs', 'meta.properties'))) {
    const format = [...java, 'kafka.tools.StorageTool', 'format', '--standalone', '-t', clusterId, '-c', settingsFile];
    const { status, stdout, stderr } = spawnSync('java', format, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`formatting failed: ${stdout}${stderr}`);
  }
  return {
    command: { program: 'java', arguments: [...java, 'kafka.Kafka', settingsFile], directory: dataDirectory },
    port,
  };
}

const firstPort = 39_092;
let nextPort = firstPort + 2 * (process.pid % 1_000);

/** A controller must know its port before it starts, so the kernel cannot choose: the next that nobody holds. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = nextPort++;
    const server = createServer();
    const { promise, resolve } = Promise.withResolvers<boolean>();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
    if (await promise) return port;
  }
}
