// host/compat/katran.ts: the options of compat 'katran': what Katran is told on its command line and by its compile-time switches.
import {
  KATRAN_DESTINATIONS_MAX,
  KATRAN_HAS_DECAP_GUE,
  KATRAN_HAS_DECAP_IPIP,
  KATRAN_HAS_LOCAL_DELIVERY,
  KATRAN_HAS_STRICT_DECAP,
  KATRAN_IS_SERVER,
} from '../../assembly/layout.js';
import { optionError } from '../errors.js';
import { addressFamily, hostAddressRule } from '../membership/address.js';
import { PORT_MAX } from '../membership/key.js';
import { readInteger } from '../options.js';

/** Where packets inside a tunnel go that come to this outer address: through the balancer, or (`egress`) back out of their port. */
export interface KatranDestination {
  /** IPv4 or IPv6; of a live balancer, none of its host's addresses. */
  address: string;
  /** Default false. */
  egress?: boolean;
}

/** Packets in tunnels that come to the balancer. */
export interface KatranDecap {
  /** Take packets out of IP-in-IP. Default false. */
  ipip?: boolean;
  /** Take packets out of GUE that comes to this UDP port, 1..65535. Default: none. */
  guePort?: number;
  /** Outer addresses whose packets are balanced again or go back out, at most 64; others are left to the host without outer headers. */
  destinations?: KatranDestination[];
  /** Leave alone what comes neither to one of `destinations` nor to our own `source`. Default false. */
  strict?: boolean;
}

/** Options of compat 'katran'. */
export interface KatranOptions {
  /** Longest frame that is forwarded, Ethernet header included, 576..65535. Default 1514. `tooBigPerSecond` 0 drops longer ones. */
  frameBytesMax?: number;
  /** Source addresses of GUE and of health checks. Default: those of the way to the backend. */
  source?: { ipv4?: string; ipv6?: string };
  /** Packets of a VIP with the flag `local-vip` for a backend with the flag `local` are left to this host. Default false. */
  localDelivery?: boolean;
  /** Default: nothing is taken out of tunnels. */
  decap?: KatranDecap;
  /**
   * `server`: no balancer, but what runs on a real server: outer headers are taken off as `decap` says, for this host, and nothing else
   * happens. Default `balancer`.
   */
  role?: 'balancer' | 'server';
}

/** `KatranOptions` with every default filled in and every bound checked. */
export interface KatranSettings {
  frameBytesMax: number;
  source: { ipv4?: string; ipv6?: string };
  flags: number;
  guePort: number;
  destinations: Required<KatranDestination>[];
}

const FRAME_BYTES_MAX = 1514; // a packet of 1500 bytes

/** What `compat` and `katran` say together. Throws ERR_OPTION naming option, value and rule. */
export function readKatran(compat: unknown, options: KatranOptions | undefined): KatranSettings | undefined {
  if (compat !== undefined && compat !== 'katran') throw optionError('compat', compat, "must be 'katran', or left out");
  if (compat === undefined && options !== undefined)
    throw optionError('katran', options, "counts only with compat: 'katran'");
  if (compat === undefined) return undefined;
  const { source = {}, decap = {}, role = 'balancer' } = options ?? {};
  if (role !== 'balancer' && role !== 'server')
    throw optionError('katran.role', role, "must be 'balancer' or 'server'");
  const guePort = readInteger('katran.decap.guePort', decap.guePort, 0, 1, PORT_MAX);
  const flags =
    flag(options?.localDelivery, KATRAN_HAS_LOCAL_DELIVERY) |
    flag(decap.ipip, KATRAN_HAS_DECAP_IPIP) |
    flag(guePort > 0, KATRAN_HAS_DECAP_GUE) |
    flag(decap.strict, KATRAN_HAS_STRICT_DECAP) |
    flag(role === 'server', KATRAN_IS_SERVER);
  return {
    frameBytesMax: readInteger('katran.frameBytesMax', options?.frameBytesMax, FRAME_BYTES_MAX, 576, 65_535),
    source: readSource(source),
    flags,
    guePort,
    destinations: readDestinations(decap.destinations ?? []),
  };
}

function flag(isSet: boolean | undefined, bit: number): number {
  return isSet ? bit : 0;
}

function readSource({ ipv4, ipv6 }: { ipv4?: string; ipv6?: string }): KatranSettings['source'] {
  if (ipv4 !== undefined) checkAddress('katran.source.ipv4', ipv4, 4);
  if (ipv6 !== undefined) checkAddress('katran.source.ipv6', ipv6, 6);
  return { ...(ipv4 !== undefined && { ipv4 }), ...(ipv6 !== undefined && { ipv6 }) };
}

function readDestinations(destinations: KatranDestination[]): Required<KatranDestination>[] {
  const option = 'katran.decap.destinations';
  if (!Array.isArray(destinations) || destinations.length > KATRAN_DESTINATIONS_MAX) {
    throw optionError(option, destinations, `must be a list of at most ${KATRAN_DESTINATIONS_MAX}`);
  }
  return destinations.map(({ address, egress = false }, i) => {
    checkAddress(`${option}[${i}].address`, address);
    return { address, egress };
  });
}

function checkAddress(option: string, address: unknown, family?: 4 | 6): void {
  const rule = typeof address === 'string' ? hostAddressRule(address) : 'expected an IPv4 or IPv6 address';
  if (rule !== undefined) throw optionError(option, address, `is no address: ${rule}`);
  if (family !== undefined && addressFamily(address as string) !== family) {
    throw optionError(option, address, `must be an IPv${family} address`);
  }
}
