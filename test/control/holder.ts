// test/control/holder.ts: a process that has a control socket, to be killed.
import { serveControl } from '../../host/control/server.js';
import { PaperBalancer } from '../fleet/support.js';

await serveControl(new PaperBalancer(), { socket: process.argv[2] ?? '' });
process.on('disconnect', () => process.exit(0));
process.send?.('there');
