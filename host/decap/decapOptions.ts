// host/decap/decapOptions.ts: options of a decapsulator, their defaults and bounds.
import { DECAP_PORTS_MAX, PREFIXES_MAX } from '../../assembly/layout.js';
import type { Logger } from '../balancerOptions.js';
import { optionError } from '../errors.js';
import { checkInterfaceName, PLAIN_FRAME_BYTES, parsePrefix, SUPER_FRAME_BYTES } from '../linux/index.js';
import { GUE_PORT_DEFAULT } from '../membership/outerHeader.js';
import { readInteger } from '../options.js';
import type { TunnelType } from './decapStatus.js';

/** Options of a decapsulator. */
export interface DecapsulatorOptions {
  /** Interface that outer packets come by, such as `eth0`. */
  interface: string;
  /**
   * Who may send outer packets: addresses or prefixes of the balancers, 1..256, or `any`. There is no default: whoever is let in here
   * can send this host packets with any source address, past whatever looks at outer headers only.
   */
  sources: readonly string[] | 'any';
  /** Name of the TUN device that is made for the packets inside; it goes with the decapsulator. Default `decap0`. */
  tun?: string;
  /** Which tunnels end here. Default all: `ipip`, `gue`, `gre`. */
  types?: readonly TunnelType[];
  /** UDP ports of GUE, 1..8 of them. Default 6080. */
  guePorts?: readonly number[];
  /** Addresses that outer packets are to, 1..256. Default: those of the interface, followed when they change. */
  locals?: readonly string[];
  /**
   * Addresses or prefixes that packets inside may be to, 1..256, or `any`. Default: the addresses of this host but for those of the
   * interface and of loopback's own range, followed when they change: VIPs on `lo`. So nothing is ever routed on to somebody else.
   */
  inners?: readonly string[] | 'any';
  /** Take GUE over IPv6 without a UDP checksum (RFC 6935), as Katran's health checks have it. Default false. */
  zeroChecksum6?: boolean;
  /** Frames of the receive ring, 16..65536. Default 1024. */
  rxFrames?: number;
  /** Room for one frame in the ring, bytes, a multiple of 16, 2048..1048576. Default 66112, which holds super-frames of 64 KiB. */
  frameBytes?: number;
  /** Keep the host's own stack from outer packets, with nft(8), or it says that it does not know their protocol. Default true. */
  divert?: boolean;
  /** Closes the decapsulator when aborted. */
  signal?: AbortSignal;
  /** Default: nothing is logged. */
  logger?: Logger;
  /** Where the worker's code is, for bundlers. Default: beside this package's code. */
  workerUrl?: URL;
  /** Where the compiled hot path is, for bundlers. Default: beside this package's code. */
  wasmUrl?: URL;
}

/** Options with every default filled in and every bound checked. Lists that are undefined follow the host's addresses. */
export interface DecapSettings {
  interface: string;
  tun: string;
  sources: readonly string[];
  types: readonly TunnelType[];
  guePorts: readonly number[];
  locals: readonly string[] | undefined;
  inners: readonly string[] | undefined;
  zeroChecksum6: boolean;
  rxFrames: number;
  frameBytes: number;
  divert: boolean;
  logger: Logger | undefined;
  workerUrl: URL | undefined;
  wasmUrl: URL | undefined;
}

const TYPES: readonly TunnelType[] = ['ipip', 'gue', 'gre'];
const EVERYBODY = ['0.0.0.0/0', '::/0'];

/** Checks `options`. Throws ERR_OPTION naming the option, its value and its rule. */
export function readDecapOptions(options: DecapsulatorOptions): DecapSettings {
  const { types = TYPES, guePorts = [GUE_PORT_DEFAULT] } = options;
  checkInterfaceName(options.interface, 'interface');
  checkInterfaceName(options.tun ?? 'decap0', 'tun');
  if (!Array.isArray(types) || types.length === 0 || !types.every((type) => TYPES.includes(type as TunnelType))) {
    throw optionError('types', types, 'must be a list of ipip, gue, gre');
  }
  const isPort = (port: unknown): boolean => Number.isInteger(port) && Number(port) >= 1 && Number(port) <= 65_535;
  if (!Array.isArray(guePorts) || guePorts.length < 1 || guePorts.length > DECAP_PORTS_MAX || !guePorts.every(isPort)) {
    throw optionError('guePorts', guePorts, `must be a list of 1..${DECAP_PORTS_MAX} ports of 1..65535`);
  }
  if (options.sources === undefined) {
    const rule = "must say who may send: addresses or prefixes of the balancers, or 'any'";
    throw optionError('sources', options.sources, rule);
  }
  return {
    interface: options.interface,
    tun: options.tun ?? 'decap0',
    sources: readPrefixes('sources', options.sources) ?? EVERYBODY,
    types: TYPES.filter((type) => types.includes(type)),
    guePorts: types.includes('gue') ? guePorts : [],
    locals: readPrefixes('locals', options.locals, false),
    inners: readPrefixes('inners', options.inners),
    zeroChecksum6: options.zeroChecksum6 ?? false,
    rxFrames: readInteger('rxFrames', options.rxFrames, 1024, 16, 65_536),
    frameBytes: readInteger('frameBytes', options.frameBytes, SUPER_FRAME_BYTES, PLAIN_FRAME_BYTES, 2 ** 20),
    divert: options.divert ?? true,
    logger: options.logger,
    workerUrl: options.workerUrl,
    wasmUrl: options.wasmUrl,
  };
}

function readPrefixes(
  option: string,
  texts: readonly string[] | 'any' | undefined,
  mayBeAny = true,
): readonly string[] | undefined {
  if (texts === undefined) return undefined;
  if (texts === 'any' && mayBeAny) return EVERYBODY;
  if (!Array.isArray(texts) || texts.length < 1 || texts.length > PREFIXES_MAX) {
    const any = mayBeAny ? ", or 'any'" : '';
    throw optionError(option, texts, `must be a list of 1..${PREFIXES_MAX} addresses or prefixes${any}`);
  }
  for (const [i, text] of texts.entries()) {
    if (typeof text !== 'string') throw optionError(`${option}[${i}]`, text, 'must be an address or a prefix');
    parsePrefix(text);
  }
  return texts;
}
