// host/fleet/fleetTopic.ts: reads a status topic: once, or for as long as one likes.
import { MaglevError } from '../errors.js';
import { checkTopicOptions, readTopic, type TopicOptions } from '../membership/sources/kafkaTopic.js';
import { FleetReader, type FleetView } from './view.js';

/** A fleet as it was read, and whether the brokers answer. */
export type FleetEvent = { view: FleetView; away?: string };

const READ_TIMEOUT_MS = 10_000;

/**
 * What the balancers of a fleet say of themselves now. Rejects with ERR_BROKER when the topic cannot be read within `timeoutMs`
 * (default 10000), ERR_OPTION for an option that cannot be, ERR_MISSING without node-rdkafka.
 */
export async function readFleet(options: TopicOptions, timeoutMs: number = READ_TIMEOUT_MS): Promise<FleetView> {
  let reason = 'no answer yet';
  for await (const { view, away } of followFleet(options, AbortSignal.timeout(timeoutMs))) {
    if (away === undefined) return view;
    reason = away;
  }
  const what = `status topic ${options.topic} could not be read within ${timeoutMs} ms`;
  throw new MaglevError('ERR_BROKER', `${what}: ${reason}`);
}

/** The fleet each time that something is new, first when all that is there has been read; until `signal` is aborted. */
export async function* followFleet(options: TopicOptions, signal: AbortSignal): AsyncGenerator<FleetEvent, void, void> {
  checkTopicOptions(options);
  const reader = new FleetReader();
  let isCaughtUp = false;
  for await (const event of readTopic(options, signal)) {
    if (event.type === 'messages') for (const message of event.messages) reader.take(message);
    if (event.type === 'caughtUp') isCaughtUp = true;
    if (event.type === 'restart') {
      reader.clear();
      isCaughtUp = false;
    }
    if (event.type === 'away') yield { view: reader.view(), away: event.reason };
    else if (isCaughtUp) yield { view: reader.view() };
  }
}
