// host/decap/decapSurroundings.ts: the network around a decapsulator: its interface, lock and packet socket, its TUN device, the rules that
// keep the host's stack from outer packets, and the host's addresses, which say what is taken where no option does.
import { MaglevError, optionError } from '../errors.js';
import {
  buildTunnelFilter,
  type Divert,
  type DivertScope,
  type InterfaceLock,
  type Link,
  lockInterface,
  type Netlink,
  openDivert,
  openNetlink,
  openPacketRings,
  openTun,
  type PacketRings,
  type Readable,
  type RingPlace,
  type Tun,
} from '../linux/index.js';
import type { DecapSettings } from './decapOptions.js';
import type { DecapEvents } from './decapStatus.js';
import { type HostLists, listsOf } from './hostLists.js';

const PROTOCOLS = { ipip: [4, 41], gre: [47], gue: [] } as const; // IANA: IPv4, IPv6, GRE inside IP

/** What it tells its owner. */
interface DecapListener {
  changed(lists: HostLists): void;
  link(link: DecapEvents['link']): void;
  failed(error: MaglevError): void;
}

/** Everything of the network that a decapsulator asks, follows, or holds. */
export class DecapSurroundings {
  lists: HostLists;
  private link: Link;
  private divert: Divert | undefined;
  private rings: PacketRings | undefined;
  private watch: Readable | undefined;
  private publish: () => Promise<void> = async () => undefined;
  private queue: Promise<void> = Promise.resolve();

  private constructor(
    private readonly settings: DecapSettings,
    private readonly listener: DecapListener,
    private readonly netlink: Netlink,
    private readonly lock: InterfaceLock,
    private readonly tun: Tun,
    link: Link,
  ) {
    this.link = link;
    this.lists = this.readLists();
  }

  /** Finds and locks the interface, makes the TUN device. On failure nothing stays open. */
  static open(settings: DecapSettings, listener: DecapListener): DecapSurroundings {
    const undo: (() => void)[] = [];
    try {
      const netlink = openNetlink();
      undo.push(() => netlink.close());
      const link = findLink(netlink, settings.interface);
      const lock = lockInterface(link, 'decapsulated');
      undo.push(() => lock.close());
      const tun = openTun(netlink, { name: settings.tun, option: 'tun', mtu: link.mtu, hasVirtio: true });
      undo.push(() => tun.close());
      return new DecapSurroundings(settings, listener, netlink, lock, tun, link);
    } catch (error) {
      for (const step of undo.reverse()) step();
      throw error;
    }
  }

  /** Keeps the host's stack from outer packets, and has `publish` make what is taken live, now and whenever it changes. */
  async start(publish: () => Promise<void>): Promise<void> {
    this.publish = publish;
    const { divert, types, guePorts } = this.settings;
    if (divert) {
      const scope: DivertScope = { protocols: types.flatMap((type) => [...PROTOCOLS[type]]), udpPorts: guePorts };
      const opened = await openDivert([this.link.name], scope);
      this.divert = opened;
      void opened.gone.then((error) => error && this.listener.failed(error));
    }
    await this.divert?.set(this.lists.locals); // first: not one packet may reach both
    await publish();
  }

  /** Opens the packet socket: frames come into the ring from now on. */
  receive(memory: WebAssembly.Memory, rx: RingPlace): void {
    const { types, guePorts } = this.settings;
    const filter = buildTunnelFilter(
      types.flatMap((type) => [...PROTOCOLS[type]]),
      guePorts,
    );
    this.rings = openPacketRings({ name: this.link.name, ifindex: this.link.ifindex, memory, rx, filter });
  }

  /** Follows the interface and the host's addresses. */
  follow(): void {
    this.watch = this.netlink.watch({
      addresses: () => this.refresh(),
      overrun: () => this.refresh(),
      link: (link) => this.onLink(link, false),
      linkRemoved: (link) => this.onLink(link, true),
      failed: (error) => this.listener.failed(error),
    });
    this.refresh(); // what changed while we started
  }

  get rxFd(): number {
    return this.rings?.fd ?? -1;
  }

  get tunFd(): number {
    return this.tun.fd;
  }

  status() {
    const { packets: received, drops: lostBelow } = this.rings?.statistics() ?? { packets: 0, drops: 0 };
    const { name, isRunning } = this.link;
    return {
      ...{ interface: name, isUp: isRunning, tun: this.tun.name, tunIndex: this.tun.ifindex },
      ...{ ...this.lists, received, lostBelow },
    };
  }

  /** Lets go of everything. */
  async close(): Promise<void> {
    this.watch?.close();
    await this.queue;
    this.rings?.close();
    this.tun.close();
    await this.divert?.close();
    this.netlink.close();
    this.lock.close();
  }

  /** One change at a time, each of which looks at what is there by then. */
  private refresh(): void {
    this.queue = this.queue
      .then(() => this.takeOver())
      .catch((error: unknown) => {
        this.listener.failed(error instanceof MaglevError ? error : new MaglevError('ERR_INTERNAL', String(error)));
      });
  }

  private async takeOver(): Promise<void> {
    const now = this.readLists();
    if (JSON.stringify(now) === JSON.stringify(this.lists)) return;
    const before = this.lists.locals;
    await this.divert?.set([...before, ...now.locals]);
    this.lists = now;
    await this.publish();
    await this.divert?.set(now.locals);
    this.listener.changed(now);
  }

  private readLists(): HostLists {
    const { locals, inners } = this.settings;
    const isSaid = locals !== undefined && inners !== undefined;
    const host = isSaid ? { locals, inners } : listsOf(this.netlink.addresses(), this.link.ifindex);
    return { locals: locals ?? host.locals, inners: inners ?? host.inners };
  }

  private onLink(link: Link, isRemoved: boolean): void {
    if (link.ifindex !== this.link.ifindex) return;
    const isUp = link.isRunning && !isRemoved;
    const hasChanged = this.link.isRunning !== isUp || isRemoved;
    this.link = { ...link, isRunning: isUp };
    if (hasChanged) this.listener.link({ interface: link.name, isUp, isRemoved });
  }
}

function findLink(netlink: Netlink, name: string): Link {
  const links = netlink.links();
  const link = links.find((candidate) => candidate.name === name);
  if (link === undefined) {
    throw optionError(
      'interface',
      name,
      `is no interface here; there are ${links.map((other) => other.name).join(', ')}`,
    );
  }
  if (!link.isEthernet) throw optionError('interface', name, 'must be an Ethernet interface');
  return link;
}
