// test/kafka/support/jars.ts: where the jars of Apache Kafka are; scripts/kafkaJars.mjs fetches them when they are not here.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('../../../../scripts/kafkaJars.mjs', import.meta.url));

/** The folder of the jars, or why there is none (no JDK, no Maven, no way to Maven Central). */
export function kafkaJars(): { folder: string; reason?: never } | { folder?: never; reason: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT], { encoding: 'utf8' });
  return status === 0 ? { folder: stdout.trim() } : { reason: stderr.trim().split('\n').at(-1) || 'no jars of Kafka' };
}
