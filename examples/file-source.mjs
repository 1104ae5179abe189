// @ts-check
// examples/file-source.mjs: a balancer that follows a file. Edit the file while it runs: what changed is live a moment
// later; a file with a mistake in it is refused with line and rule, and changes nothing.
// Needs root (or CAP_NET_RAW and CAP_NET_ADMIN), nft(8) and Linux.
//
//   node examples/file-source.mjs eth0 examples/members.yaml
//
// The command does the same: maglev-dsr run --config examples/balancer.yaml

import { createLoadBalancer, fileSource, formatRefusal } from 'maglev-dsr';

const [interfaceName, path] = process.argv.slice(2);
if (interfaceName === undefined || path === undefined) throw new Error('usage: file-source.mjs INTERFACE FILE');

const stopping = new AbortController();
process.once('SIGINT', () => stopping.abort());
process.once('SIGTERM', () => stopping.abort());

const balancer = await createLoadBalancer({
  interfaces: [{ name: interfaceName }],
  source: fileSource(path),
});

balancer.on('applied', ({ generation, slotsMoved, vips }) => {
  console.log(`generation ${generation}: ${vips.join(', ')} rebuilt, ${slotsMoved} slots moved`);
});
balancer.on('refused', (refusal) => console.error(formatRefusal(refusal)));
balancer.on('stale', ({ source, reason }) => console.error(`${source} is away: ${reason}; forwarding goes on`));
balancer.on('fresh', ({ source }) => console.log(`${source} is back`));
balancer.on('drained', ({ backend }) => console.log(`${backend} is drained: it can be switched off`));
balancer.on('neighbour', ({ backend, mac, problem }) => console.log(problem ?? `${backend} is at ${mac}`));
balancer.on('error', (error) => console.error(error.message));

// Rejects when the balancer is closed before the file was ever read: a file that is not there yet is waited for.
balancer.ready.then(
  () =>
    console.log(
      `ready: ${balancer
        .status()
        .vips.map(({ key }) => key)
        .join(', ')}`,
    ),
  (error) => console.error(error.message),
);

stopping.signal.addEventListener('abort', () => {
  balancer.close().catch((error) => {
    console.error(error);
    process.exitCode = 1;
  });
});
