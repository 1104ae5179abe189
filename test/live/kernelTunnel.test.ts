// Tunnels that end in the kernel's own modules, set up as docs/BACKENDS.md says: what our balancer sends arrives in the kernel's TCP and UDP. Where
// this kernel lacks a module, its case is skipped by name: decap.test.ts and tunnel.test.ts have the same through other ends.
import { spawnSync } from 'node:child_process';
import { suite } from 'uvu';
import { labEnv, labSupport } from '../../host/demo/lab/holder.js';
import type { LabBackend } from '../../host/demo/lab/topology.js';
import type { Encap } from '../../host/membership/event.js';
import { withTopology } from './lab.js';
import { CommandBalancer } from './support/commandBalancer.js';
import { echoVip, webVip } from './support/members.js';
import { liveSuiteWith } from './support/suite.js';
import { addressOfOuter, leaveRoom } from './support/tunnelPath.js';
import { assertEchoesWhole, assertUploadsWhole, startServers } from './support/whole.js';

const NAME = 'live/kernelTunnel';
const live = liveSuiteWith(NAME, ['curl', 'nginx']);
const lacking = suite(NAME);
const UPLOAD_BYTES = 12 * 1024 * 1024;

interface Case {
  encap: Encap;
  inner: 4 | 6;
  outer: 4 | 6;
  /** Commands of ip(8) that make the end of the tunnel. */
  commands: string[];
  /** The interface that packets come out of. */
  link: string;
}

const CASES: Case[] = [
  { encap: { type: 'ipip' }, inner: 4, outer: 4, link: 'ipip4', commands: ['link add name ipip4 type ipip external'] },
  {
    encap: { type: 'ipip' },
    inner: 6,
    outer: 6,
    link: 'ipip6',
    commands: ['link add name ipip6 type ip6tnl external'],
  },
  {
    encap: { type: 'ipip' },
    inner: 4,
    outer: 6,
    link: 'ipip6',
    commands: ['link add name ipip6 type ip6tnl external'],
  },
  {
    encap: { type: 'ipip' },
    inner: 6,
    outer: 4,
    link: 'sit1',
    commands: ['link add name sit1 type sit local any remote any'],
  },
  { encap: { type: 'gre' }, inner: 4, outer: 4, link: 'gre4', commands: ['link add name gre4 type gre external'] },
  { encap: { type: 'gre' }, inner: 6, outer: 6, link: 'gre6', commands: ['link add name gre6 type ip6gre external'] },
  {
    encap: { type: 'gue' },
    inner: 4,
    outer: 4,
    link: 'ipip4',
    commands: ['fou add port 6080 gue', 'link add name ipip4 type ipip external'],
  },
];

/** Why the kernel does not take these commands, in a namespace of its own; undefined when it does. */
function refusalOf(commands: readonly string[]): string | undefined {
  const { mode } = labSupport();
  const flags = mode === 'user' ? ['--user', '--map-root-user', '--net'] : ['--net'];
  const { status, stderr } = spawnSync('unshare', [...flags, 'ip', '-batch', '-'], {
    input: `${commands.join('\n')}\n`,
    encoding: 'utf8',
    env: labEnv(),
  });
  return status === 0 ? undefined : (stderr.split('\n')[0] ?? 'no reason given');
}

for (const { encap, inner, outer, commands, link } of CASES) {
  const title = `${encap.type}, IPv${inner} in IPv${outer}: an upload and datagrams arrive whole by ${link}`;
  const refusal = live.isSupported ? refusalOf(commands) : undefined;
  if (refusal !== undefined) {
    console.log(`skipped: ${NAME}: ${title}: this kernel has no such tunnel (ip ${commands[0]}: ${refusal})`);
    lacking.skip(title);
    continue;
  }
  live(title, async () => {
    await withTopology('one-armed', { family: inner, backendCount: 1 }, async (topology) => {
      const backend = topology.backends[0] as LabBackend;
      const { backend: address } = await addressOfOuter(topology, backend, outer);
      await leaveRoom(topology, backend, 48);
      await backend.host.ip(...commands, `link set dev ${link} up`);
      await backend.host.sysctl({ [`net/ipv4/conf/${link}/rp_filter`]: 0 });
      const servers = await startServers(topology);
      const record = { encap, backends: [{ address }] };
      const members = [webVip(topology, record), echoVip(topology, record)];
      const balancer = await CommandBalancer.start(topology, { members });
      await assertUploadsWhole(topology, servers, UPLOAD_BYTES);
      await assertEchoesWhole(topology);
      await balancer.stop();
    });
  });
}

lacking.run();
live.run();
