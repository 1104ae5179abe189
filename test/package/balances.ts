// test/package/balances.ts: run in the folder of an application that has installed the package: a balancer on the interface and with
// the file it is told, until SIGTERM. Says `ready`, and its counters at the end.
import { createLoadBalancer, fileSource } from 'maglev-dsr';

const [interfaceName = '', file = ''] = process.argv.slice(2);
const balancer = await createLoadBalancer({
  interfaces: [{ name: interfaceName, rxFrames: 64, txFrames: 64 }],
  source: fileSource(file),
  announce: 'arp',
  tablesMiB: 4,
  flowsMax: 4096,
});
await balancer.ready;
console.log('ready');
process.once('SIGTERM', () => {
  const { verdicts } = balancer.stats();
  balancer.close().then(() => console.log(JSON.stringify({ forwarded: verdicts.FORWARD_L2 })));
});
