/**
 * Apache Kafka as another broker to hold beside this one, from the jars of an unpacked release: one node that is controller
 * and broker, in a temporary directory, with a heap of 1 GiB as its own scripts give it.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { negotiate } from './load/session.ts';

const START_LIMIT_MS = 90_000;
const CLUSTER_ID = 'bWlsbHJhY2UtYmVuY2gtMQ';
/** As Kafka's start script: G1, and no more than that. */
const JVM_OPTIONS = ['-Xmx1G', '-Xms1G', '-server', '-XX:+UseG1GC', '-XX:MaxGCPauseMillis=20'];

export class KafkaProcess {
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(port: number, child: ChildProcess) {
    this.port = port;
    this.#child = child;
    const kill = () => child.kill('SIGKILL');
    process.once('exit', kill);
    child.once('exit', () => process.off('exit', kill));
  }

  /** `home` is the unpacked release, or the folder of its jars. */
  static async start(home: string, parent: string): Promise<KafkaProcess> {
    const jars = existsSync(join(home, 'libs')) ? join(home, 'libs') : home;
    const directory = mkdtempSync(join(parent, 'kafka-'));
    const [port, controllerPort] = [await freePort(), await freePort()];
    const properties = join(directory, 'server.properties');
    writeFileSync(properties, configuration(directory, port, controllerPort));
    const classPath = ['-cp', `${jars}/*`];
    const format = ['format', '--cluster-id', CLUSTER_ID, '--config', properties];
    execFileSync('java', [...classPath, 'kafka.tools.StorageTool', ...format], { stdio: 'ignore' });
    const child = spawn('java', [...JVM_OPTIONS, ...classPath, 'kafka.Kafka', properties], { stdio: 'ignore' });
    const kafka = new KafkaProcess(port, child);
    await kafka.#answering();
    return kafka;
  }

  get pid(): number {
    return this.#child.pid!;
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await ended;
  }

  async #answering(): Promise<void> {
    const untilMs = performance.now() + START_LIMIT_MS;
    for (;;) {
      try {
        await negotiate({ host: '127.0.0.1', port: this.port });
        return;
      } catch (error) {
        if (performance.now() > untilMs || this.#child.exitCode !== null) {
          await this.end();
          throw new Error(`Apache Kafka does not answer: ${(error as Error).message}`, { cause: error });
        }
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }
  }
}

function configuration(directory: string, port: number, controllerPort: number): string {
  return [
    'process.roles=broker,controller',
    'node.id=1',
    `controller.quorum.voters=1@127.0.0.1:${controllerPort}`,
    `listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    `advertised.listeners=PLAINTEXT://127.0.0.1:${port}`,
    'controller.listener.names=CONTROLLER',
    'listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    `log.dirs=${join(directory, 'data')}`,
    'offsets.topic.replication.factor=1',
    'group.initial.rebalance.delay.ms=0',
    'message.max.bytes=16777216',
    'log.segment.delete.delay.ms=1',
    '',
  ].join('\n');
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
