// host/surroundings.ts: what the world around the packet workers must know of membership, and tells us back: the kernel's
// filter, the divert rules, announcements; the ways to backends and the state of our interfaces.
import type { BalancerSettings } from './balancerOptions.js';
import { setEgress, setEgressSource } from './egress.js';
import type { Engine } from './engine.js';
import { MaglevError, optionError } from './errors.js';
import type { EventHub } from './events.js';
import {
  addressBytes,
  announceVips,
  buildFilter,
  type Divert,
  type InterfaceLock,
  isInPrefix,
  type Link,
  lockInterface,
  type Netlink,
  type NextHop,
  NextHopResolver,
  openDivert,
  openNetlink,
  parsePrefix,
} from './linux/index.js';
import type { Change, Vip } from './membership/event.js';
import type { MembershipState } from './membership/state.js';
import type { FilterKind } from './status.js';
import { Uses } from './uses.js';
import type { WorkerPool } from './workers/pool.js';

/** What is known of the way to a backend. */
interface KnownWay {
  nextHop: NextHop | undefined;
  problem: string | undefined;
}

/** An address of this host, but for its loopback. */
interface OwnAddress {
  address: string;
  name: string | undefined;
  bytes: Uint8Array;
}

/** Both families on all interfaces of a balancer. */
const OUTER_SOURCES_MAX = 32;
/** In the place of a VIP's key. */
const DESTINATIONS = 'katran.decap.destinations';
/** What sendto(2) says of an interface that is down or gone. */
const LINK_GONE: ReadonlySet<string | undefined> = new Set(['ENETDOWN', 'ENXIO', 'ENODEV']);

/** Everything of the network around one balancer that it asks, follows, or holds. */
export class Surroundings {
  readonly links: Link[];
  filter: FilterKind = 'bpf';
  private readonly ways = new Map<string, KnownWay>();
  private readonly announcing = new Map<number, AbortController>(); // by interface index
  private readonly backendUses = new Uses(); // by VIPs that are live, or about to be
  private readonly vipUses = new Uses();
  private readonly announced = new Set<string>();
  private readonly outerSources = new Set<string>();
  private engine: Engine | undefined;
  private pool: WorkerPool | undefined;
  private resolver: NextHopResolver | undefined;
  private divert: Divert | undefined;

  private constructor(
    private readonly settings: BalancerSettings,
    private readonly hub: EventHub,
    private readonly netlink: Netlink,
    private readonly locks: InterfaceLock[],
    links: Link[],
  ) {
    this.links = links;
  }

  /** Finds and locks the interfaces. Throws ERR_OPTION for one that is not there, ERR_BUSY for one that is taken. */
  static open(settings: BalancerSettings, hub: EventHub): Surroundings {
    const netlink = openNetlink();
    const locks: InterfaceLock[] = [];
    try {
      const links = findLinks(netlink, settings);
      for (const link of links) locks.push(lockInterface(link));
      return new Surroundings(settings, hub, netlink, locks, links);
    } catch (error) {
      for (const lock of locks) lock.close();
      netlink.close();
      throw error;
    }
  }

  /** Starts to divert, follow and filter for this engine and pool. */
  async start(engine: Engine, pool: WorkerPool): Promise<void> {
    this.engine = engine;
    this.pool = pool;
    this.links.forEach((link) => {
      this.writeLink(link);
    });
    if (this.settings.divert) {
      const divert = await openDivert(this.links.map(({ name }) => name));
      this.divert = divert;
      void divert.gone.then((error) => error && this.hub.emit('error', error));
    }
    this.resolver = new NextHopResolver(this.netlink, {
      changed: (address, nextHop, problem) => this.onWay(address, nextHop, problem),
      link: (link) => this.onLink(link, false),
      linkRemoved: (link) => this.onLink(link, true),
      failed: (error) => this.hub.emit('error', error),
    });
    await this.takeDestinations();
  }

  /** Tunnels that end at the balancer (compat 'katran') are filtered for and diverted as VIPs are. Throws ERR_OPTION for an address of ours. */
  private async takeDestinations(): Promise<void> {
    const { destinations = [] } = this.settings.core.katran ?? {};
    const ruleOf = this.hostAddressRules();
    destinations.forEach(({ address }, i) => {
      const rule = ruleOf({ address });
      if (rule !== undefined) throw optionError(`katran.decap.destinations[${i}]`, address, rule);
    });
    const addresses = destinations.map(({ address }) => address);
    if (this.vipUses.add(DESTINATIONS, addresses).length > 0) await this.setVipAddresses();
  }

