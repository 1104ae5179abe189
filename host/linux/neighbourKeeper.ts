// host/linux/neighbourKeeper.ts: neighbours in use: asked for when missing, asked again when silent, kept alive.
//
// The kernel does the asking (ARP, NDP), three times a second apart, and forgets what it does not use itself. It never
// sends to our backends, so we say every 30 s that they are in use (NTF_USE), which also makes it check stale ones.

import { MaglevError } from '../errors.js';
import type { Neighbour } from './neighbours.js';
import type { Netlink } from './netlink.js';

const KEEP_MS = 30_000; // below the shortest time the kernel keeps an unused entry (gc_stale_time, 60 s)
const RETRY_FIRST_MS = 1_000;
const RETRY_MAX_MS = 30_000;
const TICK_MS = 500;
const SOLICITS_PER_TICK_MAX = 1024; // about 10 ms of system calls

/** The interface was gone, or down, before we asked. Its events say so, too. */
const LINK_GONE: ReadonlySet<string | undefined> = new Set(['ENODEV', 'ENXIO', 'ENETDOWN', 'EINVAL']);

/** A neighbour somebody uses. */
export interface KeptNeighbour<User> {
  readonly ifindex: number;
  readonly address: string;
  /** Its MAC address, as far as known. */
  readonly mac: string | undefined;
  /** Asked for, and nobody answered. It is asked again, ever more rarely, at least every 30 s. */
  readonly isFailed: boolean;
  readonly users: ReadonlySet<User>;
}

interface Entry<User> {
  readonly ifindex: number;
  readonly address: string;
  mac: string | undefined;
  isFailed: boolean;
  isPermanent: boolean;
  retryMs: number; // how long after a question that failed to ask again
  askedMs: number; // when we asked last
  dueMs: number; // when to ask again
  isRetryDue: boolean; // because it failed, not only to keep it
  readonly users: Set<User>;
}

/** The neighbours of a set of users. Knows of changes only what it is told by its methods. */
export class NeighbourKeeper<User> {
  readonly #netlink: Pick<Netlink, 'neighbour' | 'solicit'>;
  readonly #failed: (error: MaglevError) => void;
  readonly #nowMs: () => number;
  readonly #entries = new Map<string, Entry<User>>();
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param failed Called when the kernel refuses to ask for a neighbour.
   * @param nowMs The clock, ms from any start; tests bring their own.
   */
  constructor(
    netlink: Pick<Netlink, 'neighbour' | 'solicit'>,
    failed: (error: MaglevError) => void,
    nowMs: () => number = () => performance.now(),
  ) {
    this.#netlink = netlink;
    this.#failed = failed;
    this.#nowMs = nowMs;
  }

  /** The neighbour, from now on kept for `user` until release(). Asked for when nobody used it before. */
  use(ifindex: number, address: string, user: User): KeptNeighbour<User> {
    const key = `${ifindex} ${address}`;
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      const fresh = { retryMs: RETRY_FIRST_MS, askedMs: 0, dueMs: 0, isRetryDue: false, users: new Set<User>() };
      entry = { ifindex, address, mac: undefined, isFailed: false, isPermanent: false, ...fresh };
      this.#read(entry);
      this.#entries.set(key, entry);
      this.#solicit(entry);
      this.#timer ??= setInterval(() => this.#tick(), TICK_MS).unref();
    }
    entry.users.add(user);
    return entry;
  }

  /** `user` no longer uses it; when nobody does, the kernel may forget it. */
  release(neighbour: KeptNeighbour<User>, user: User): void {
    const key = `${neighbour.ifindex} ${neighbour.address}`;
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    entry.users.delete(user);
    if (entry.users.size === 0) this.#entries.delete(key);
    if (this.#entries.size === 0) this.close();
  }

  /** Takes a notice in. Returns the neighbour when somebody uses it. */
  update(neighbour: Neighbour): KeptNeighbour<User> | undefined {
    const entry = this.#entries.get(`${neighbour.ifindex} ${neighbour.address}`);
    if (entry === undefined) return undefined;
    copyState(entry, neighbour);
    if (entry.mac !== undefined) entry.retryMs = RETRY_FIRST_MS;
    else if (neighbour.isRemoved || neighbour.isFailed) this.#retry(entry);
    return entry;
  }

  /** Asks at once for what is missing on an interface that has come up, or whose changes were lost. */
  refresh(ifindex: number): void {
    for (const entry of this.#entries.values()) {
      if (entry.ifindex !== ifindex) continue;
      entry.retryMs = RETRY_FIRST_MS;
      this.#read(entry);
      this.#solicit(entry);
    }
  }

  /** Stops asking. */
  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#entries.clear();
  }

  #read(entry: Entry<User>): void {
    const neighbour = this.#netlink.neighbour(entry.ifindex, entry.address);
    if (neighbour !== undefined) copyState(entry, neighbour);
    else entry.mac = undefined;
  }

  /**
   * The kernel has given up, or thrown the entry away; mostly it tells both, one after the other. Where the last question
   * is long ago, the next comes at once: somebody flushed the table, or a living neighbour moved.
   */
  #retry(entry: Entry<User>): void {
    if (entry.isRetryDue) return;
    entry.isRetryDue = true;
    entry.dueMs = entry.askedMs + entry.retryMs;
    entry.retryMs = Math.min(RETRY_MAX_MS, entry.retryMs * 2);
    if (entry.dueMs <= this.#nowMs()) this.#solicit(entry);
  }

  #tick(): void {
    const nowMs = this.#nowMs();
    let left = SOLICITS_PER_TICK_MAX;
    for (const entry of this.#entries.values()) {
      if (entry.dueMs > nowMs) continue;
      if (left-- === 0) return; // those after it are still due at the next tick
      this.#solicit(entry);
    }
  }

  #solicit(entry: Entry<User>): void {
    entry.askedMs = this.#nowMs();
    entry.dueMs = entry.askedMs + KEEP_MS;
    entry.isRetryDue = false;
    if (entry.isPermanent) return;
    try {
      this.#netlink.solicit(entry.ifindex, entry.address);
    } catch (error) {
      if (!(error instanceof MaglevError)) throw error;
      if (!LINK_GONE.has(error.errno)) this.#failed(error);
    }
  }
}

function copyState<User>(entry: Entry<User>, neighbour: Neighbour): void {
  entry.mac = neighbour.mac;
  entry.isFailed = neighbour.isFailed;
  entry.isPermanent = neighbour.isPermanent;
}
