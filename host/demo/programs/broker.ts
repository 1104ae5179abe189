// host/demo/programs/broker.ts: an embedded Kafka-protocol broker, and the publisher beside it: both have to be in the balancer's
// namespace, since the broker listens on 127.0.0.1 there.
import type { Change } from '../../membership/event.js';
import { formatRefusal } from '../../membership/refusal.js';
import { startEmbeddedBroker } from '../../membership/sources/embeddedBroker.js';
import { createPublisher, type TopicEntry } from '../../membership/sources/publisher.js';
import { isRefusal, readChange, topicValue } from '../../membership/validate.js';
import { onCommand, readConfig, report } from './parent.js';

/** What the broker is started with. */
export interface BrokerConfig {
  topic: string;
}

/** It tells where it listens, and what it has published, by number. */
export type BrokerReport = { type: 'ready'; brokers: string[] } | { type: 'published'; number: number };

/** Publish these records; `published` with the same number answers. */
export type BrokerCommand = { type: 'publish'; number: number; changes: Change[] };

const { topic } = readConfig<BrokerConfig>();
const { brokers } = await startEmbeddedBroker({ topics: [topic] });
const publisher = await createPublisher({ brokers, topic });

/** The topic's words for a change: the last value of a key is the truth. */
function entryOf(change: Change): TopicEntry {
  const step = readChange(change, { where: 'a record of the demo', ignored: 'changes' }, 'strict');
  if (isRefusal(step)) throw new Error(formatRefusal(step));
  return { key: step.key, value: topicValue(step) };
}

async function publish({ number, changes }: BrokerCommand): Promise<void> {
  await publisher.publish(changes.map(entryOf));
  report<BrokerReport>({ type: 'published', number });
}

// A record that cannot be published ends this process with the reason on stderr, which the parent shows.
onCommand<BrokerCommand>((command) => void publish(command));
report<BrokerReport>({ type: 'ready', brokers });