  /**
   * Says which rule a VIP breaks by being an address of this host: taking it over would cut off whoever uses it. The kernel is asked once,
   * when the first VIP comes.
   */
  hostAddressRules(): (vip: Pick<Vip, 'address'>) => string | undefined {
    let own: OwnAddress[] | undefined;
    return (vip) => {
      own ??= this.ownAddresses();
      const prefix = parsePrefix(vip.address);
      const taken = own.find(({ bytes }) => isInPrefix(bytes, prefix));
      if (taken === undefined) return undefined;
      const { address, name } = taken;
      return `expected an address that is not this host's own: ${address} is on ${name}, and would be cut off`;
    };
  }

  private ownAddresses(): OwnAddress[] {
    const links = new Map(this.netlink.links().map((link) => [link.ifindex, link]));
    return this.netlink.addresses().flatMap(({ address, ifindex }) => {
      const link = links.get(ifindex);
      return link?.isLoopback ? [] : [{ address, name: link?.name, bytes: addressBytes(address) }];
    });
  }

  /** Before the VIPs `keys` are built: the ways to their backends are asked for, and the host's stack no longer gets what is theirs. */
  async prepare(state: MembershipState, keys: readonly string[]): Promise<void> {
    const engine = this.engine as Engine;
    for (const key of keys) {
      const backends = this.backendUses.add(key, backendAddresses(state, key));
      for (const address of backends) engine.nextHops.indexOf(address, engine.now());
      this.resolver?.follow(backends);
    }
    if (keys.flatMap((key) => this.vipUses.add(key, vipAddresses(state, key))).length > 0) await this.setVipAddresses();
  }

  /** After `keys` are live, or are not: what left is forgotten, VIPs that left are the host's again, new ones announced. */
  async settle(state: MembershipState, keys: readonly string[]): Promise<void> {
    const { vips } = this.engine as Engine;
    const gone: string[] = [];
    for (const key of keys) {
      const live = vips.get(key);
      const backends = live === undefined ? [] : [...backendAddresses(state, key), ...live.backends.keys()];
      this.forget(this.backendUses.keep(key, backends));
      gone.push(...this.vipUses.keep(key, live === undefined ? [] : [live.vip.address]));
    }
    for (const address of gone) this.announced.delete(address);
    if (gone.length > 0) await this.setVipAddresses();
    const live = keys.flatMap((key) => vips.get(key)?.vip.address ?? []);
    const fresh = [...new Set(live)].filter((address) => !this.announced.has(address));
    for (const address of fresh) this.announced.add(address);
    this.announce(fresh);
  }

  /** Our own address towards a backend. */
  sourceFor(address: string): string | undefined {
    return this.resolver?.get(address)?.source;
  }

  /** What is known of the way to a backend. */
  way(address: string): KnownWay | undefined {
    return this.ways.get(address);
  }

  /** Lets go of everything. Calling it twice is harmless. */
  async close(): Promise<void> {
    for (const announcing of this.announcing.values()) announcing.abort();
    this.resolver?.close();
    await this.divert?.close();
    this.netlink.close();
    for (const lock of this.locks.splice(0)) lock.close();
  }

  private async setVipAddresses(): Promise<void> {
    await this.divert?.set(this.vipUses.all); // first: not one frame may reach the host's stack once we forward
    this.setFilter();
  }

  private setFilter(): void {
    const program = buildFilter(this.vipUses.all, this.settings.isAnnouncing, this.outerSources);
    this.filter = program === undefined ? 'none' : 'bpf';
    this.pool?.setFilter(program);
  }

  /** Errors about what we send in tunnels come to our own address there: the filter lets them through, to be counted. */
  private noteOuterSource(egress: number, source: string): void {
    if (this.engine !== undefined && egress >= 0) setEgressSource(this.engine.memory, egress, source);
    // Katran has nothing to do with those; and pings to us, which the kernel answers, would be answered twice.
    if (this.settings.core.katran !== undefined) return;
    if (this.outerSources.has(source) || this.outerSources.size === OUTER_SOURCES_MAX) return;
    this.outerSources.add(source);
    this.setFilter();
  }

  private announce(vips: readonly string[]): void {
    for (const link of this.links) this.announceOn(link, vips);
  }

