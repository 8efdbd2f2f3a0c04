/** Apache Kafka's command line tools, run in one Java machine each after the other (`foreign/KafkaTools.java`). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BrokerProcess, brokerKind, type BrokerOptions } from '../processes/broker_process.ts';
import { freePort } from '../processes/kafka_process.ts';
import { ForeignProcess } from './foreign_process.ts';
import { javaOptions, runTool, type ToolOptions, type ToolRun } from './runtimes.ts';

/** The classes behind the scripts in Kafka's bin directory. */
const classes = {
  'kafka-broker-api-versions': 'org.apache.kafka.tools.BrokerApiVersionsCommand',
  'kafka-client-metrics': 'org.apache.kafka.tools.ClientMetricsCommand',
  'kafka-cluster': 'org.apache.kafka.tools.ClusterTool',
  'kafka-configs': 'kafka.admin.ConfigCommand',
  'kafka-console-consumer': 'org.apache.kafka.tools.consumer.ConsoleConsumer',
  'kafka-console-producer': 'org.apache.kafka.tools.ConsoleProducer',
  'kafka-delete-records': 'org.apache.kafka.tools.DeleteRecordsCommand',
  'kafka-dump-log': 'org.apache.kafka.tools.DumpLogSegments',
  'kafka-features': 'org.apache.kafka.tools.FeatureCommand',
  'kafka-get-offsets': 'org.apache.kafka.tools.GetOffsetShell',
  'kafka-log-dirs': 'org.apache.kafka.tools.LogDirsCommand',
  'kafka-metadata-quorum': 'org.apache.kafka.tools.MetadataQuorumCommand',
  'kafka-producer-perf-test': 'org.apache.kafka.tools.ProducerPerformance',
  'kafka-replica-verification': 'org.apache.kafka.tools.ReplicaVerificationTool',
  'kafka-storage': 'kafka.tools.StorageTool',
  'kafka-topics': 'org.apache.kafka.tools.TopicCommand',
  'kafka-transactions': 'org.apache.kafka.tools.TransactionsCommand',
  'kafka-verifiable-producer': 'org.apache.kafka.tools.VerifiableProducer',
} as const;

export type KafkaTool = keyof typeof classes;

export class KafkaTools implements AsyncDisposable {
  /** Put before the arguments of each call, `--bootstrap-server` of the broker of the test. */
  bootstrap: readonly string[] = [];
  readonly #machine = new ForeignProcess('java', [
    ...javaOptions,
    join(import.meta.dirname, 'foreign/KafkaTools.java'),
  ]);

  /** Runs a tool against the broker of the test; it must succeed. Returns its output. */
  async run(tool: KafkaTool, ...toolArguments: readonly string[]): Promise<string> {
    return this.#succeed(tool, [...this.bootstrap, ...toolArguments]);
  }

  /** As `run`, with something on the tool's standard input. */
  async feed(tool: KafkaTool, input: string, ...toolArguments: readonly string[]): Promise<string> {
    return this.#succeed(tool, [...this.bootstrap, ...toolArguments], input);
  }

  /** As `run`, without the address of the broker: it is among the arguments, or not needed. */
  async runBare(tool: KafkaTool, ...toolArguments: readonly string[]): Promise<string> {
    return this.#succeed(tool, toolArguments);
  }

  /** Runs a tool that must fail. Returns all that it says. */
  async fail(tool: KafkaTool, ...toolArguments: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.#call(tool, [...this.bootstrap, ...toolArguments]);
    if (code === 0) throw new Error(`${tool} ${toolArguments.join(' ')} succeeded:\n${stdout}${stderr}`);
    return stdout + stderr;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#machine[Symbol.asyncDispose]();
  }

  async #succeed(tool: KafkaTool, toolArguments: readonly string[], input = ''): Promise<string> {
    const { code, stdout, stderr } = await this.#call(tool, toolArguments, input);
    if (code !== 0) throw new Error(`${tool} ${toolArguments.join(' ')} ended with ${code}:\n${stdout}${stderr}`);
    return stdout;
  }

  async #call(tool: KafkaTool, toolArguments: readonly string[], input = ''): Promise<ToolRun> {
    return (await this.#machine.order({ tool: classes[tool], arguments: toolArguments, input })) as ToolRun;
  }
}

/** Runs a tool in a Java machine of its own: one whose last words come when that ends. */
export async function runKafkaTool(
  tool: KafkaTool,
  toolArguments: readonly string[],
  options: ToolOptions = {},
): Promise<ToolRun> {
  return runTool('java', [...javaOptions, classes[tool], ...toolArguments], options);
}

/** A broker that has a listener for controllers too, on another port. */
export async function startWithController(options: BrokerOptions = {}): Promise<BrokerProcess> {
  // Apache Kafka always has one.
  if (brokerKind === 'kafka') return BrokerProcess.start(options);
  // Voters are written down before ports are bound.
  const listeners = `PLAINTEXT://127.0.0.1:0,CONTROLLER://127.0.0.1:${await freePort()}`;
  const overrides = { listeners, 'controller.listener.names': 'CONTROLLER', ...options.overrides };
  return BrokerProcess.start({ ...options, overrides });
}

export function controllerAddress(broker: BrokerProcess): string {
  const said =
    brokerKind === 'kafka' ? readFileSync(join(broker.dataDirectory, 'server.properties'), 'utf8') : broker.output;
  const found = /CONTROLLER:\/\/(127\.0\.0\.1:\d+)/.exec(said) ?? /(127\.0\.0\.1:\d+) \(CONTROLLER\)/.exec(said);
  if (found === null) throw new Error(`no controller's listener in:\n${said}`);
  return found[1] as string;
}

/** The lines of an output that say something, without the spaces around them. */
export const linesOf = (output: string): string[] =>
  output
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
