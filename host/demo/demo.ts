// host/demo/demo.ts: the demo from start to end: a network in a box, real traffic through the balancer, and while it flows a backend
// joins, one is drained, one dies. Read `runDemo` first; what must have held afterwards is in promises.ts.
import { setTimeout as sleep } from 'node:timers/promises';
import { MaglevError } from '../errors.js';
import type { BackendState, Change, Tracking } from '../membership/event.js';
import { DemoBalancer } from './balancer.js';
import { measureBulk } from './bulk.js';
import type { Display } from './display.js';
import { createLab, type Lab } from './lab/lab.js';
import { type Family, oneArmed, type Topology } from './lab/topology.js';
import { type DemoMembership, type MembershipKind, openMembership } from './membership.js';
import { ADDED, BACKEND_COUNT, type BulkRun, type DemoRun, DRAINED, KILLED, type Phase, STEADY } from './run.js';
import { DemoServers, ECHO_PORT, GamingLoad, HTTP_PORT, HttpLoad, PROXY_PORT, startProxy } from './traffic.js';

/** What a run is to be. */
interface DemoOptions {
  tracking: Tracking;
  membership: MembershipKind;
  family: Family;
  /** Traffic during the changes, ms: DURATION_MS_MIN..DURATION_MS_MAX. */
  durationMs: number;
}

export const DURATION_MS_DEFAULT = 28_000;
export const DURATION_MS_MIN = 14_000;
export const DURATION_MS_MAX = 60_000;

/** From the death of a backend until it is published as down: what a health checker takes to be sure. */
const OUTAGE_MS = 2000;
/** Phases of equal length besides the outage: steady, one added, one drained, one down. */
const PHASE_COUNT = 4;
const CLIENT_ADDRESS_COUNT = 8;
const KEEP_ALIVE_COUNT = 20;
const KEEP_ALIVE_EVERY_MS = 100;
/** Visitors: enough for 1,000 connections and 2,000 requests in the shortest run, with room to spare. */
const VISITORS_MIN = 1400;
const VISITORS_PER_SECOND_MIN = 60;
const STREAM_COUNT = 6;
const STREAM_RATE = 500_000; // bytes a second: 4 Mbit/s, as a film
const PLAYER_COUNT = 4;
const PACKETS_PER_SECOND = 100;
const DRAINED_TIMEOUT_MS = 12_000;
const SHOW_EVERY_MS = 200;

/** Local ports of each load start here, so that none meets another's; all below Linux's range for ports not asked for. */
const FIRST_PORTS = { keepAlive: 10_000, web: 11_000, streams: 20_000, gaming: 25_000, direct: 25_100 };

const WEB_OBJECTS = [
  { name: 'index', bytes: 2_000, rate: 0 },
  { name: 'style', bytes: 12_000, rate: 0 },
  { name: 'photo', bytes: 90_000, rate: 0 },
];

interface Loads {
  keepAlive: HttpLoad;
  web: HttpLoad;
  streams: HttpLoad;
  gaming: GamingLoad;
  direct: GamingLoad;
}

/** What is up while the demo runs. */
interface Stage {
  options: DemoOptions;
  /** What is going on, for the display. */
  now: string;
  display: Display;
  topology: Topology;
  membership: DemoMembership;
  balancer: DemoBalancer;
  servers: DemoServers;
  signal: AbortSignal;
}

/**
 * Runs the demo and takes everything down again, also when `signal` is aborted or something fails. Rejects when it could not be run:
 * no namespaces, no librdkafka, a program that ended. Whether what was promised held is for `checkPromises` to say.
 */
export async function runDemo(options: DemoOptions, display: Display, signal: AbortSignal): Promise<DemoRun> {
  signal.throwIfAborted();
  const lab = await createLab();
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  try {
    return await Promise.race([runIn(lab, options, display, signal), aborted]);
  } finally {
    display.close();
    await lab.close();
  }
}

async function runIn(lab: Lab, options: DemoOptions, display: Display, signal: AbortSignal): Promise<DemoRun> {
  const stage = await setStage(lab, options, display, signal);
  const startedAt = Date.now();
  const loads = startLoads(stage);
  const stopShowing = showProgress(stage, loads, startedAt);
  const changes = await makeChanges(stage, startedAt).finally(stopShowing);

  display.say('web and games end; bulk downloads through the balancer');
  const [, , gaming, gamingDirect] = await Promise.all([
    loads.web.stop(),
    loads.streams.stop(),
    loads.gaming.stop(),
    loads.direct.stop(),
  ]);
  const bulk = await bulkThroughBalancer(stage);
  display.say('the same through a plain Node proxy in its place');
  const bulkProxy = await bulkThroughProxy(stage);
  await loads.keepAlive.stop();
  display.say(`the last connections end; waiting for ${DRAINED} to be drained`);
  const drainedAt = await untilDrained(stage);
  const { balancer } = stage;
  return {
    ...{ mode: lab.mode, membership: options.membership, tracking: options.tracking, family: options.family },
    ...{ startedAt, ...changes, gaming, gamingDirect, bulk, bulkProxy, drainedAt },
    ...{ web: loads.web.connections, keepAlive: loads.keepAlive.connections, streams: loads.streams.connections },
    acceptedBy: stage.servers.acceptedBy,
    slotsMoved: balancer.applied.map(({ slotsMoved }) => slotsMoved),
    verdicts: balancer.verdicts,
    balancerExit: await balancer.stop(),
  };
}

