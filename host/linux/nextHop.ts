// host/linux/nextHop.ts: from an address to the way a frame takes to it: the kernel's route and its neighbour's MAC.
// Resolved once, then followed: the kernel tells what changed, and we ask again for what that may touch.
//
//   address --route--> interface and via (the gateway, or the address itself) --neighbour--> MAC
//
// Several addresses share a via, and so a neighbour: neighbourKeeper.ts keeps each once.

import { MaglevError } from '../errors.js';
import { addressBytes, addressText, isInPrefix, type Prefix } from './address.js';
import type { Link } from './links.js';
import { type KeptNeighbour, NeighbourKeeper } from './neighbourKeeper.js';
import type { Neighbour } from './neighbours.js';
import type { Netlink } from './netlink.js';
import type { Readable } from './readable.js';
import type { Route } from './route.js';

const SETTLE_MS = 10; // route changes come in bursts
const SETTLE_AGAIN_MS = 250; // and where they never end, this often is enough

/** The way a frame takes to an address. */
export interface NextHop {
  /** Interface it leaves by. */
  readonly ifindex: number;
  /** Who gets it: the gateway, or the address itself when that is on the link. */
  readonly via: string;
  /** MAC address of `via`; undefined as long as it is not known. */
  readonly mac: string | undefined;
  /** The host's own address on the way there. */
  readonly source: string | undefined;
  /** Largest packet that goes this way, bytes: the least of interface, route and path. */
  readonly mtu: number;
}

/** What a NextHopResolver reports. Called on the main thread; must not throw. */
interface NextHopListener {
  /**
   * The way to an address is known, has changed or is lost.
   * @param nextHop undefined: there is no way.
   * @param problem Why there is no way, or no MAC address yet: `no route to 10.0.1.9`. undefined: all is well.
   */
  changed(address: string, nextHop: NextHop | undefined, problem: string | undefined): void;
  /** Any interface is new or has changed: up, running, MTU, MAC, name. */
  link?(link: Link): void;
  linkRemoved?(link: Link): void;
  /** Changes can no longer be followed, or the kernel refuses to ask for a neighbour. Reported once. */
  failed?(error: MaglevError): void;
}

interface Target {
  readonly address: string;
  readonly bytes: Uint8Array;
  route: Route | undefined;
  neighbour: KeptNeighbour<Target> | undefined;
  nextHop: NextHop | undefined;
  reported: string | undefined; // what changed() last said, as text
}

/** Keeps the next hops of a set of addresses. */
export class NextHopResolver {
  readonly #netlink: Netlink;
  readonly #listener: NextHopListener;
  readonly #watch: Readable;
  readonly #neighbours: NeighbourKeeper<Target>;
  readonly #targets = new Map<string, Target>();
  readonly #links = new Map<number, Link>();
  readonly #dirty = new Set<Target>();
  #settleTimer: NodeJS.Timeout | undefined;
  #settledMs = Number.NEGATIVE_INFINITY;
  #hasFailed = false;

