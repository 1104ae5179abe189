// A broker with the topics of a fleet, in the balancers' network namespace; ends with its parent.
import { readConfig, report } from '../../../host/demo/programs/parent.js';
import { startEmbeddedBroker } from '../../../host/membership/sources/embeddedBroker.js';

/** What it is started with. */
interface FleetBrokerConfig {
  topics: string[];
}

/** It tells where it listens. */
export type FleetBrokerReport = { type: 'ready'; brokers: string[] };

const { brokers } = await startEmbeddedBroker(readConfig<FleetBrokerConfig>());
process.on('disconnect', () => process.exit(0));
report<FleetBrokerReport>({ type: 'ready', brokers });
