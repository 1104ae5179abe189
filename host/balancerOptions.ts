// host/balancerOptions.ts: options of a load balancer, their defaults and bounds.
import { EGRESS_MAX } from '../assembly/layout.js';
import { optionError } from './errors.js';
import { checkInterfaceName, PLAIN_FRAME_BYTES, SUPER_FRAME_BYTES } from './linux/index.js';
import type { MembershipSource } from './membership/event.js';
import { type Core, type CoreSettings, readCore, readInteger } from './options.js';

/** An interface a balancer works on: it receives frames for VIPs there, and sends by any of its interfaces. */
export interface InterfaceOptions {
  /** Name, such as `eth0`. */
  name: string;
  /** Packet workers that share its frames by flow hash (fanout), 1..64. Default 1. */
  workers?: number;
  /** Frames of a worker's receive ring, 16..65536. Default 1024. */
  rxFrames?: number;
  /** Frames of a worker's transmit ring, 16..65536. Default 512. */
  txFrames?: number;
  /**
   * Room for one frame in a ring, bytes, a multiple of 16, 2048..1048576. Default 66112, which holds super-frames of
   * 64 KiB; 2048 takes a thirtieth of the memory where the interface has GRO and LRO off, and what is larger is dropped
   * (DROP_SNAPPED).
   */
  frameBytes?: number;
  /** Send past the queueing discipline: some 5 % faster, but frames the device has no room for are lost. Default false. */
  qdiscBypass?: boolean;
}

/** A logger in the manner of pino; nothing is logged without one. */
export interface Logger {
  /** What only helps to find a fault. */
  debug(fields: object, message: string): void;
  /** What is usual: a generation that is live, a neighbour that was found. */
  info(fields: object, message: string): void;
  /** What should be looked at, and stops nothing: a refused record, a source that is away. */
  warn(fields: object, message: string): void;
  /** What failed, and stops nothing either. */
  error(fields: object, message: string): void;
}

/** Options of a load balancer. */
export interface LoadBalancerOptions extends Core {
  /** One (one-armed) or more, at most 16. */
  interfaces: InterfaceOptions[];
  /** Where membership comes from. */
  source: MembershipSource;
  /** `arp`: answer ARP and neighbour solicitations for VIPs and announce them. Default `none`: VIPs are routed to us. */
  announce?: 'none' | 'arp';
  /** Keep the host's own stack from answering for VIPs, with nft(8). Default true; false if something else does that. */
  divert?: boolean;
  /**
   * Health checks by mark: a TUN device of this name is made, and this host's packets that are routed to it go to the backend whose
   * `healthCheckMark` is their mark (SO_MARK), in its encapsulation. The device goes with the balancer. Default: none. Linux 5.19.
   */
  healthChecks?: { interface: string };
  /** Frames of one batch, 1..4096. Default 64. */
  batchFrames?: number;
  /** Closes the balancer when aborted. */
  signal?: AbortSignal;
  /** What it tells besides its events. Default: nothing is logged. */
  logger?: Logger;
  /** Where the packet worker's code is, for bundlers. Default: beside this package's code. */
  workerUrl?: URL;
}

/** Options with every default filled in and every bound checked. */
export interface BalancerSettings {
  core: CoreSettings;
  interfaces: Required<InterfaceOptions>[];
  source: MembershipSource;
  isAnnouncing: boolean;
  divert: boolean;
  /** Name of the TUN device of health checks. */
  healthChecks: string | undefined;
  batchFrames: number;
  workerUrl: URL | undefined;
  logger: Logger | undefined;
}

/** Checks `options`. Throws ERR_OPTION naming the option, its value and its rule. */
export function readBalancerOptions(options: LoadBalancerOptions): BalancerSettings {
  const { interfaces, source, announce = 'none' } = options;
  if (!Array.isArray(interfaces) || interfaces.length < 1 || interfaces.length > EGRESS_MAX) {
    throw optionError('interfaces', interfaces, `must be a list of 1..${EGRESS_MAX} interfaces`);
  }
  if (typeof source?.events !== 'function') throw optionError('source', source, 'must be a MembershipSource');
  if (announce !== 'none' && announce !== 'arp') throw optionError('announce', announce, "must be 'none' or 'arp'");
  const read = interfaces.map(readInterface);
  const twice = read.find(({ name }, i) => read.findIndex((other) => other.name === name) !== i);
  if (twice !== undefined) throw optionError('interfaces', twice.name, 'must not be there twice');
  if (source.isShared && options.hashSecret === undefined) {
    const rule = `is needed with ${source.name}: every balancer of a fleet must have the same`;
    throw optionError('hashSecret', options.hashSecret, rule);
  }
  if (options.katran?.role === 'server') {
    throw optionError(
      'katran.role',
      'server',
      "works without interfaces only (createHotPath); 'maglev-dsr decap' is for servers",
    );
  }
  return {
    core: readCore(options),
    interfaces: read,
    source,
    isAnnouncing: announce === 'arp',
    divert: options.divert ?? true,
    healthChecks: readHealthChecks(options.healthChecks),
    batchFrames: readInteger('batchFrames', options.batchFrames, 64, 1, 4096),
    workerUrl: options.workerUrl,
    logger: options.logger,
  };
}

function readHealthChecks(healthChecks: LoadBalancerOptions['healthChecks']): string | undefined {
  if (healthChecks === undefined) return undefined;
  checkInterfaceName(healthChecks.interface, 'healthChecks.interface');
  return healthChecks.interface;
}

function readInterface(iface: InterfaceOptions, i: number): Required<InterfaceOptions> {
  const option = `interfaces[${i}]`;
  checkInterfaceName(iface.name, `${option}.name`);
  return {
    name: iface.name,
    workers: readInteger(`${option}.workers`, iface.workers, 1, 1, 64),
    rxFrames: readInteger(`${option}.rxFrames`, iface.rxFrames, 1024, 16, 65_536),
    txFrames: readInteger(`${option}.txFrames`, iface.txFrames, 512, 16, 65_536),
    frameBytes: readInteger(`${option}.frameBytes`, iface.frameBytes, SUPER_FRAME_BYTES, PLAIN_FRAME_BYTES, 2 ** 20),
    qdiscBypass: iface.qdiscBypass ?? false,
  };
}
