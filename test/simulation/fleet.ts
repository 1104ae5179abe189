// test/simulation/fleet.ts: a fleet of balancers that never talk to each other, routers that spread flows over them, clients with
// connections short and long, and backends that join, drain, fail and return. Time is simulated, the hot paths are real.
import type { Backend, Change, Tracking } from '../../host/hotpath.js';
import { createHotPath, type HotPath } from '../../host/hotpath.js';
import { FakeClock, SMALL } from '../support/hotpath.js';
import { flowFrame } from '../support/packets.js';
import { type Random, random } from '../support/random.js';

/** What is simulated. */
export interface Scenario {
  seed: number;
  tracking: Tracking;
  balancers: number;
  backends: number;
  /** Connections open at a time. */
  flows: number;
  /** Steps of STEP_SECONDS. */
  steps: number;
  /** Backends change every so many steps; 0 = never. */
  changeEvery: number;
  /** A balancer leaves or comes back, and all flows are spread anew, every so many steps; 0 = never. */
  respreadEvery: number;
  /** Routers move only flows of the balancer that left or came; without it, nearly all flows. */
  isResilient?: boolean;
}

/** What became of the connections. */
export interface Toll {
  /** Connections that were made. */
  flows: number;
  packets: number;
  /** Ended because their backend failed: nobody could have saved them. */
  lostWithBackend: number;
  /** Broken: a packet went to another backend although theirs could serve. */
  broken: number;
  changes: number;
  respreads: number;
}

interface Connection {
  client: number;
  sourcePort: number;
  home: string | undefined;
  /** How often its backend had failed when it began. */
  failures: number;
  /** Steps since it last sent. */
  silent: number;
  /** Of 1: ends in a step with this chance. */
  ends: number;
  /** Routers spread by this. */
  spread: number;
}

interface Balancer {
  hotPath: HotPath;
  isUp: boolean;
}

const STEP_TICKS = 10; // 5.12 s
const VIP = 'tcp/192.0.2.80:80';
const IDLE_MS = 60_000;
const SILENT_STEPS_MAX = 8; // 41 s
const LONG_LIVED = 0.2; // of all connections; they end with chance 1/400 a step, the others with 1/10

/** Runs a scenario. The same seed gives the same backends, connections and events, whatever the tracking. */
export async function simulate(scenario: Scenario): Promise<Toll> {
  const fleet = new Fleet(scenario);
  await fleet.start();
  for (let step = 1; step <= scenario.steps; step++) await fleet.step(step);
  return fleet.toll;
}

class Fleet {
  readonly toll: Toll = { flows: 0, packets: 0, lostWithBackend: 0, broken: 0, changes: 0, respreads: 0 };
  private readonly clock = new FakeClock();
  private readonly events: Random; // of their own, so that what packets do changes no event
  private readonly clients: Random;
  private readonly balancers: Balancer[] = [];
  private readonly backends = new Map<string, Backend>();
  private readonly failures = new Map<string, number>();
  private connections: Connection[] = [];

  constructor(private readonly scenario: Scenario) {
    this.events = random(scenario.seed);
    this.clients = random(scenario.seed + 1);
  }

  async start(): Promise<void> {
    for (let i = 0; i < this.scenario.backends; i++) this.setBackend(`10.0.1.${i + 1}`, 'active');
    for (let i = 0; i < this.scenario.balancers; i++)
      this.balancers.push({ hotPath: await this.newHotPath(), isUp: true });
    this.connections = Array.from({ length: this.scenario.flows }, () => this.connect());
  }

  /** Events, then everybody sends now and then, then balancers tend to their tables. */
  async step(step: number): Promise<void> {
    const { changeEvery, respreadEvery } = this.scenario;
    this.clock.tick += STEP_TICKS;
    if (changeEvery > 0 && step % changeEvery === 0) await this.changeBackends();
    if (respreadEvery > 0 && step % respreadEvery === 0) await this.changeBalancers();
    this.connections = this.connections.map((connection) => this.live(connection));
    for (const { hotPath, isUp } of this.balancers) if (isUp) await hotPath.tend();
  }

