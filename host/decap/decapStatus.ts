// host/decap/decapStatus.ts: what a decapsulator has counted, is doing now, and tells. Types of their own, so that the public ones need no
// WebAssembly.
import type { MaglevError } from '../errors.js';

/** The kinds of tunnels that end here. */
export type TunnelType = 'ipip' | 'gue' | 'gre';

/** What was counted since the start. */
export interface DecapStats {
  /** Outer packets by verdict name; every verdict of a decapsulator is there. */
  verdicts: Record<string, number>;
  /** Packets inside that the TUN device did not take, by the name of the errno: EIO while it is down. */
  refused: Record<string, number>;
}

/** What a decapsulator is doing now. */
export interface DecapStatus {
  /** That it receives from. */
  interface: string;
  /** True while the interface is up and has a carrier. */
  isUp: boolean;
  /** The TUN device, and its index. */
  tun: string;
  tunIndex: number;
  /** Tunnels that are taken, and the UDP ports that GUE is taken from. */
  types: readonly TunnelType[];
  guePorts: readonly number[];
  /** Addresses or prefixes that outer packets are to, those they may be from, those that packets inside may be to. */
  locals: readonly string[];
  sources: readonly string[];
  inners: readonly string[];
  /** Frames that passed the kernel's filter. */
  received: number;
  /** Of these, lost in the kernel because the receive ring was full. */
  lostBelow: number;
  /** True when the host's own stack is kept from outer packets. */
  isDiverted: boolean;
}

/** Events of a decapsulator and what each carries. */
export interface DecapEvents {
  /** The host's addresses changed, and with them what is taken. */
  addresses: { locals: readonly string[]; inners: readonly string[] };
  /** The interface changed. */
  link: { interface: string; isUp: boolean; isRemoved: boolean };
  /** Something broke that nobody waits for. After ERR_INTERNAL the decapsulator is closed. */
  error: MaglevError;
}