  /** Starts to follow; `netlink` stays the caller's to close, after this. @throws MaglevError ERR_SYSCALL */
  constructor(netlink: Netlink, listener: NextHopListener) {
    this.#netlink = netlink;
    this.#listener = listener;
    this.#neighbours = new NeighbourKeeper(netlink, (error) => this.#onFailed(error));
    // First the watch, then the question: what changes in between is then told, not lost.
    this.#watch = netlink.watch({
      link: (link) => this.#onLink(link),
      linkRemoved: (link) => this.#onLinkRemoved(link),
      neighbour: (neighbour) => this.#onNeighbour(neighbour),
      routes: (destination) => this.#onRoutes(destination),
      overrun: () => this.#onOverrun(),
      failed: (error) => this.#onFailed(error),
    });
    try {
      for (const link of netlink.links()) this.#links.set(link.ifindex, link);
    } catch (error) {
      this.#watch.close();
      throw error;
    }
  }

  /**
   * Sets the addresses to follow. New ones are resolved before this returns, and reported by `changed`, with or without
   * a MAC address; those left out are forgotten.
   * @throws MaglevError ERR_OPTION for what is not an address; ERR_SYSCALL
   */
  set(addresses: Iterable<string>): void {
    const wanted = new Set([...addresses].map((address) => addressText(addressBytes(address))));
    this.forget([...this.#targets.keys()].filter((address) => !wanted.has(address)));
    this.follow(wanted);
  }

  /** Follows these addresses as well: resolved before this returns, as with set(). */
  follow(addresses: Iterable<string>): void {
    const fresh: Target[] = [];
    for (const text of addresses) {
      const bytes = addressBytes(text);
      const address = addressText(bytes);
      if (this.#targets.has(address)) continue;
      const unknown = { route: undefined, neighbour: undefined, nextHop: undefined, reported: undefined };
      const target: Target = { address, bytes, ...unknown };
      this.#targets.set(address, target);
      fresh.push(target);
    }
    this.#resolve(fresh);
  }

  /** Follows these addresses no more; they are in canonical form. */
  forget(addresses: Iterable<string>): void {
    for (const address of addresses) {
      const target = this.#targets.get(address);
      if (target === undefined) continue;
      this.#targets.delete(address);
      this.#dirty.delete(target);
      this.#leaveNeighbour(target);
    }
  }

  /** What is known of an address now; undefined when it is not followed or there is no way. */
  get(address: string): NextHop | undefined {
    return this.#targets.get(addressText(addressBytes(address)))?.nextHop;
  }

  /** The interface, as last told of. */
  link(ifindex: number): Link | undefined {
    return this.#links.get(ifindex);
  }

  /** Follows no longer. Calling it twice is harmless. */
  close(): void {
    this.#watch.close();
    this.#neighbours.close();
    clearTimeout(this.#settleTimer);
    this.#targets.clear();
    this.#dirty.clear();
  }

  /** Asks for the routes and the neighbours of targets, and reports what is new. */
  #resolve(targets: readonly Target[]): void {
    const routes = this.#netlink.routes(targets.map(({ address }) => address));
    targets.forEach((target, i) => {
      this.#take(target, routes[i]);
    });
  }

  #take(target: Target, route: Route | undefined): void {
    const via = route?.gateway ?? target.address;
    target.route = route;
    if (target.neighbour?.ifindex !== route?.ifindex || target.neighbour?.address !== via) {
      this.#leaveNeighbour(target);
    }
    // Only an Ethernet interface has neighbours with MAC addresses; a tunnel is a problem, and said to be one.
    const isReachable = route?.kind === 'unicast' && this.#links.get(route.ifindex)?.isEthernet === true;
    if (isReachable) target.neighbour ??= this.#neighbours.use(route.ifindex, via, target);
    else this.#leaveNeighbour(target);
    this.#report(target);
  }

  #leaveNeighbour(target: Target): void {
    if (target.neighbour !== undefined) this.#neighbours.release(target.neighbour, target);
    target.neighbour = undefined;
  }

  #report(target: Target): void {
    const nextHop = this.#nextHopOf(target);
    const problem = this.#problemOf(target, nextHop);
    const report = JSON.stringify([nextHop, problem]);
    target.nextHop = nextHop;
    if (report === target.reported) return;
    target.reported = report;
    this.#listener.changed(target.address, nextHop, problem);
  }

  #nextHopOf({ address, route, neighbour }: Target): NextHop | undefined {
    if (route?.kind !== 'unicast') return undefined;
    const link = this.#links.get(route.ifindex);
    if (link === undefined) return undefined;
    return {
      ifindex: route.ifindex,
      via: route.gateway ?? address,
      mac: neighbour?.mac,
      source: route.source,
      mtu: Math.min(link.mtu, route.mtu ?? link.mtu),
    };
  }

  #problemOf({ address, route, neighbour }: Target, nextHop: NextHop | undefined): string | undefined {
    if (route?.kind === 'local') return `${address} is an address of this host`;
    if (nextHop === undefined) return `no route to ${address}`;
    if (nextHop.mac !== undefined) return undefined;
    const name = this.#links.get(nextHop.ifindex)?.name;
    if (neighbour === undefined) return `${name} on the way to ${address} is not an Ethernet interface`;
    return neighbour.isFailed ? `${nextHop.via} does not answer on ${name}` : `asking for ${nextHop.via} on ${name}`;
  }

  #onNeighbour(neighbour: Neighbour): void {
    for (const target of this.#neighbours.update(neighbour)?.users ?? []) this.#report(target);
  }

  #onLink(link: Link): void {
    const wasRunning = this.#links.get(link.ifindex)?.isRunning;
    this.#links.set(link.ifindex, link);
    this.#listener.link?.(link);
    if (link.isRunning && wasRunning !== true) this.#guarded(() => this.#neighbours.refresh(link.ifindex));
    // Taking an interface down takes its IPv4 routes away without a notice for each.
    this.#onRoutes(undefined);
  }

  #onLinkRemoved(link: Link): void {
    this.#links.delete(link.ifindex);
    this.#listener.linkRemoved?.(link);
    this.#onRoutes(undefined);
  }

  #onRoutes(destination: Prefix | undefined): void {
    for (const target of this.#targets.values()) {
      if (destination === undefined || isInPrefix(target.bytes, destination)) this.#dirty.add(target);
    }
    if (this.#dirty.size === 0 || this.#settleTimer !== undefined) return;
    const sinceMs = performance.now() - this.#settledMs;
    this.#settleTimer = setTimeout(() => this.#settle(), Math.max(SETTLE_MS, SETTLE_AGAIN_MS - sinceMs));
    this.#settleTimer.unref();
  }

  #settle(): void {
    this.#settleTimer = undefined;
    this.#settledMs = performance.now();
    const dirty = [...this.#dirty];
    this.#dirty.clear();
    this.#guarded(() => this.#resolve(dirty));
  }

  #onOverrun(): void {
    this.#guarded(() => {
      const links = new Map(this.#netlink.links().map((link) => [link.ifindex, link]));
      for (const link of [...this.#links.values()]) if (!links.has(link.ifindex)) this.#onLinkRemoved(link);
      for (const link of links.values()) {
        this.#neighbours.refresh(link.ifindex);
        this.#onLink(link);
      }
    });
  }

  /** Runs what nobody waits for: what the kernel refuses there goes to the listener. */
  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof MaglevError)) throw error;
      this.#onFailed(error);
    }
  }

  #onFailed(error: MaglevError): void {
    if (!this.#hasFailed) this.#listener.failed?.(error);
    this.#hasFailed = true;
  }
}
