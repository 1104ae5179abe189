// test/kafka/support/javaTool.ts: Kafka's own command line tools: a client that is not ours, and the administration node-rdkafka lacks.
import { execFile } from 'node:child_process';

const TOOL_HEAP_MIB = 128;
const TOOL_TIMEOUT_MS = 60_000;

/** Flags of a short-lived or a small JVM: quick to start, one thread for the garbage, warnings on stderr. */
export function javaFlags(jars: string, heapMiB = TOOL_HEAP_MIB): string[] {
  const log = ['-Dorg.slf4j.simpleLogger.defaultLogLevel=warn', '-Dorg.slf4j.simpleLogger.showDateTime=true'];
  return [`-Xmx${heapMiB}m`, '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', ...log, '-cp', `${jars}/*`];
}

/** The tools by what the scripts in Kafka's bin/ call them. */
const TOOLS = {
  'kafka-configs': 'kafka.admin.ConfigCommand',
  'kafka-console-consumer': 'org.apache.kafka.tools.consumer.ConsoleConsumer',
  'kafka-console-producer': 'org.apache.kafka.tools.ConsoleProducer',
  'kafka-delete-records': 'org.apache.kafka.tools.DeleteRecordsCommand',
  'kafka-topics': 'org.apache.kafka.tools.TopicCommand',
  'kafka-leader-election': 'org.apache.kafka.tools.LeaderElectionCommand',
  'kafka-reassign-partitions': 'org.apache.kafka.tools.reassign.ReassignPartitionsCommand',
};

/** Runs a tool with `input` on its standard input; resolves with what it wrote to standard output. Rejects with its complaint when it fails. */
export function runTool(jars: string, tool: keyof typeof TOOLS, args: readonly string[], input = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    const command = [...javaFlags(jars), TOOLS[tool], ...args];
    const child = execFile('java', command, { timeout: TOOL_TIMEOUT_MS }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${tool} ${args.join(' ')}: ${complaintIn(stdout + stderr)}`));
    });
    child.stdin?.end(input);
  });
}

/** The first lines: behind them, all its options may follow. */
function complaintIn(output: string): string {
  return output.split('\n').slice(0, 3).join('\n');
}