  /** Where the link is down nobody listens: it is told when it comes up. */
  private announceOn({ name, ifindex, mac, isRunning }: Link, vips: readonly string[]): void {
    if (!this.settings.isAnnouncing || vips.length === 0 || mac === undefined || !isRunning) return;
    const anew = this.announcing.get(ifindex) ?? new AbortController();
    this.announcing.set(ifindex, anew);
    announceVips({ name, ifindex, mac, vips, signal: anew.signal }).catch((error: unknown) => {
      if (error instanceof MaglevError && LINK_GONE.has(error.errno)) return; // it went meanwhile: a link event says so
      const message = `announcing VIPs on ${name}: ${String(error)}`;
      this.hub.emit('error', error instanceof MaglevError ? error : new MaglevError('ERR_INTERNAL', message));
    });
  }

  /** An interface has come up, perhaps on another port of its switch, or has another MAC address: what was said is old. */
  private announceAnew(link: Link): void {
    this.announcing.get(link.ifindex)?.abort();
    this.announcing.delete(link.ifindex);
    this.announceOn(link, [...this.announced]);
  }

  private onWay(address: string, nextHop: NextHop | undefined, problem: string | undefined): void {
    const egress = this.links.findIndex(({ ifindex }) => ifindex === nextHop?.ifindex);
    const isElsewhere = nextHop !== undefined && egress < 0;
    const trouble = isElsewhere ? `the way to ${address} leaves by an interface that is not ours` : problem;
    const before = this.ways.get(address);
    this.ways.set(address, { nextHop, problem: trouble });
    const mac = isElsewhere ? undefined : nextHop?.mac;
    const way = mac === undefined ? undefined : { mac, egress, mtu: nextHop?.mtu ?? 0 };
    this.engine?.nextHops.set(address, way);
    if (nextHop?.source !== undefined && nextHop.source !== before?.nextHop?.source) {
      // One that is new is not built yet, and will be with this source.
      if (before !== undefined) this.engine?.publisher.setSource(address, nextHop.source);
      this.noteOuterSource(egress, nextHop.source);
    }
    this.hub.emit('neighbour', { backend: address, mac, problem: trouble });
  }

  private forget(addresses: readonly string[]): void {
    this.resolver?.forget(addresses);
    for (const address of addresses) {
      this.ways.delete(address);
      this.engine?.nextHops.set(address, undefined);
      this.engine?.nextHops.release(address, this.engine.now());
    }
  }

  private onLink(link: Link, isRemoved: boolean): void {
    const index = this.links.findIndex(({ ifindex }) => ifindex === link.ifindex);
    const before = this.links[index];
    if (before === undefined) return;
    const now = isRemoved ? { ...link, isUp: false, isRunning: false } : link;
    this.links[index] = now;
    this.writeLink(now);
    const isSame = before.isRunning === now.isRunning && before.mtu === now.mtu && before.mac === now.mac;
    if (isSame && !isRemoved) return;
    this.hub.emit('link', { interface: before.name, isUp: now.isRunning, mtu: now.mtu, isRemoved });
    if (now.isRunning && (!before.isRunning || before.mac !== now.mac)) this.announceAnew(now);
  }

  private writeLink(link: Link): void {
    const index = this.links.findIndex(({ ifindex }) => ifindex === link.ifindex);
    const { mac, isRunning } = link;
    if (this.engine === undefined || mac === undefined) return;
    setEgress(this.engine.memory, index, { mac, isUp: isRunning, announce: this.settings.isAnnouncing });
  }
}

/** VIP records of a list of changes. */
export function vipsOf(changes: readonly Change[]): Vip[] {
  return changes.flatMap((change) => ('put' in change && 'protocol' in change.put ? [change.put] : []));
}

function backendAddresses(state: MembershipState, vipKey: string): Iterable<string> {
  return state.vips.has(vipKey) ? (state.backends.get(vipKey)?.keys() ?? []) : [];
}

function vipAddresses({ vips }: MembershipState, key: string): string[] {
  const entry = vips.get(key);
  return entry === undefined ? [] : [entry.vip.address];
}

function findLinks(netlink: Netlink, settings: BalancerSettings): Link[] {
  const links = netlink.links();
  return settings.interfaces.map(({ name }, i) => {
    const option = `interfaces[${i}].name`;
    const link = links.find((candidate) => candidate.name === name);
    if (link === undefined) {
      throw optionError(option, name, `is no interface here; there are ${links.map((other) => other.name).join(', ')}`);
    }
    if (!link.isEthernet || link.mac === undefined) throw optionError(option, name, 'must be an Ethernet interface');
    return link;
  });
}
