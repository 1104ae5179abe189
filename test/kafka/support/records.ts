// test/kafka/support/records.ts: one VIP and its backends, as entries of a topic and as the changes a source makes of them; and a topic of
// a case's own with what publishes to it and follows it.
import type { Change } from '../../../host/membership/event.js';
import {
  createPublisher,
  type KafkaSourceOptions,
  kafkaSource,
  type TopicEntry,
} from '../../../host/membership/sources/kafka.js';
import { changesTold, Listener } from '../../membership/support.js';
import type { TestKafka } from './testKafka.js';
import type { TopicSettings } from './topics.js';

export const WEB = 'tcp/192.0.2.80:80';
export const WEB_ENTRY: TopicEntry = { key: WEB, value: '{"v":1,"address":"192.0.2.80","protocol":"tcp","port":80}' };
export const WEB_PUT: Change = { put: { address: '192.0.2.80', protocol: 'tcp', port: 80 } };

export function entry(host: number, extra: object = {}): TopicEntry {
  const address = `10.0.1.${host}`;
  return { key: `${WEB}/${address}`, value: JSON.stringify({ v: 1, vip: WEB, address, ...extra }) };
}

export function tombstone(host: number): TopicEntry {
  return { key: `${WEB}/10.0.1.${host}`, value: null };
}

export function put(host: number, extra: object = {}): Change {
  return { put: { vip: WEB, address: `10.0.1.${host}`, ...extra } };
}

export function remove(host: number): Change {
  return { remove: `${WEB}/10.0.1.${host}` };
}

/** Changes in an order of their own. */
export function byText(changes: readonly Change[]): string[] {
  return changes.map((change) => JSON.stringify(change)).sort();
}

/** What stands after `changes`: of each key the last one. */
export function standing(changes: readonly Change[]): string[] {
  const last = new Map<string, Change>();
  for (const change of changes) {
    const key =
      'remove' in change ? change.remove : 'vip' in change.put ? `${change.put.vip}/${change.put.address}` : WEB;
    last.set(key, change);
  }
  return byText([...last.values()].filter((change) => 'put' in change));
}

/** A topic of a case's own. */
interface TopicSetting {
  topic: string;
  publish(entries: readonly TopicEntry[]): Promise<void>;
  /** Follows the topic until the case ends; looks every 200 ms unless told otherwise. */
  listen(options?: Partial<KafkaSourceOptions>): Listener;
}

/** Runs `body` with a topic, and ends what it began. */
export async function withTopic(
  kafka: TestKafka,
  signal: AbortSignal,
  settings: TopicSettings,
  body: (setting: TopicSetting) => Promise<void>,
): Promise<void> {
  const topic = await kafka.createTopic('reader', settings);
  const listeners: Listener[] = [];
  const listen: TopicSetting['listen'] = (options = {}) => {
    const source = kafkaSource({ brokers: kafka.brokers, topic, refreshMs: 200, ...options });
    const listener = new Listener(source, signal);
    listeners.push(listener);
    return listener;
  };
  const publish: TopicSetting['publish'] = async (entries) => {
    const publisher = await createPublisher({ brokers: kafka.brokers, topic, timeoutMs: 30_000 });
    await publisher.publish(entries).finally(() => publisher.close());
  };
  try {
    await body({ topic, publish, listen });
  } finally {
    for (const listener of listeners) await listener.end().catch(() => {}); // its failure is the case's
  }
}

/** Waits until what the source has told amounts to `changes`. */
export async function untilStanding(
  listener: Listener,
  changes: readonly Change[],
  signal: AbortSignal,
): Promise<void> {
  const wanted = byText(changes).join('\n');
  while (standing(changesTold(listener)).join('\n') !== wanted) {
    signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