  private live(connection: Connection): Connection {
    const chance = this.clients.int(1_000_000) / 1_000_000;
    if (chance < connection.ends) return this.connect();
    // Half say nothing in a step, and nobody for longer than the idle timeout lasts.
    if (chance < 0.5 && ++connection.silent < SILENT_STEPS_MAX) return connection;
    connection.silent = 0;
    if (this.send(connection, false) === connection.home) return connection;
    // One that failed meanwhile has forgotten the connection, also when it is back.
    if (this.failuresOf(connection.home) > connection.failures) this.toll.lostWithBackend++;
    else this.toll.broken++;
    return this.connect();
  }

  private connect(): Connection {
    const { int } = this.clients;
    const ends = int(1000) < 1000 * LONG_LIVED ? 1 / 400 : 1 / 10;
    const connection: Connection = {
      client: int(65536),
      sourcePort: int(65536),
      home: undefined,
      failures: 0,
      silent: 0,
      ends,
      spread: int(2 ** 30),
    };
    this.toll.flows++;
    connection.home = this.send(connection, true);
    connection.failures = this.failuresOf(connection.home);
    this.send(connection, false);
    return connection;
  }

  private send({ client, sourcePort, spread }: Connection, isSyn: boolean): string | undefined {
    this.toll.packets++;
    const { hotPath } = this.balancerOf(spread);
    return hotPath.forward(flowFrame({ protocol: 'tcp', client, sourcePort, isSyn })).backend;
  }

  /** By number modulo balancers, or the balancer that is highest by a hash of both: then a flow has a reason to stay. */
  private balancerOf(spread: number): Balancer {
    const up = this.balancers.filter(({ isUp }) => isUp);
    if (this.scenario.isResilient !== true) return up[spread % up.length] as Balancer;
    const rank = (balancer: Balancer): number => random(spread + 7919 * this.balancers.indexOf(balancer)).int(2 ** 30);
    return up.reduce((best, other) => (rank(other) > rank(best) ? other : best));
  }

  /** One backend joins, drains, fails or returns; every balancer hears it, and nobody asks in what order. */
  private async changeBackends(): Promise<void> {
    const { pick, int } = this.events;
    const address = pick([...this.backends.keys()]);
    const before = this.backends.get(address)?.state;
    const joins = int(4) === 0;
    if (joins) this.setBackend(`10.0.2.${this.toll.changes + 1}`, 'active');
    else this.setBackend(address, before === 'active' ? pick(['draining', 'draining', 'down'] as const) : 'active');
    this.toll.changes++;
    const change = joins ? this.backends.get(`10.0.2.${this.toll.changes}`) : this.backends.get(address);
    for (const { hotPath, isUp } of this.balancers) if (isUp) await hotPath.apply([{ put: change as Backend }]);
  }

  /** The last balancer leaves, or comes back with nothing but the records. */
  private async changeBalancers(): Promise<void> {
    const last = this.balancers.at(-1) as Balancer;
    last.isUp = !last.isUp;
    if (last.isUp) last.hotPath = await this.newHotPath();
    else last.hotPath[Symbol.dispose]();
    this.toll.respreads++;
  }

  private failuresOf(address: string | undefined): number {
    return this.failures.get(address ?? '') ?? 0;
  }

  private setBackend(address: string, state: 'active' | 'draining' | 'down'): void {
    if (state === 'down') this.failures.set(address, this.failuresOf(address) + 1);
    this.backends.set(address, { vip: VIP, address, state });
  }

  private async newHotPath(): Promise<HotPath> {
    const hotPath = await createHotPath({
      ...{ ...SMALL, backendsMax: 512, flowsMax: 65536, tablesMiB: 24, nowMs: this.clock.nowMs },
      ...{ hashSecret: 'the secret of this fleet', tcpIdleTimeoutMs: IDLE_MS },
    });
    const { tracking } = this.scenario;
    const records: Change[] = [...this.backends.values()].map((put) => ({ put }));
    await hotPath.apply([{ put: { address: '192.0.2.80', protocol: 'tcp', port: 80, tracking } }, ...records]);
    return hotPath;
  }
}
