// host/demo/lab/lab.ts: a network in a box: namespaces as machines, Linux bridges as switches, veth pairs as cables.
// Nothing of it has a name outside and nothing outlives this process: see holder.ts.
//
//   fabric     a namespace with the bridges ("segments"); all cables end here
//   host       a namespace with eth0, eth1 ... in the order it was connected
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MaglevError } from '../../errors.js';
import { type LabMode, labSupport, NAMESPACES_HELP, startHolder } from './holder.js';
import { LabHost } from './labHost.js';

/** What every namespace starts with; `default` is what new interfaces inherit. */
const HOST_SYSCTLS = {
  // Duplicate address detection keeps a new IPv6 address silent for more than a second; the larger of `all` and the interface's counts.
  'net/ipv6/conf/all/accept_dad': 0,
  'net/ipv6/conf/default/accept_dad': 0,
  'net/ipv6/conf/default/accept_ra': 0,
  // Answers come from a VIP that the request was not routed by: the larger of `all` and the interface's counts here too.
  'net/ipv4/conf/all/rp_filter': 0,
  'net/ipv4/conf/default/rp_filter': 0,
};

/** Cables a host can have. */
const LINKS_MAX = 8;

/** How a host is connected to a segment. */
interface LinkOptions {
  /** Addresses with prefix length: `10.0.0.2/24`, `2001:db8::2/64`. */
  addresses?: readonly string[];
  /** Bytes, default 1500. */
  mtu?: number;
}

/** A lab, to be closed: its hosts by name, and a directory that goes with it. */
export class Lab implements AsyncDisposable {
  readonly mode: LabMode;
  /** For configuration files and the like; removed with the lab, also when this process is killed. */
  readonly directory: string;
  readonly #fabric: LabHost;
  readonly #hosts = new Map<string, LabHost>();
  readonly #links = new Map<LabHost, number>();
  #cableCount = 0;

  constructor(mode: LabMode, directory: string, fabric: LabHost) {
    this.mode = mode;
    this.directory = directory;
    this.#fabric = fabric;
  }

  /** The namespace that holds the bridges: to look at what crosses them. */
  get fabric(): LabHost {
    return this.#fabric;
  }

  /** The host of that name. Throws ERR_OPTION when there is none. */
  host(name: string): LabHost {
    const host = this.#hosts.get(name);
    if (host === undefined) throw new MaglevError('ERR_OPTION', `host ${name}: the lab has ${[...this.#hosts.keys()]}`);
    return host;
  }

  /** Adds a host without cables. */
  async addHost(name: string): Promise<LabHost> {
    const holder = await startHolder({ mode: this.mode, within: this.#fabric.pid });
    const host = new LabHost(name, this.mode, holder);
    this.#hosts.set(name, host);
    await prepare(host);
    return host;
  }

  /** Adds a segment: a bridge that learns, without spanning tree and without multicast snooping (neighbour discovery must pass). */
  async addSegment(name: string): Promise<void> {
    await this.#fabric.ip(
      `link add name ${name} type bridge stp_state 0 forward_delay 0 mcast_snooping 0`,
      `link set dev ${name} up`,
    );
  }

  /** Lays a cable from the host's next interface (eth0, eth1 ...) to a segment; resolves to the interface's name. */
  async connect(host: LabHost, segment: string, { addresses = [], mtu = 1500 }: LinkOptions = {}): Promise<string> {
    const index = this.#links.get(host) ?? 0;
    if (index >= LINKS_MAX) throw new MaglevError('ERR_LIMIT', `${host.name} has ${LINKS_MAX} interfaces already`);
    this.#links.set(host, index + 1);
    const link = `eth${index}`;
    const port = `port${this.#cableCount++}`;
    await this.#fabric.ip(
      `link add name ${port} mtu ${mtu} type veth peer name ${link} mtu ${mtu} netns ${host.pid}`,
      `link set dev ${port} master ${segment} up`,
    );
    await host.setLink(link, 'up');
    for (const address of addresses) await host.addAddress(link, address);
    return link;
  }

  /** Ends all processes in the lab and all its namespaces; removes the directory. May be called twice. */
  async close(): Promise<void> {
    await Promise.all([...this.#hosts.values()].map((host) => host.close()));
    await this.#fabric.close();
    await rm(this.directory, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

async function prepare(host: LabHost): Promise<void> {
  await host.ip('link set dev lo up');
  await host.sysctl(HOST_SYSCTLS);
}

/**
 * Makes an empty lab, as root, or as an ordinary user where the kernel allows user namespaces; `mode` asks for one of the two.
 * Rejects with ERR_SYSCALL and what the kernel said where it cannot be done.
 */
export async function createLab({ mode = supportedMode() }: { mode?: LabMode } = {}): Promise<Lab> {
  const directory = await mkdtemp(join(tmpdir(), 'maglev-dsr-'));
  try {
    const fabric = new LabHost('fabric', mode, await startHolder({ mode, directory }));
    await prepare(fabric);
    return new Lab(mode, directory, fabric);
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
}

function supportedMode(): LabMode {
  const { mode, reason } = labSupport();
  if (mode !== undefined) return mode;
  throw new MaglevError('ERR_SYSCALL', `network namespaces: ${reason}; ${NAMESPACES_HELP}`);
}
