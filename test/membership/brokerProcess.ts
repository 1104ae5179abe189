// test/membership/brokerProcess.ts: an embedded broker in a process of its own, so that a test can stop it (SIGSTOP) and let it go on.
// Sends its addresses to the parent; ends when the parent does.
import { startEmbeddedBroker } from '../../host/membership/sources/embeddedBroker.js';

const broker = await startEmbeddedBroker({ topics: process.argv.slice(2) });
process.on('disconnect', () => process.exit(0));
process.send?.(broker.brokers);