/** Builds the network, starts servers, membership and balancer. */
async function setStage(lab: Lab, options: DemoOptions, display: Display, signal: AbortSignal): Promise<Stage> {
  const { family } = options;
  const topology = await oneArmed(lab, {
    family,
    backendCount: BACKEND_COUNT,
    clientAddressCount: CLIENT_ADDRESS_COUNT,
  });
  display.say(
    `network: client, balancer and ${BACKEND_COUNT} backends in namespaces, ${lab.mode === 'root' ? 'as root' : 'unprivileged'}; ` +
      `VIP ${topology.vip} on the backends' loopback`,
  );
  const [servers, membership] = await Promise.all([
    DemoServers.start(topology),
    openMembership(options.membership, topology),
  ]);
  const members = topology.backends.filter(({ name }) => name !== ADDED).map(({ name }) => name);
  const vips: Change[] = vipsOf(topology).map((vip) => ({ put: { ...vip, tracking: options.tracking } }));
  await membership.publish([...vips, ...members.flatMap((name) => recordsOf(topology, name, 'active'))]);
  const balancer = await DemoBalancer.start(topology, membership.config);
  display.say(
    `balancer: ready, membership from ${'kafka' in membership.config ? 'Kafka' : 'a file'}: ${members.join(', ')}`,
  );
  balancer.onEvent = (text) => display.say(`balancer: ${text}`);
  return { options, display, topology, membership, balancer, servers, signal, now: 'steady' };
}

type VipPart = { address: string; protocol: 'tcp' | 'udp'; port: number };

function vipsOf({ vip }: Topology): VipPart[] {
  return [
    { address: vip, protocol: 'tcp', port: HTTP_PORT },
    { address: vip, protocol: 'udp', port: ECHO_PORT },
  ];
}

function keyOf({ protocol, address, port }: VipPart): string {
  return `${protocol}/${address.includes(':') ? `[${address}]` : address}:${port}`;
}

function backendNamed({ backends }: Topology, name: string): Topology['backends'][number] {
  const backend = backends.find((each) => each.name === name);
  if (backend === undefined) throw new MaglevError('ERR_INTERNAL', `the demo's network has no ${name}`);
  return backend;
}

/** Records that state a backend under both VIPs. */
function recordsOf(topology: Topology, name: string, state: BackendState): Change[] {
  const { address } = backendNamed(topology, name);
  return vipsOf(topology).map((vip) => ({ put: { vip: keyOf(vip), address, state } }));
}

function startLoads({ topology, options }: Stage): Loads {
  const { vip, client, clientAddresses } = topology;
  const seconds = options.durationMs / 1000;
  const web = { address: vip, port: HTTP_PORT };
  const [localAddress = ''] = clientAddresses;
  const players = { localAddress, packetsPerSecond: PACKETS_PER_SECOND };
  const streamBytes = Math.round(STREAM_RATE * (seconds - 4));
  // The direct path goes to backends that live through everything.
  const directTo = [backendNamed(topology, STEADY), backendNamed(topology, ADDED)];
  return {
    keepAlive: new HttpLoad(topology, {
      ...{ ...web, firstLocalPort: FIRST_PORTS.keepAlive, connectionsPerSecond: 100, connectionsMax: KEEP_ALIVE_COUNT },
      ...{ requestsPerConnection: 0, requestEveryMs: KEEP_ALIVE_EVERY_MS, objects: WEB_OBJECTS.slice(0, 1) },
    }),
    web: new HttpLoad(topology, {
      ...{ ...web, firstLocalPort: FIRST_PORTS.web, connectionsMax: 0 },
      connectionsPerSecond: Math.max(VISITORS_PER_SECOND_MIN, VISITORS_MIN / seconds),
      ...{ requestsPerConnection: 2, requestEveryMs: 100, objects: WEB_OBJECTS },
    }),
    streams: new HttpLoad(topology, {
      ...{ ...web, firstLocalPort: FIRST_PORTS.streams, connectionsPerSecond: 10, connectionsMax: STREAM_COUNT },
      ...{ requestsPerConnection: 1, requestEveryMs: 0 },
      objects: [{ name: 'film', bytes: streamBytes, rate: STREAM_RATE }],
    }),
    gaming: new GamingLoad(client, {
      ...{ ...players, firstLocalPort: FIRST_PORTS.gaming },
      targets: Array.from({ length: PLAYER_COUNT }, () => ({ address: vip, port: ECHO_PORT })),
    }),
    direct: new GamingLoad(client, {
      ...{ ...players, firstLocalPort: FIRST_PORTS.direct },
      targets: directTo.map(({ address }) => ({ address, port: ECHO_PORT })),
    }),
  };
}

/** Shows where things stand until the function it returns is called. */
function showProgress(stage: Stage, loads: Loads, startedAt: number): () => void {
  const timer = setInterval(() => {
    const { web, keepAlive, streams, gaming, direct } = loads;
    stage.display.show({
      phase: stage.now,
      share: (Date.now() - startedAt) / stage.options.durationMs,
      web: web.progress,
      keepAlive: keepAlive.progress,
      streaming: streams.progress,
      gaming: { ...gaming.progress, directP50Ms: direct.progress.rttP50Ms },
    });
  }, SHOW_EVERY_MS);
  return () => clearInterval(timer);
}

/** The timeline: steady, one added, one drained, one killed and, when that is known, down. */
async function makeChanges(
  stage: Stage,
  startedAt: number,
): Promise<Pick<DemoRun, 'phases' | 'killedAt' | 'downAppliedAt'>> {
  const { display, options, servers, topology, signal } = stage;
  const phaseMs = (options.durationMs - OUTAGE_MS) / PHASE_COUNT;
  const phases: Phase[] = [];
  const pass = async (name: string, from: number): Promise<void> => {
    stage.now = name;
    await sleep(phaseMs, undefined, { signal });
    phases.push({ name, from, until: Date.now(), slots: slotsByName(stage) });
  };

  await pass('steady', startedAt);
  display.say(`${ADDED} joins`);
  await pass('one added', await publishState(stage, ADDED, 'active'));
  display.say(`${DRAINED} is drained`);
  await pass('one drained', await publishState(stage, DRAINED, 'draining'));
  stage.now = 'one dead, nobody knows';
  display.say(`${KILLED} is killed: server and link gone, nobody told`);
  const killedAt = Date.now();
  await Promise.all([servers.kill(KILLED), backendNamed(topology, KILLED).host.setLink('eth0', 'down')]);
  await sleep(OUTAGE_MS, undefined, { signal });
  const downAppliedAt = await publishState(stage, KILLED, 'down');
  display.say(`${KILLED} is down for the balancer, ${downAppliedAt - killedAt} ms after its death`);
  await pass('one down', downAppliedAt);
  return { phases, killedAt, downAppliedAt };
}

/** Publishes a backend's state; resolves with when the balancer had applied it. */
async function publishState(stage: Stage, name: string, state: BackendState): Promise<number> {
  const { balancer, membership, topology } = stage;
  const before = balancer.applied.length;
  await membership.publish(recordsOf(topology, name, state));
  return (await balancer.appliedAfter(before)).at;
}

/** Slots of the web VIP by name of the backend. */
function slotsByName({ topology, balancer }: Stage): Record<string, number> {
  const [web = ''] = vipsOf(topology).map(keyOf);
  return Object.fromEntries(topology.backends.map(({ name, address }) => [name, balancer.slots(web, address)]));
}

function bulkThroughBalancer({ topology, balancer }: Stage): Promise<BulkRun> {
  return measureBulk(topology, { address: topology.vip, port: HTTP_PORT }, () => balancer.cpuSeconds());
}

async function bulkThroughProxy({ topology }: Stage): Promise<BulkRun> {
  const backends = [STEADY, ADDED].map((name) => backendNamed(topology, name));
  const proxy = await startProxy(topology, backends);
  const run = await measureBulk(topology, { address: topology.balancerAddress, port: PROXY_PORT }, () =>
    proxy.cpuSeconds(),
  );
  await proxy.kill();
  return run;
}

/** Waits until the balancer says of both VIPs that no flow holds on to the drained backend; when it said so of the web. */
async function untilDrained({ topology, balancer, signal }: Stage): Promise<number | undefined> {
  const { address } = backendNamed(topology, DRAINED);
  const keys = vipsOf(topology).map((vip) => `${keyOf(vip)} ${address}`);
  for (const startedAt = Date.now(); !keys.every((key) => balancer.drained.has(key)); ) {
    if (Date.now() - startedAt > DRAINED_TIMEOUT_MS) return undefined;
    await sleep(50, undefined, { signal });
  }
  return balancer.drained.get(keys[0] ?? '');
}
